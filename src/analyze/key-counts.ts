import { randomBytes } from 'node:crypto';

/** Number of events of a key. */
export interface KeyCount {
  /** Keyed hash of the key. */
  hash: bigint;
  count: number;
}

/** Slots at the start, a power of two. */
const CAPACITY_MIN = 1024;
/** Bytes of a slot: the hash, low word first, then the count as a double, 0 where the slot is free. */
const PLACE = 16;
/**
 * Odd factors, random in each process, so that no profile can be crafted with hashes that all fall on one
 * slot, which would make searches linear.
 */
const FACTORS = randomBytes(8);
const LOW_FACTOR = FACTORS.readUInt32LE(0) | 1;
const HIGH_FACTOR = FACTORS.readUInt32LE(4) | 1;

/**
 * Exact counts by 64-bit hash: a table with open addressing in one buffer. A search mostly touches one cache
 * line, and ten million keys take 256 MB without objects. Hashes are passed as two words, because making
 * bigints would cost more than the rest.
 */
export class KeyCounts {
  #capacity = CAPACITY_MIN;
  /** Bits of a 32-bit hash that do not belong to the number of a slot. */
  #shift = Math.clz32(CAPACITY_MIN) + 1;
  #words = new Uint32Array((CAPACITY_MIN * PLACE) / 4);
  /** The same memory as doubles: entry 2 i + 1 is the count of slot i. */
  #doubles = new Float64Array(this.#words.buffer);
  #size = 0;

  /** Number of distinct keys. */
  get size(): number {
    return this.#size;
  }

  /** Adds `count`, which is not 0, to the count of a key. */
  add(low: number, high: number, count: number): void {
    const at = this.#find(low, high);
    if (this.#doubles[2 * at + 1] === 0) {
      this.#words[4 * at] = low;
      this.#words[4 * at + 1] = high;
      this.#size++;
    }
    this.#doubles[2 * at + 1]! += count;
    // At most three of four slots are used: searches are short, and one of two would take twice the memory.
    if (this.#size * 4 > this.#capacity * 3) this.#grow();
  }

  /** The slot of a key, free where the key is new. */
  #find(low: number, high: number): number {
    const words = this.#words;
    const doubles = this.#doubles;
    const mask = this.#capacity - 1;
    // The upper bits of a product depend on all bits of its factors.
    let at = (Math.imul(low, LOW_FACTOR) + Math.imul(high, HIGH_FACTOR)) >>> this.#shift;
    while (doubles[2 * at + 1] !== 0 && (words[4 * at] !== low || words[4 * at + 1] !== high))
      at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const words = this.#words;
    const doubles = this.#doubles;
    this.#capacity *= 2;
    this.#shift--;
    this.#words = new Uint32Array((this.#capacity * PLACE) / 4);
    this.#doubles = new Float64Array(this.#words.buffer);
    for (let i = 0; i < doubles.length / 2; i++) {
      if (doubles[2 * i + 1] === 0) continue;
      const at = this.#find(words[4 * i]!, words[4 * i + 1]!);
      this.#words[4 * at] = words[4 * i]!;
      this.#words[4 * at + 1] = words[4 * i + 1]!;
      this.#doubles[2 * at + 1] = doubles[2 * i + 1]!;
    }
  }

  /** All counts, largest first. */
  byRank(): Float64Array {
    const counts = new Float64Array(this.#size);
    let taken = 0;
    for (let i = 0; i < this.#capacity; i++) {
      const count = this.#doubles[2 * i + 1]!;
      if (count > 0) counts[taken++] = count;
    }
    return counts.sort().reverse();
  }

  /** The `limit` largest counts (at least 1), largest first, ties in order of the hash. */
  top(limit: number): KeyCount[] {
    const found: KeyCount[] = [];
    for (let i = 0; i < this.#capacity; i++) {
      const count = this.#doubles[2 * i + 1]!;
      if (count === 0 || (found.length === limit && count < found.at(-1)!.count)) continue;
      const hash = (BigInt(this.#words[4 * i + 1]!) << 32n) | BigInt(this.#words[4 * i]!);
      found.push({ hash, count });
      found.sort((a, b) => b.count - a.count || (a.hash < b.hash ? -1 : 1));
      if (found.length > limit) found.pop();
    }
    return found;
  }
}
