import type { Allocate } from './varint.js';

/**
 * Memory for the columns of one block after another. New memory costs more than decoding into it: the system clears
 * each page when it is first touched.
 */
export class BlockMemory {
  #buffer = new ArrayBuffer(0);
  #used = 0;

  /** Provides memory until the next `reset`. */
  readonly allocate: Allocate = (bytes) => {
    const offset = this.#used;
    const end = offset + Math.ceil(bytes / 8) * 8;
    if (end > this.#buffer.byteLength) {
      // What was handed out before stays where it is.
      this.#buffer = new ArrayBuffer(2 * end);
      this.#used = 0;
      return this.allocate(bytes);
    }
    this.#used = end;
    return { buffer: this.#buffer, offset };
  };

  /** Makes all of it free: what was allocated before is no longer used. */
  reset(): void {
    this.#used = 0;
  }
}
