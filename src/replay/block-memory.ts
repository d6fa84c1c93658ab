import type { Allocate } from '../profile/varint.js';

/**
 * Shared memory for decoded blocks, which is used again as soon as no thread reads a block any more: the collector would
 * free it only when it happens to run, on every thread that has seen it. So there is as much as for the blocks that are in
 * use at the same time, however long the recording is.
 */
export class BlockMemory {
  readonly #memories: SharedArrayBuffer[] = [];
  readonly #free = new Set<number>();

  /** A memory of so many bytes, by its number. Its content is undefined. */
  take(bytes: number): number {
    const bySize = [...this.#free].sort((a, b) => this.#sizeOf(a) - this.#sizeOf(b));
    const number = bySize.find((one) => this.#sizeOf(one) >= bytes) ?? bySize.at(-1) ?? this.#memories.length;
    this.#free.delete(number);
    // A quarter more, so that blocks that are a little larger fit, too.
    if (!(this.#sizeOf(number) >= bytes))
      this.#memories[number] = new SharedArrayBuffer(Math.ceil(bytes * 1.25));
    return number;
  }

  /** Allocates columns in a memory, one behind the other. */
  allocator(number: number): Allocate {
    const buffer = this.#memories[number]!;
    let next = 0;
    return (bytes) => {
      const offset = next;
      next += Math.ceil(bytes / 8) * 8;
      return { buffer, offset };
    };
  }

  /** Takes a memory back. */
  give(number: number): void {
    this.#free.add(number);
  }

  #sizeOf(number: number): number {
    return this.#memories[number]?.byteLength ?? 0;
  }
}
