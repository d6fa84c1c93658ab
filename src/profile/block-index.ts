import { BODY_MAX, encode } from './envelope.js';
import type { BlockEntry } from './footer.js';

/** Bytes of the footer's body reserved for everything but the index. */
const REST_MAX = 1024 * 1024;

/**
 * The growing list of blocks for the footer. Entries are encoded at once, because a recording of days has a
 * million blocks. Where the footer would exceed the limit of a body, there is no list.
 */
export class BlockIndex {
  #packed = Buffer.alloc(1024);
  #size = 0;
  #count = 0;
  #full = false;

  /** Entries. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the entries in the footer. */
  get bytes(): number {
    return this.#full ? 0 : this.#size;
  }

  add({ offset, bytes, worker, seq, events, minNs, maxNs }: BlockEntry): void {
    this.#count++;
    if (this.#full) return;
    const row = encode([offset, bytes, worker, seq, events, minNs, maxNs]);
    if (this.#size + row.length > BODY_MAX - REST_MAX) {
      this.#full = true;
      this.#packed = Buffer.alloc(0);
      return;
    }
    if (this.#size + row.length > this.#packed.length) {
      this.#packed = Buffer.concat([this.#packed], this.#packed.length * 2);
    }
    this.#packed.set(row, this.#size);
    this.#size += row.length;
  }

  /** The entries as msgpack, one after another; null where there are too many. */
  packed(): Uint8Array | null {
    return this.#full ? null : this.#packed.subarray(0, this.#size);
  }
}
