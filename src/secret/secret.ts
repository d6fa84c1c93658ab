import { createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fileReason, MembenchError } from '../errors.js';

/** The secrets for the hashes of one recording. They never leave the process. */
export interface Secret {
  /** Secret for keys, 16 bytes. */
  readonly key: Uint8Array;
  /**
   * Secret for addresses and opaques, 16 bytes, derived from `key` so that their hashes never match those of
   * keys.
   */
  readonly addressKey: Uint8Array;
  /** 8 bytes that are equal where two profiles used the same secret, and tell nothing else about it. */
  readonly id: Uint8Array;
}

const SIZE = 16;

/** Derives bytes for a purpose from the secret by SHA-256, which cannot be inverted for 128 random bits. */
function derive(purpose: string, key: Uint8Array, size: number): Uint8Array {
  return createHash('sha256').update(`membench ${purpose}\0`).update(key).digest().subarray(0, size);
}

function secretOf(key: Uint8Array): Secret {
  return { key, addressKey: derive('addresses', key, SIZE), id: derive('key id', key, 8) };
}

/** A random secret, forgotten with the process. */
export function randomSecret(): Secret {
  return secretOf(randomBytes(SIZE));
}

/**
 * Reads a secret from a file: 32 hex digits with an optional newline, or 16 raw bytes.
 *
 * @throws ERR_MEMBENCH_KEY_FILE where the file cannot be read, is not a regular file, belongs to another
 *   user, is accessible to others, or has neither format
 */
export function readSecret(path: string): Secret {
  const fail = (why: string, hint?: string, cause?: unknown) =>
    new MembenchError('ERR_MEMBENCH_KEY_FILE', `${path}: ${why}`, hint, cause);
  if (path === '') {
    throw new MembenchError(
      'ERR_MEMBENCH_KEY_FILE',
      'the name of the key file is empty',
      'a variable that is not set?',
    );
  }
  let fd: number | undefined;
  try {
    // O_NONBLOCK: opening a named pipe must fail below, not wait for a writer.
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw fail('it is not a regular file');
    const uid = process.geteuid?.();
    if (uid !== undefined && stat.uid !== uid) throw fail(`it belongs to uid ${stat.uid}, not to you`);
    if (process.platform !== 'win32' && stat.mode & 0o077) {
      throw fail('others may read or write it', `chmod 600 ${path}`);
    }
    const bytes = Buffer.alloc(64);
    const size = readSync(fd, bytes, 0, bytes.length, 0);
    if (size === SIZE) return secretOf(Uint8Array.from(bytes.subarray(0, SIZE)));
    const text = bytes.toString('latin1', 0, size).replace(/\r?\n$/, '');
    if (!/^[0-9a-fA-F]{32}$/.test(text)) throw fail('it holds neither 32 hex digits nor 16 bytes');
    return secretOf(Buffer.from(text, 'hex'));
  } catch (error) {
    if (error instanceof MembenchError) throw error;
    throw fail(fileReason(error)[0], undefined, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
