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

/** Says why a file cannot be created or written. */
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
 * A file that comes to its path only when it is whole: until then it has a name of its own beside it. As with a
 * profile, nobody else can read it.
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
      // The umask can only take away, but it may take away what the owner needs.
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
   * Closes the file and puts it at its path. Without `force` it takes nobody's place, whoever came there meanwhile.
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

  /** Gives the file its second name, and takes the first away. Returns false where files have only one. */
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

  /** Removes the file, whether it is at its path already or not. */
  abandon(): void {
    try {
      this.#close();
    } catch {
      // It goes anyway.
    }
    try {
      unlinkSync(this.#isPlaced ? this.path : this.#beside);
    } catch {
      // It was never made, or somebody else removed it.
    }
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd >= 0) closeSync(fd);
  }
}
