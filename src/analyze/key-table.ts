import { grown } from './grown.js';

/** How often a key was asked for. */
export interface KeyCount {
  /** Keyed hash of the key. */
  hash: bigint;
  count: number;
}

/** Keys there is room for at the start, a power of two. */
const CAPACITY_MIN = 1024;
/** Places of the table for each key there is room for, at least: then searches are short. */
const PLACES_A_KEY = 1.75;
/**
 * Room for keys beyond the limit, as a share of it, made where it is needed: a block brings its keys before the
 * limit is applied.
 */
const BEYOND = 1 / 8;
/** Keys told apart before only a sample of them is: about 100 bytes each with what analysis knows of them. */
export const KEYS_MAX = 2 ** 20;
/** The busiest keys when sampling begins stay, whatever their hash: they are most of the traffic. */
export const PINNED_MAX = 1024;
/**
 * Bits of the filter for pinned keys, a power of two: sixteen for each in the largest set, and small enough
 * for the first cache.
 */
const FILTER_BITS = 2 ** 18;
/**
 * Odd factors of the hash of hashes, new in each process: in a profile made for it all hashes might fall on
 * one place, and each search would go through all of them.
 */
const FACTORS = crypto.getRandomValues(new Uint32Array(2));
const LOW_FACTOR = FACTORS[0]! | 1;
const HIGH_FACTOR = FACTORS[1]! | 1;

/** What a collector knows of every key: one number each, or several, 0 at first. */
export interface KeyColumn {
  /** Numbers a key: those of key `id` begin at `width * id`, so that they share a line of the processor's cache. */
  readonly width: number;
  /** A new array after every growth: not to be kept over a block. */
  values: Float64Array;
}

/** What a table may be told of its keys beforehand. */
export interface KeyTableHints {
  /** About so many keys, or fewer: growing later costs more than room that is never touched. */
  expected?: number;
  /** Only keys with hashes whose high word is below it will come; 2^32: all. */
  threshold?: number;
  /** Width of the column `counts`, whose first numbers are the counts. */
  width?: number;
}

/**
 * Numbers keys, from 0, by their 64-bit hash, and holds what collectors know of them in columns: no object
 * and no bigint a key.
 *
 * Above `keysMax` keys it becomes a sample: only keys whose hash lies below a threshold stay, and the
 * threshold is halved as often as it must be. Hashes are uniform (SipHash), so every figure of keys is that
 * of the sample divided by `rate`. What was counted of a key that stays is exact, because it was below
 * every threshold before. The keys that are busiest when sampling begins, while all are known, are pinned:
 * they stay whatever their hash is, so what is told of them is exact, and each stands for itself alone.
 */
export class KeyTable {
  readonly #keysMax: number;
  readonly #pinnedMax: number;
  /** Keys beyond the limit that there is room for at a time. */
  readonly #beyond: number;
  /**
   * A word a place, so that many are in the processor's cache: number + 1 of a key, and above it the upper bits of its
   * hash's low word, which tell most others; 0: free.
   */
  #places = new Uint32Array(0);
  /** Bits of a 32-bit hash that are not needed to number the places. */
  #shift = 0;
  /** Hashes by number: low word, high word. */
  #hashes = new Uint32Array(0);
  #capacity = 0;
  #size = 0;
  /** Keys whose high word is not below it are pinned, or not here. */
  #threshold: number;
  /** Keys that one of the sample stands for. */
  #weight: number;
  readonly #columns: KeyColumn[] = [];
  /** Events of each key, as the first number of its column. */
  readonly counts: KeyColumn;
  /** By number, 1 where a key is pinned. */
  #pinned = new Uint8Array(0);
  /** A bit for the lowest bits of each pinned key's hash. */
  readonly #pinnedBits = new Uint32Array(FILTER_BITS / 32);

  /**
   * @param pinnedMax the busiest keys that stay, whatever their hash
   */
  constructor(
    keysMax = KEYS_MAX,
    pinnedMax = PINNED_MAX,
    { expected = 0, threshold = 2 ** 32, width = 1 }: KeyTableHints = {},
  ) {
    this.#keysMax = keysMax;
    this.#threshold = threshold;
    this.#weight = 2 ** 32 / threshold;
    this.#pinnedMax = pinnedMax;
    this.#beyond = Math.ceil(BEYOND * keysMax);
    const wanted = 2 ** Math.ceil(Math.log2(Math.max(CAPACITY_MIN, expected)));
    // Room that is never touched takes no memory, but to grow takes the old and the new.
    this.#allocate(wanted < keysMax ? wanted : Math.max(CAPACITY_MIN, keysMax + this.#beyond));
    this.counts = this.column(width);
  }

  /** Keys that have a number, pinned ones included. */
  get size(): number {
    return this.#size;
  }

  /** The share of all keys that is told apart: 1 is all. */
  get rate(): number {
    return this.#threshold / 2 ** 32;
  }

  /** Distinct keys: exact where `rate` is 1, else what the sample says. */
  get distinct(): number {
    if (this.rate === 1) return this.#size;
    return Math.round(this.#sampled() / this.rate);
  }

  /** Whether a key belongs to the sample; false for pinned ones beside it. */
  isSampled(id: number): boolean {
    return this.#hashes[2 * id + 1]! < this.#threshold;
  }

  /**
   * How many keys one stands for, where sums are to be those of all keys: 1 ÷ the chance it had to be here.
   */
  weightOf(id: number): number {
    return this.#pinned[id] === 1 ? 1 : this.#weight;
  }

  isPinned(id: number): boolean {
    return this.#pinned[id] === 1;
  }

  /** The upper word of a key's hash, which is uniform. */
  highOf(id: number): number {
    return this.#hashes[2 * id + 1]!;
  }

  hashOf(id: number): bigint {
    return (BigInt(this.#hashes[2 * id + 1]!) << 32n) | BigInt(this.#hashes[2 * id]!);
  }

  /** Another number for every key, or several. */
  column(width = 1): KeyColumn {
    const column = { width, values: new Float64Array(width * this.#capacity) };
    this.#columns.push(column);
    return column;
  }

  /** The number of a key, a new one where it has none; -1 where it is not of the sample. */
  idOf(low: number, high: number): number {
    // Most keys are neither of a sample nor pinned, which is told without a search.
    if (high >= this.#threshold && !this.#maybePinned(low)) return -1;
    const places = this.#places;
    const hashes = this.#hashes;
    const mask = places.length - 1;
    let at = this.#placeOf(low, high);
    for (let place = places[at]!; place !== 0; place = places[at]!) {
      if (((place ^ low) & ~mask) === 0) {
        const id = (place & mask) - 1;
        if (hashes[2 * id] === low && hashes[2 * id + 1] === high) return id;
      }
      at = (at + 1) & mask;
    }
    if (high >= this.#threshold) return -1;
    const id = this.#size++;
    places[at] = (low & ~mask) | (id + 1);
    hashes[2 * id] = low;
    hashes[2 * id + 1] = high;
    if (this.#size === this.#capacity) this.#grow();
    return id;
  }

  /**
   * Brings the number of keys below the limit. Returns null where nothing had to change, else the new number
   * of every key, -1 where it is gone: numbers kept from before are to be exchanged.
   */
  limit(): Int32Array | null {
    if (this.#size <= this.#keysMax) return null;
    if (this.rate === 1 && this.#pinnedMax > 0) {
      // Of keys that are equally busy none or all: ties go by hash, and so does the sample.
      const least = sortDown(this.#size, (id) => this.countOf(id))[this.#pinnedMax]!;
      for (let id = 0; id < this.#size; id++) if (this.countOf(id) > least) this.#pin(id);
    }
    while (this.#sampled() > this.#keysMax / 2 && this.#threshold > 1) this.#threshold /= 2;
    this.#weight = 2 ** 32 / this.#threshold;
    const renumbered = new Int32Array(this.#size).fill(-1);
    let size = 0;
    for (let id = 0; id < this.#size; id++) {
      if (!this.isSampled(id) && !this.isPinned(id)) continue;
      renumbered[id] = size;
      this.#hashes.copyWithin(2 * size, 2 * id, 2 * id + 2);
      this.#pinned[size] = this.#pinned[id]!;
      for (const { values, width } of this.#columns) {
        for (let i = 0; i < width; i++) values[width * size + i] = values[width * id + i]!;
      }
      size++;
    }
    for (const { values, width } of this.#columns) values.fill(0, width * size);
    this.#pinned.fill(0, size);
    this.#size = size;
    this.#placeAll();
    return renumbered;
  }

  /** Events of a key. */
  countOf(id: number): number {
    return this.counts.values[this.counts.width * id]!;
  }

  #pin(id: number): void {
    const bit = this.#hashes[2 * id]! & (FILTER_BITS - 1);
    this.#pinnedBits[bit >>> 5]! |= 1 << (bit & 31);
    this.#pinned[id] = 1;
  }

  #maybePinned(low: number): boolean {
    const bit = low & (FILTER_BITS - 1);
    return ((this.#pinnedBits[bit >>> 5]! >>> (bit & 31)) & 1) !== 0;
  }

  /**
   * The numbers of the keys with the `limit` largest values above 0, largest first, ties by hash.
   *
   * @param field which number of the column
   */
  largest({ values, width }: KeyColumn, limit: number, field = 0): number[] {
    const order = (a: number, b: number) =>
      values[width * b + field]! - values[width * a + field]! || (this.hashOf(a) < this.hashOf(b) ? -1 : 1);
    // Twice as many as wanted are gathered before they are sorted: so few are compared more than once.
    let found: number[] = [];
    let least = 0;
    for (let id = 0; id < this.#size; id++) {
      const value = values[width * id + field]!;
      if (value <= 0 || value < least) continue;
      found.push(id);
      if (found.length < 2 * limit) continue;
      found = found.sort(order).slice(0, limit);
      least = values[width * found.at(-1)! + field]!;
    }
    return found.sort(order).slice(0, limit);
  }

  /** Counts of the sample's keys, largest first. */
  byRank(): Float64Array {
    return sortDown(this.#size, (id) => (this.isSampled(id) ? this.countOf(id) : 0));
  }

  /** Keys of the sample, without the pinned ones beside it. */
  #sampled(): number {
    let inside = 0;
    for (let id = 0; id < this.#size; id++) if (this.isSampled(id)) inside++;
    return inside;
  }

  #allocate(capacity: number): void {
    this.#capacity = capacity;
    this.#hashes = grown(this.#hashes, 2 * capacity);
    this.#pinned = grown(this.#pinned, capacity);
    const places = 2 ** Math.ceil(Math.log2(PLACES_A_KEY * capacity));
    if (places !== this.#places.length) this.#places = new Uint32Array(places);
    this.#shift = Math.clz32(places) + 1;
  }

  #grow(): void {
    const most = Math.max(this.#keysMax, this.#capacity) + this.#beyond;
    this.#allocate(Math.min(2 * this.#capacity, most));
    for (const column of this.#columns) column.values = grown(column.values, column.width * this.#capacity);
    this.#placeAll();
  }

  #placeAll(): void {
    const places = this.#places.fill(0);
    const hashes = this.#hashes;
    const mask = places.length - 1;
    for (let id = 0; id < this.#size; id++) {
      const low = hashes[2 * id]!;
      const high = hashes[2 * id + 1]!;
      let at = this.#placeOf(low, high);
      while (places[at] !== 0) at = (at + 1) & mask;
      places[at] = (low & ~mask) | (id + 1);
    }
  }

  /** Where the search for a hash begins. */
  #placeOf(low: number, high: number): number {
    // The upper bits of a product are those that depend on all of it.
    return (Math.imul(low, LOW_FACTOR) + Math.imul(high, HIGH_FACTOR)) >>> this.#shift;
  }
}

/** Counts below this are sorted by counting them. */
const SMALL = 4096;

/**
 * The counts of keys that have any, largest first. Most keys come a few times only, so most are counted and not
 * compared.
 */
function sortDown(keys: number, countOf: (id: number) => number): Float64Array {
  const small = new Uint32Array(SMALL);
  const large: number[] = [];
  let all = 0;
  for (let id = 0; id < keys; id++) {
    const count = countOf(id);
    if (count === 0) continue;
    all++;
    if (count < SMALL) small[count]!++;
    else large.push(count);
  }
  const sorted = new Float64Array(all);
  sorted.set(large.sort((a, b) => b - a));
  let at = large.length;
  for (let count = SMALL - 1; count > 0; count--) {
    sorted.fill(count, at, at + small[count]!);
    at += small[count]!;
  }
  return sorted;
}
