/**
 * Records in the data of a BPF ring buffer (kernel/bpf/ringbuf.c): a head of 8 bytes, the record, and padding
 * to a multiple of 8. The data is mapped twice in a row, so that every record is contiguous.
 */

// BPF_RINGBUF_HDR_SZ, BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT and the mask of the length (linux/bpf.h).
const HEAD = 8;
const BUSY = 1 << 31;
const DISCARDED = 1 << 30;
const LENGTH = DISCARDED - 1;

/** Bytes from one record to the next. */
function sizeOf(head: number): number {
  return ((head & LENGTH) + HEAD + 7) & ~7;
}

/**
 * Bytes of the finished records in the `size` bytes at `at`: up to a record that the kernel is still writing,
 * or that begins `limit` bytes or more after `at`.
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

/**
 * Bytes of the records of the next `packets` packets from `at` on, at most `size`. A discarded record has no
 * packet.
 */
export function bytesOfPackets(data: Int32Array, at: number, size: number, packets: number): number {
  let bytes = 0;
  for (let left = packets; left > 0 && bytes < size; ) {
    const head = Atomics.load(data, (at + bytes) / 4);
    if ((head & DISCARDED) === 0) left--;
    bytes += sizeOf(head);
  }
  return bytes;
}

/** Copies the records of one batch: those after it would have to be copied again for the next. */
export class RingCopy {
  readonly #heads: Int32Array;
  readonly #data: Uint8Array;
  readonly #size: number;
  readonly #into: Uint8Array;

  /**
   * @param data the ring's data, mapped twice in a row
   * @param into room for a batch and one more record
   */
  constructor(data: Uint8Array, into: Uint8Array) {
    this.#heads = new Int32Array(data.buffer, data.byteOffset, data.length / 4);
    this.#data = data;
    this.#size = data.length / 2;
    this.#into = into;
  }

  /**
   * Copies the finished records that begin in the first `limit` of `size` bytes from a position on. Returns
   * their bytes.
   */
  take(position: number, size: number, limit: number): number {
    const at = position % this.#size;
    // A record that was not finished is not copied, though the kernel may finish it during the copy.
    const bytes = finishedBytes(this.#heads, at, size, limit);
    this.#into.set(this.#data.subarray(at, at + bytes));
    return bytes;
  }
}
