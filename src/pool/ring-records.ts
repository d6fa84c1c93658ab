/**
 * Records of a BPF ring buffer as they lie in its data (kernel/bpf/ringbuf.c): a head of 8 bytes, the record,
 * and what is left to the next multiple of 8. The data is mapped twice in a row, so that none is cut.
 */

// BPF_RINGBUF_HDR_SZ, BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT and what is no bit of state (linux/bpf.h).
const HEAD = 8;
const BUSY = 1 << 31;
const DISCARDED = 1 << 30;
const LENGTH = DISCARDED - 1;

/** Bytes from one record to the next. */
function sizeOf(head: number): number {
  return ((head & LENGTH) + HEAD + 7) & ~7;
}

/**
 * Bytes of the records from `at` on, of `size` bytes that are there: up to one the kernel is still writing, or
 * the first that begins `limit` bytes in.
 */
export function finishedBytes(data: Int32Array, at: number, size: number, limit: number): number {
  const end = Math.min(size, limit);
  let bytes = 0;
  while (bytes < end) {
    const head = Atomics.load(data, (at + bytes) / 4);
    if (head & BUSY) break;
    bytes += sizeOf(head);
  }
  return bytes;
}

/** Bytes of so many packets' records from `at` on, at most `size`. A discarded record is no packet. */
export function bytesOfPackets(data: Int32Array, at: number, size: number, packets: number): number {
  let bytes = 0;
  for (let left = packets; left > 0 && bytes < size; ) {
    const head = Atomics.load(data, (at + bytes) / 4);
    if ((head & DISCARDED) === 0) left--;
    bytes += sizeOf(head);
  }
  return bytes;
}

/** Copies what is decoded in one go, however much more is there: all of it would be copied again each time. */
export class RingCopy {
  readonly #heads: Int32Array;
  readonly #data: Uint8Array;
  readonly #size: number;
  readonly #into: Uint8Array;

  /**
   * @param data the ring's data, twice in a row
   * @param into room for a batch and a record
   */
  constructor(data: Uint8Array, into: Uint8Array) {
    this.#heads = new Int32Array(data.buffer, data.byteOffset, data.length / 4);
    this.#data = data;
    this.#size = data.length / 2;
    this.#into = into;
  }

  /** Copies the finished records that begin in the first `limit` of `size` bytes from a position on. Returns their bytes. */
  take(position: number, size: number, limit: number): number {
    const at = position % this.#size;
    // A record that was not finished when it was looked at is not copied: half of it may be by now.
    const bytes = finishedBytes(this.#heads, at, size, limit);
    this.#into.set(this.#data.subarray(at, at + bytes));
    return bytes;
  }
}
