import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fileReason, MembenchError } from '../errors.js';
import type { ProfileBytes } from './bytes.js';

/** The bytes of a file as it was when it was opened; bytes appended later are not read. */
export class FileBytes implements ProfileBytes {
  readonly name: string;
  readonly size: number;
  readonly #fd: number;

  /** @throws ERR_MEMBENCH_PROFILE_READ */
  constructor(path: string) {
    this.name = path;
    try {
      // O_NONBLOCK: opening a named pipe must fail below, not wait for a writer.
      this.#fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      throw readError(path, error);
    }
    const stat = fstatSync(this.#fd);
    if (!stat.isFile()) {
      closeSync(this.#fd);
      const kind = stat.isDirectory() ? 'a directory' : 'not a regular file';
      throw new MembenchError('ERR_MEMBENCH_PROFILE_READ', `${path}: it is ${kind}`);
    }
    this.size = stat.size;
  }

  read(offset: number, most: number): Uint8Array<ArrayBuffer> {
    const bytes = Math.max(0, Math.min(most, this.size - offset));
    const buffer = Buffer.allocUnsafeSlow(bytes);
    let size = 0;
    try {
      while (size < bytes) {
        const got = readSync(this.#fd, buffer, size, bytes - size, offset + size);
        if (got === 0) break;
        size += got;
      }
    } catch (error) {
      throw readError(this.name, error);
    }
    return buffer.subarray(0, size);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function readError(path: string, error: unknown): MembenchError {
  const [why] = fileReason(error, { ENOENT: ['there is no such file'] });
  const hint = path === '-' ? 'profiles are read from files, not from standard input' : undefined;
  return new MembenchError('ERR_MEMBENCH_PROFILE_READ', `${path}: ${why}`, hint, error);
}
