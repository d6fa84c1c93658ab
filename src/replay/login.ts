import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { fileReason, MembenchError } from '../errors.js';

/** Who sends; the user's own login, never a recorded one. */
export interface Login {
  user: string;
  password: string;
}

const ANSWER_HEADER = 24;
/** Longest answer to a login that is read, bytes. */
const ANSWER_MAX = 1024;

/**
 * Reads a login from a file: one line, USER:PASSWORD.
 *
 * @throws ERR_MEMBENCH_LOGIN where it cannot be read, others may read it too, or it has another form
 */
export function readLogin(path: string): Login {
  let text: string;
  try {
    const fd = openSync(path, 'r');
    try {
      if (process.platform !== 'win32' && (fstatSync(fd).mode & 0o077) !== 0)
        throw new MembenchError('ERR_MEMBENCH_LOGIN', `${path}: others may read it`, `chmod 600 ${path}`);
      text = readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof MembenchError) throw error;
    const [why, hint] = fileReason(error);
    throw new MembenchError('ERR_MEMBENCH_LOGIN', `${path}: ${why}`, hint, error);
  }
  const match = /^([^:\s]+):([^\r\n]+)\r?\n?$/.exec(text);
  if (match === null)
    throw new MembenchError('ERR_MEMBENCH_LOGIN', `${path}: it is not one line USER:PASSWORD`);
  return { user: match[1]!, password: match[2]! };
}

/** The request that logs in: a set in the text protocol (memcached -Y), SASL PLAIN in the binary one (RFC 4616). */
export function loginRequest({ user, password }: Login, protocol: 'text' | 'binary'): Buffer {
  if (protocol === 'text') {
    const value = Buffer.from(`${user} ${password}`);
    return Buffer.concat([Buffer.from(`set login 0 0 ${value.length}\r\n`), value, Buffer.from('\r\n')]);
  }
  const mechanism = Buffer.from('PLAIN');
  const value = Buffer.from(`\0${user}\0${password}`);
  const head = Buffer.alloc(ANSWER_HEADER);
  head[0] = 0x80;
  head[1] = 0x21;
  head.writeUInt16BE(mechanism.length, 2);
  head.writeUInt32BE(mechanism.length + value.length, 8);
  return Buffer.concat([head, mechanism, value]);
}

/** Reads the answer to a login, which comes before all others. */
export class LoginAnswer {
  readonly #protocol: 'text' | 'binary';
  #bytes = Buffer.alloc(0);

  constructor(protocol: 'text' | 'binary') {
    this.#protocol = protocol;
  }

  /**
   * Takes bytes. Returns how many of them belonged to the answer, and whether it was accepted: null as long as that is not
   * known.
   */
  feed(bytes: Uint8Array, size: number): { taken: number; accepted: boolean | null } {
    const before = this.#bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(0, size)]);
    const all = this.#bytes;
    if (this.#protocol === 'text') {
      const end = all.indexOf('\n');
      if (end < 0) return { taken: size, accepted: all.length > ANSWER_MAX ? false : null };
      return { taken: end + 1 - before, accepted: all.toString('latin1', 0, end).trimEnd() === 'STORED' };
    }
    if (all.length < ANSWER_HEADER) return { taken: size, accepted: null };
    const whole = ANSWER_HEADER + all.readUInt32BE(8);
    if (all[0] !== 0x81 || whole > ANSWER_MAX) return { taken: size, accepted: false };
    if (all.length < whole) return { taken: size, accepted: null };
    return { taken: whole - before, accepted: all.readUInt16BE(6) === 0 };
  }
}
