import { existsSync, fstatSync, lstatSync, readlinkSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { MembenchError } from '../errors.js';
import { syncFolder, writeError } from './create.js';

/** Errors of lstat(2) that mean that nothing is there, and not that one may not look. */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);
/** Where NFS and FUSE put an open file that was removed, until it is closed. */
const HIDDEN = /^\.(nfs|fuse_hidden)[0-9a-f]+$/i;

/** A file this process has just made. Only that is ever removed, never what came into its place. */
export class OwnFile {
  readonly path: string;
  readonly #device: bigint;
  readonly #inode: bigint;
  /** Whether the numbers at its path are those of the open file, as they are on all but odd file systems. */
  readonly #isSteady: boolean;

  /** @param fd the open file */
  constructor(path: string, fd: number) {
    this.path = path;
    const { dev, ino } = fstatSync(fd, { bigint: true });
    this.#device = dev;
    this.#inode = ino;
    // Where nothing is there any more, somebody was quick to move it: that is for `check` to say.
    this.#isSteady = this.#find() !== undefined || !existsSync(path);
  }

  /**
   * Makes sure that the file is still at its path: what is written into one that was removed is lost, and
   * into one that was moved it does not go where it was meant to.
   *
   * @param fd the open file
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  check(fd: number): void {
    if (!this.#isSteady || this.#isInPlace()) return;
    const moved = isLinked(fd) ? placeOf(fd) : undefined;
    const why =
      moved === undefined
        ? 'it was removed or replaced while it was written, and what was recorded is lost'
        : `it was moved while it was written, and what was recorded is in ${moved}`;
    throw new MembenchError('ERR_MEMBENCH_PROFILE_WRITE', `${this.path}: ${why}`);
  }

  /**
   * Removes the file where it is still there and as it was left.
   *
   * @param bytes its size when it was left: an inode's number alone may have gone to another file
   * @param sync bring to the disk that it is gone
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  remove(bytes: number, sync = false): void {
    try {
      if (this.#find()?.size !== BigInt(bytes)) return;
      rmSync(this.path, { force: true });
      if (sync) syncFolder(this.path);
    } catch (error) {
      throw writeError(this.path, error);
    }
  }

  /** The file at the path, where it is this one. */
  #find() {
    const found = lstatSync(this.path, { bigint: true, throwIfNoEntry: false });
    return found?.isFile() && found.dev === this.#device && found.ino === this.#inode ? found : undefined;
  }

  #isInPlace(): boolean {
    try {
      return this.#find() !== undefined;
    } catch (error) {
      // Where one may not look any more, it need not be gone.
      return !GONE.has((error as NodeJS.ErrnoException).code ?? '');
    }
  }
}

/** Whether an open file has a name at all. */
function isLinked(fd: number): boolean {
  return fstatSync(fd).nlink > 0;
}

/** Where an open file is now, in words where only that is known; undefined where it is as good as removed. */
function placeOf(fd: number): string | undefined {
  try {
    // proc(5): a name that was removed, while others are left, ends so.
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    if (HIDDEN.test(basename(path))) return undefined;
    if (!path.endsWith(' (deleted)')) return path;
  } catch {
    // Another system.
  }
  return 'a file of another name';
}
