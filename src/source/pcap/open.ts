/** Starts the capturing child of `pcap:IF`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, MembenchError } from '../../errors.js';
import { loadKoffi } from '../../native/koffi.js';
import { noInterface } from '../misnamed.js';
import {
  type ChildFailure,
  type ChildReady,
  parseFailure,
  parseReady,
  READY_FD,
  READY_MAX,
  STDERR_MAX,
} from './messages.js';

/** How long the child may take to end in good order, ms: it may be writing to a pipe nobody reads. */
const STOP_PATIENCE = 1000;
/** cap takes the size of its ring as a signed number of 32 bits. */
const RING_MAX = 2 ** 31 - 1;
/** Bytes of the pipe where it can be set: readers that come by every 10 ms get this much each time. */
const PIPE_SIZE = 1 << 20;
/** fcntl.h of Linux. */
const F_SETPIPE_SZ = 1031;

export interface PcapOptions {
  /** As the system names it; `any` where libpcap has that. */
  interface: string;
  /** Ports as inclusive ranges: TCP and UDP, with and without a VLAN tag. */
  ports: readonly (readonly [first: number, last: number])[];
  /**
   * Bytes of the kernel's ring. cap makes libpcap take up to 64 KiB for each packet, however small, so
   * 64 MiB are a thousand packets.
   */
  bufferBytes: number;
  /** Who the child becomes once the device is open; null only where this process is not root. */
  user: { uid: number; gid: number } | null;
}

export interface PcapExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What went wrong, one line, begins with the interface; absent where nothing did. */
  message?: string;
}

export interface PcapCapture {
  /**
   * Read end of a pipe with a classic pcap stream, nanoseconds, header included. It does not block, and it
   * belongs to the caller, who closes it: at once when another process inherited it, as the child
   * notices that nobody reads only when all copies are closed.
   */
  fd: number;
  process: ChildProcess;
  /** LINKTYPE_ value of the stream (tcpdump.org/linktypes.html). */
  linktype: number;
  /** Resolves when the child is gone, however it went. */
  exited: Promise<PcapExit>;
  /** Lets the child write what it has and end, and forces it after a second. */
  stop(): void;
}

/** An expression of pcap-filter(7) for ports of TCP and UDP. */
export function portFilter(ports: PcapOptions['ports'], vlan: boolean): string {
  const each = ports.map(([first, last]) =>
    first === last ? `port ${first}` : `portrange ${first}-${last}`,
  );
  const plain = `(tcp or udp) and (${each.join(' or ')})`;
  // `vlan` moves the offsets of everything behind it, so it comes last.
  return vlan ? `(${plain}) or (vlan and ${plain})` : plain;
}

/**
 * Starts capturing in a process of its own and resolves when the device is open. Packets wait in the
 * kernel's ring and in the pipe until somebody reads `fd`.
 *
 * @throws ERR_MEMBENCH_SOURCE for an interface that is not there, is down or must not be captured from;
 *   ERR_MEMBENCH_LINKTYPE; ERR_MEMBENCH_UNSUPPORTED where cap is missing; ERR_MEMBENCH_PRIVILEGE where the
 *   child would stay root
 */
export async function openPcap(options: PcapOptions): Promise<PcapCapture> {
  if (options.user === null && process.getuid?.() === 0) {
    throw new MembenchError('ERR_MEMBENCH_PRIVILEGE', 'packets are never captured with the rights of root');
  }
  try {
    return await start(options, true);
  } catch (error) {
    if (!(error instanceof NoVlan)) throw error;
    // Links without VLAN tags refuse the filter. A second open() in the same process is not safe.
    return await start(options, false);
  }
}

class NoVlan extends Error {}

async function start(options: PcapOptions, vlan: boolean): Promise<PcapCapture> {
  const pipe = await createPipe();
  const capture = run(options, vlan, pipe);
  // The child was started and has its own: the stream ends with it.
  closeSync(pipe.write);
  return capture.catch((error: unknown) => {
    closeSync(pipe.read);
    throw error;
  });
}

async function run(
  { interface: device, ports, bufferBytes, user }: PcapOptions,
  vlan: boolean,
  pipe: { read: number; write: number },
): Promise<PcapCapture> {
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      // It does abort, when the interface goes down, and its memory is packets: no core of it. The child
      // knows better ways, on Linux.
      'ulimit -S -c 0; exec "$0" "$@"',
      process.execPath,
      fileURLToPath(new URL('./child.js', import.meta.url)),
      device,
      portFilter(ports, vlan),
      String(Math.min(bufferBytes, RING_MAX)),
      user === null ? '-' : `${user.uid}:${user.gid}`,
    ],
    {
      stdio: ['pipe', pipe.write, 'pipe', 'pipe'],
      // Nothing of the environment is needed, and options for Node in it would be somebody else's code.
      env: {},
      cwd: '/',
    },
  );
  let failure: ChildFailure | undefined;
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-STDERR_MAX);
    const lines = said.split('\n');
    said = lines.pop()!;
    for (const line of lines) failure ??= parseFailure(line);
  });
  // Gone before it was told to.
  child.stdin!.on('error', () => {});
  let notStarted: Error | undefined;
  child.on('error', (error) => {
    notStarted ??= error;
  });
  const exited = new Promise<PcapExit>((resolve) => {
    child.on('close', (code, signal) => {
      const message = exitReason(device, code, signal, failure);
      resolve({ code, signal, ...(message !== undefined && { message }) });
    });
  });
  const ready = new Promise<ChildReady | undefined>((resolve) => {
    let line = '';
    (child.stdio[READY_FD] as NodeJS.ReadableStream)
      .setEncoding('utf8')
      .on('data', (text: string) => {
        line = (line + text).slice(0, READY_MAX);
      })
      .on('close', () => resolve(parseReady(line)));
  });
  const answer = await ready;
  if (answer === undefined) {
    const exit = notStarted === undefined ? await exited : undefined;
    if (failure?.code === 'NO_VLAN' && vlan) throw new NoVlan();
    throw errorOf(device, failure, exit, notStarted);
  }
  const stop = () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin!.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE);
    void exited.then(() => clearTimeout(timer));
  };
  return { fd: pipe.read, process: child, linktype: answer.linktype, exited, stop };
}

/** Why the capturing process ended; undefined where it ended as it should. */
function exitReason(
  device: string,
  code: number | null,
  signal: NodeJS.Signals | null,
  failure: ChildFailure | undefined,
): string | undefined {
  if (failure !== undefined) return `${device}: ${failure.message}`;
  // cap asserts that polling never fails, and on Linux it fails when the interface goes down or away.
  if (signal === 'SIGABRT')
    return `${device}: the capture broke off, as it does when the interface goes down`;
  if (signal !== null) return `${device}: the capturing process was ended by ${signal}`;
  return code === 0 ? undefined : `${device}: the capturing process ended with exit ${code}`;
}

function errorOf(
  device: string,
  failure: ChildFailure | undefined,
  exit: PcapExit | undefined,
  cause: Error | undefined,
): MembenchError {
  const error = (code: ErrorCode, why: string, hint?: string) =>
    new MembenchError(code, `${device}: ${why}`, hint, cause);
  switch (failure?.code) {
    case 'NOT_INSTALLED':
    case 'NOT_BUILT':
      return new MembenchError(
        'ERR_MEMBENCH_UNSUPPORTED',
        `pcap:${device}: ${failure.message}`,
        'install libpcap-dev and then cap again (npm install cap), or use ebpf:IF or afpacket:IF',
      );
    case 'NO_DEVICE':
      return noInterface(device);
    case 'DEVICE_DOWN':
      return error('ERR_MEMBENCH_SOURCE', 'the interface is down', `ip link set ${device} up`);
    case 'NO_PERMISSION':
      return error('ERR_MEMBENCH_SOURCE', 'no permission to capture', 'run as root or with CAP_NET_RAW');
    case 'LINKTYPE':
      return error('ERR_MEMBENCH_LINKTYPE', failure.message, 'capture on an interface with IP traffic');
    case 'PRIVILEGE':
      return error(
        'ERR_MEMBENCH_PRIVILEGE',
        `the capturing process could not give up rights: ${failure.message}`,
      );
    case 'NO_VLAN':
    case 'FAILED':
      return error('ERR_MEMBENCH_SOURCE', failure.message);
    case undefined:
      return new MembenchError(
        'ERR_MEMBENCH_SOURCE',
        cause ? `${device}: ${cause.message}` : (exit?.message ?? `${device}: the capturing process ended`),
        undefined,
        cause,
      );
  }
}

/**
 * A pipe for a process to write and another to read, neither of them this one. What Node makes for `stdio:
 * 'pipe'` will not do: it is a socket whose beginning Node reads by itself as soon as the event loop turns,
 * whether anybody listens or not, and its descriptor is not ours to close.
 */
async function createPipe(): Promise<{ read: number; write: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'membench-'));
  try {
    const path = join(folder, 'packets');
    execFileSync('mkfifo', ['-m', '600', path], { stdio: 'ignore' });
    const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const write = openSync(path, constants.O_WRONLY);
    await enlarge(write);
    return { read, write };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a pipe of Linux larger than its 64 KiB, where that can be done. */
async function enlarge(fd: number): Promise<void> {
  if (process.platform !== 'linux') return;
  const koffi = await loadKoffi().catch(() => undefined);
  koffi?.load(null).func('int fcntl(int fd, int command, ...)')(fd, F_SETPIPE_SZ, 'int', PIPE_SIZE);
}
