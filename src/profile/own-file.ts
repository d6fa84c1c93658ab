import { existsSync, fstatSync, lstatSync, readlinkSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { MembenchError } from '../errors.js';
import { syncFolder, writeError } from './create.js';

/** Errors of lstat(2) that mean that there is no file, rather than no permission. */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);
/** Names under which NFS and FUSE keep an open file that was removed, until it is closed. */
const HIDDEN = /^\.(nfs|fuse_hidden)[0-9a-f]+$/i;

/** A file that this process has created. It removes only this file, never another one that took its place. */
export class OwnFile {
  readonly path: string;
  readonly #device: bigint;
  readonly #inode: bigint;
  /** Whether device and inode at its path equal those of the open file, as on all but odd file systems. */
  readonly #isSteady: boolean;

  /** @param fd the open file */
  constructor(path: string, fd: number) {
    this.path = path;
    const { dev, ino } = fstatSync(fd, { bigint: true });
    this.#device = dev;
    this.#inode = ino;
    // Where the file has been moved already, `check` reports it.
    this.#isSteady = this.#find() !== undefined || !existsSync(path);
  }

  /**
   * Checks that the file is still at its path: bytes written to a removed file would be lost, and those of a
   * moved file would go to another place.
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
   * Removes the file, if it is still at its path and unchanged.
   *
   * @param bytes its size when it was closed, because its inode number alone may belong to another file by
   *   now
   * @param sync flush the removal to the disk
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

  /** Status of the file at the path, if it is this file. */
  #find() {
    const found = lstatSync(this.path, { bigint: true, throwIfNoEntry: false });
    return found?.isFile() && found.dev === this.#device && found.ino === this.#inode ? found : undefined;
  }

  #isInPlace(): boolean {
    try {
      return this.#find() !== undefined;
    } catch (error) {
      // Without permission to read its status, it may still be there.
      return !GONE.has((error as NodeJS.ErrnoException).code ?? '');
    }
  }
}

/** Whether an open file has a name. */
function isLinked(fd: number): boolean {
  return fstatSync(fd).nlink > 0;
}

/** The current path of an open file, or a description; undefined where it was removed. */
function placeOf(fd: number): string | undefined {
  try {
    // The link ends with this where its name was removed and the file has others (proc(5)).
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    if (HIDDEN.test(basename(path))) return undefined;
    if (!path.endsWith(' (deleted)')) return path;
  } catch {
    // Other systems have no /proc.
  }
  return 'a file of another name';
}
