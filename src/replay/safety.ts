/** Checks of a server before anything else is sent to it. */
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { MembenchError } from '../errors.js';
import { type Login, LoginAnswer, loginRequest } from './login.js';
import { type Address, openSocket, type TlsOptions } from './socket.js';

const PORT = 11211;
/** Bytes of an answer to `stats` that are read at most. */
const ANSWER_MAX = 1 << 16;

/**
 * Reads HOST, HOST:PORT or [IPV6]:PORT.
 *
 * @throws ERR_MEMBENCH_USAGE
 */
export function parseServer(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? (isIPv6(text) ? text : undefined);
  const port = match?.[3] === undefined ? PORT : Number(match[3]);
  if (host === undefined || port < 1 || port > 65535)
    throw new MembenchError('ERR_MEMBENCH_USAGE', `${text}: it is not HOST or HOST:PORT`);
  return { host, port };
}

/** A server that was reached. */
export interface Target {
  /** With the address its name stands for, so that connections look up none. */
  address: Address;
  isLoopback: boolean;
  /** Items it holds; null where it did not tell. */
  items: number | null;
  version: string | null;
}

/** How the server is asked. */
export interface Access {
  /** Milliseconds for everything. */
  timeout: number;
  login: Login | null;
  /** Certificates of authorities where TLS is wanted, empty for those Node has; null without TLS. */
  tls: { ca?: string } | null;
}

/** Least milliseconds for a name to be looked up and `stats` to be answered, whatever the timeout of requests is. */
const ASK_MIN = 1000;

/**
 * Connects to a server and asks what it holds.
 *
 * @throws ERR_MEMBENCH_SERVER where it cannot be reached, ERR_MEMBENCH_LOGIN where it refuses the login
 */
export async function askServer(server: string, access: Access): Promise<Target> {
  const { host, port } = parseServer(server);
  let ip: string;
  try {
    ip = (await lookup(host)).address;
  } catch (error) {
    throw unreachable(server, `its name is not known (${(error as NodeJS.ErrnoException).code})`, error);
  }
  const tls: TlsOptions | null = access.tls === null ? null : { name: host, ...access.tls };
  const address = { host: ip, port, ...(tls === null ? {} : { tls }) };
  const isLoopback = ip === '::1' || /^(::ffff:)?127\./.test(ip);
  const answer = await stats(address, server, access);
  const items = /^STAT curr_items (\d+)\r$/m.exec(answer)?.[1];
  const version = /^STAT version (\S+)\r$/m.exec(answer)?.[1];
  return {
    ...{ address, isLoopback },
    items: items === undefined ? null : Number(items),
    version: version ?? null,
  };
}

/** The answer to `stats`, or as much of it as came in time; empty where the server closes or says nothing. */
function stats(address: Address, server: string, { timeout, login }: Access): Promise<string> {
  const ms = Math.max(timeout, ASK_MIN);
  return new Promise((resolve, reject) => {
    let answer = '';
    let isConnected = false;
    const loginAnswer = login === null ? null : new LoginAnswer('text');
    let isLoggedIn = login === null;
    const onBytes = (bytes: Buffer, size: number): boolean => {
      let at = 0;
      if (!isLoggedIn) {
        const { taken, accepted } = loginAnswer!.feed(bytes, size);
        if (accepted === null) return true;
        isLoggedIn = true;
        at = taken;
        // A server with SASL alone knows no login of the text protocol, and no text at all.
        if (!accepted && size > 0 && bytes.toString('latin1', 0, 12) === 'CLIENT_ERROR')
          reject(new MembenchError('ERR_MEMBENCH_LOGIN', `${server}: it refuses the login`));
      }
      answer += bytes.toString('latin1', at, size);
      if (/^(END|ERROR|CLIENT_ERROR.*|SERVER_ERROR.*)\r$/m.test(answer) || answer.length > ANSWER_MAX)
        socket.destroy();
      return true;
    };
    const socket = openSocket(address, Buffer.allocUnsafe(ANSWER_MAX), onBytes, () => {
      isConnected = true;
      if (login !== null) socket.write(loginRequest(login, 'text'));
      socket.write('stats\r\n');
    });
    const timer = setTimeout(() => {
      if (!isConnected) reject(unreachable(server, `no connection within ${ms / 1000} s`));
      socket.destroy();
    }, ms);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!isConnected) reject(unreachable(server, REASONS[error.code ?? ''] ?? error.message, error));
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ECONNRESET: 'the connection was reset',
  EMFILE: 'too many open files',
};

function unreachable(server: string, why: string, cause?: unknown): MembenchError {
  return new MembenchError('ERR_MEMBENCH_SERVER', `${server}: ${why}`, undefined, cause);
}

/**
 * Warns of writing to a server that holds items, and refuses to where it is not on this machine.
 *
 * @param yes whether the user agreed to it
 * @throws ERR_MEMBENCH_SERVER
 */
export function checkTarget(
  server: string,
  { isLoopback, items }: Target,
  yes: boolean,
  warn: (warning: string) => void,
): void {
  if (items === 0) return;
  const holds =
    items === null ? 'did not say whether it holds items' : `holds ${items.toLocaleString('en-US')} items`;
  if (isLoopback || yes) {
    if (items !== null) warn(`${server} ${holds}: they are overwritten where keys are the same, or evicted`);
    return;
  }
  throw new MembenchError(
    'ERR_MEMBENCH_SERVER',
    `${server}: it ${holds}, and a replay writes to it`,
    'if that is meant: --yes',
  );
}
