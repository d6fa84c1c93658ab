import { mix } from '../profile/mix.js';
import type { ByteWriter } from './writer.js';

/** Bytes that values are cut from: more than the largest usual item, so that a cut is one copy. */
const POOL = 1 << 21;
/** Values start at any of so many places of the pool. */
const STARTS = 1 << 20;
/** Bytes that are made compressible at a time. */
const RUN = 64;
/** Values up to this size are decimal digits, as long as a 64-bit number at most, so that arithmetic works on them. */
export const DIGITS_MAX = 20;

/**
 * Values: deterministic bytes, by the hash of the key and the size alone, so that an answer can be checked without
 * remembering what was stored. They are cut from one pool of pseudo-random bytes, of which a share may be zeros.
 */
export class Values {
  readonly #pool = Buffer.allocUnsafe(POOL);
  readonly #digits = Buffer.allocUnsafe(DIGITS_MAX);

  /** @param compressible share of each value that compresses away, 0 to 1 */
  constructor(compressible: number) {
    const words = new Uint32Array(this.#pool.buffer, this.#pool.byteOffset, POOL / 4);
    let state = 0x2545f491;
    for (let i = 0; i < words.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[i] = state;
    }
    const zeros = Math.round(RUN * compressible);
    if (zeros > 0) for (let at = 0; at < POOL; at += RUN) this.#pool.fill(0, at, at + zeros);
  }

  /** Writes the value of a key. There must be room for `size` bytes. */
  write(to: ByteWriter, low: number, high: number, size: number): void {
    if (size <= DIGITS_MAX) {
      this.#spell(low, high, size);
      this.#digits.copy(to.buffer, to.end, 0, size);
      to.end += size;
      return;
    }
    let from = startOf(low, high, size);
    for (let left = size; left > 0; ) {
      const taken = Math.min(left, POOL - from);
      this.#pool.copy(to.buffer, to.end, from, from + taken);
      to.end += taken;
      left -= taken;
      from = 0;
    }
  }

  /**
   * Whether bytes are a part of the value of a key.
   *
   * @param offset where in the value the bytes from `at` to `end` lie
   */
  matches(
    value: { low: number; high: number; size: number },
    offset: number,
    bytes: Buffer,
    range: { at: number; end: number },
  ): boolean {
    const { low, high, size } = value;
    let { at } = range;
    if (size <= DIGITS_MAX) {
      this.#spell(low, high, size);
      return this.#digits.compare(bytes, at, range.end, offset, offset + range.end - at) === 0;
    }
    let from = (startOf(low, high, size) + offset) % POOL;
    // Past the first end of the pool a value goes on from its beginning.
    while (at < range.end) {
      const taken = Math.min(range.end - at, POOL - from);
      if (this.#pool.compare(bytes, at, at + taken, from, from + taken) !== 0) return false;
      at += taken;
      from = 0;
    }
    return true;
  }

  #spell(low: number, high: number, size: number): void {
    let state = mix(low ^ high) | 1;
    for (let i = 0; i < size; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      this.#digits[i] = 48 + ((state >>> 8) % 10);
    }
    // The largest 64-bit number has twenty digits, of which the first is 1.
    if (size === DIGITS_MAX) this.#digits[0] = 48;
  }
}

function startOf(low: number, high: number, size: number): number {
  return mix(low ^ Math.imul(high, 0x9e3779b1) ^ size) & (STARTS - 1);
}
