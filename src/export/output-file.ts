import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  linkSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { MembenchError } from '../errors.js';
import { existsError, isFree, writeError } from '../profile/create.js';

/** The error for a file that cannot be created or written. */
export function fileError(path: string, error: unknown): MembenchError {
  if (error instanceof MembenchError) return error;
  return writeError(path, error, 'FILE');
}

/**
 * Makes sure that a file can be put at a path: that nothing is there, or with `force` a regular file.
 *
 * @throws ERR_MEMBENCH_FILE_EXISTS, ERR_MEMBENCH_FILE_WRITE
 */
export function checkPlace(path: string, force: boolean): void {
  try {
    isFree(path, force, 'FILE');
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * A file that gets its name only when it is complete: until then it has a temporary name in the same folder. As with a
 * profile, only its owner can read it.
 */
export class OutputFile {
  readonly path: string;
  readonly #force: boolean;
  readonly #beside: string;
  /** Negative once it is closed. */
  #fd = -1;
  #isPlaced = false;

  /** @throws ERR_MEMBENCH_FILE_EXISTS, ERR_MEMBENCH_FILE_WRITE */
  constructor(path: string, force: boolean) {
    this.path = path;
    this.#force = force;
    checkPlace(path, force);
    this.#beside = `${path}.${randomBytes(6).toString('hex')}.partial`;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
    try {
      this.#fd = openSync(this.#beside, flags, 0o600);
      // The umask may have removed permissions that the owner needs.
      if (process.platform !== 'win32') fchmodSync(this.#fd, 0o600);
    } catch (error) {
      this.abandon();
      throw fileError(path, error);
    }
  }

  /** Open for reading and writing. */
  get fd(): number {
    return this.#fd;
  }

  /** Writes all there is to write. */
  write(text: string): void {
    try {
      writeFileSync(this.#fd, text);
    } catch (error) {
      throw fileError(this.path, error);
    }
  }

  /**
   * Closes the file and gives it its name. Without `force`, a file that was created there meanwhile is not replaced.
   *
   * @throws ERR_MEMBENCH_FILE_EXISTS, ERR_MEMBENCH_FILE_WRITE
   */
  place(): void {
    try {
      this.#close();
      if (this.#force || !this.#link()) {
        checkPlace(this.path, this.#force);
        renameSync(this.#beside, this.path);
      }
      this.#isPlaced = true;
    } catch (error) {
      throw fileError(this.path, error);
    }
  }

  /** Renames the file by a hard link, which replaces nothing. Returns false where the file system has no hard links. */
  #link(): boolean {
    try {
      linkSync(this.#beside, this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw existsError(this.path, 'FILE');
      return false;
    }
    unlinkSync(this.#beside);
    return true;
  }

  /** Removes the file, under whichever of its names it has now. */
  abandon(): void {
    try {
      this.#close();
    } catch {
      // The file is removed in any case.
    }
    try {
      unlinkSync(this.#isPlaced ? this.path : this.#beside);
    } catch {
      // It was never created, or was removed already.
    }
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd >= 0) closeSync(fd);
  }
}
