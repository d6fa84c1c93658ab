import { lstatSync, rmSync } from 'node:fs';
import { writeError } from './create.js';

/** A file this process has just made. Only that is ever removed, never what came into its place. */
export class OwnFile {
  readonly path: string;
  readonly #device: bigint | undefined;
  readonly #inode: bigint | undefined;

  constructor(path: string) {
    this.path = path;
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    this.#device = found?.dev;
    this.#inode = found?.ino;
  }

  /**
   * Removes the file where it is still there and as it was left.
   *
   * @param bytes its size when it was left: an inode's number alone may have gone to another file
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  remove(bytes: number): void {
    try {
      const found = lstatSync(this.path, { bigint: true, throwIfNoEntry: false });
      if (!found?.isFile() || found.dev !== this.#device || found.ino !== this.#inode) return;
      if (found.size === BigInt(bytes)) rmSync(this.path, { force: true });
    } catch (error) {
      throw writeError(this.path, error);
    }
  }
}
