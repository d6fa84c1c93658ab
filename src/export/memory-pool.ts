/** Shared memory that is used again: the kernel takes as long to provide new memory as a thread to fill it. */
export class MemoryPool {
  readonly #free: SharedArrayBuffer[] = [];

  /** Memory of at least so many bytes; its content is undefined. */
  take(bytes: number): SharedArrayBuffer {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= bytes);
    if (at >= 0) return this.#free.splice(at, 1)[0]!;
    // Memory that is too small now would be too small again.
    this.#free.shift();
    return new SharedArrayBuffer(Math.ceil((1.1 * bytes) / 65_536) * 65_536);
  }

  give(memory: SharedArrayBuffer): void {
    this.#free.push(memory);
  }
}
