import type { KeyColumn, KeyTable } from '../key-table.js';
import { type Depths, type Reuse, varianceOf } from './reuse.js';

/** Initial number of slots, a power of two. */
const SLOTS_MIN = 1024;
/** Least number of slots per key after a compaction: more make compactions rarer, and the sums larger. */
const SLOTS_A_KEY = 4;
/** Entries of a level per entry of the next higher level, as a power of two. */
const FAN_BITS = 3;
const FAN = (1 << FAN_BITS) - 1;

/** What a stack has of a key: nothing, an item that has expired or was deleted, or one that has not. */
export const [UNKNOWN, DEAD, LIVE] = [0, 1, 2] as const;

/** Sums of a slot: keys, bytes, and those of live keys only. */
const SUMS = 4;
const SUMS_BITS = 2;

/**
 * The LRU stack: the order in which keys were last used, and how many keys and bytes are above each. Every
 * use takes the next slot. Sums over 8 slots, over 8 of those, and so on, give the keys and bytes in later
 * slots, so that a distance takes logarithmic time. It is exact where all keys are followed; a key of a
 * sample counts as many times as the number of keys it stands for (SHARDS: Waldspurger et al., FAST 2015).
 *
 * It is two stacks in one: a key whose item has expired or was deleted keeps its slot, but is not live.
 * Both have the same order, so the distance among live keys takes few more steps.
 *
 * This is no Fenwick tree: a use changes few sums here, close to those that it reads, but sums all over the
 * memory there. It takes a sixth less time.
 */
export class LruStack {
  readonly #table: KeyTable;
  readonly #plain: Reuse;
  readonly #withTtls: Reuse;
  /** By key: slot + 1; 0: not in the stack. */
  readonly #slot: KeyColumn;
  /** By key: bytes of its item. */
  readonly #bytes: KeyColumn;
  /** By key: 1 where it is live. */
  readonly #live: KeyColumn;
  /** By key: how many uses there had been when it was last used; and the number of all. */
  readonly #used: KeyColumn;
  #uses = 0;
  #slots = 0;
  #next = 0;
  /** By slot: the key, -1 where there is none. */
  #keys = new Int32Array(0);
  /** Levels of sums, from single slots upwards: SUMS for each slot, weighted. */
  #levels: Float64Array[] = [];
  #size = 0;
  /** See `measure`. */
  items = 0;
  bytes = 0;
  liveItems = 0;
  liveBytes = 0;

  /** Takes reads to two histograms: of all keys, and of live ones. */
  constructor(table: KeyTable, plain: Reuse, withTtls: Reuse) {
    this.#table = table;
    this.#plain = plain;
    this.#withTtls = withTtls;
    this.#slot = table.column();
    this.#bytes = table.column();
    this.#live = table.column();
    this.#used = table.column();
    this.#allocate(SLOTS_MIN);
  }

  /** Number of keys in the stack. */
  get size(): number {
    return this.#size;
  }

  stateOf(key: number): number {
    if (this.#slot.values[key] === 0) return UNKNOWN;
    return this.#live.values[key] === 1 ? LIVE : DEAD;
  }

  /** Moves a key to the top of the stack. */
  use(key: number, bytes: number, live: boolean): void {
    const slot = this.#slot.values[key]! - 1;
    const weight = this.#table.weightOf(key);
    const isLive = live ? 1 : 0;
    this.#used.values[key] = this.#uses++;
    if (slot >= 0) {
      const own = this.#bytes.values[key]!;
      const wasLive = this.#live.values[key]!;
      // The key is on top already, and nothing has changed.
      if (slot === this.#next - 1 && own === bytes && wasLive === isLive) return;
      this.#keys[slot] = -1;
      this.#add(slot, -weight, own, wasLive);
    } else this.#size++;
    if (this.#next === this.#slots) this.#compact();
    this.#keys[this.#next] = key;
    this.#bytes.values[key] = bytes;
    this.#live.values[key] = isLive;
    this.#add(this.#next, weight, bytes, isLive);
    this.#slot.values[key] = ++this.#next;
  }

  /** The keys, that which was used first in front. */
  *keys(): Generator<number> {
    for (let slot = 0; slot < this.#next; slot++) if (this.#keys[slot]! >= 0) yield this.#keys[slot]!;
  }

  /** By key, the last one first. */
  get depths(): Depths {
    const keys = [...this.keys()].reverse().filter((key) => this.stateOf(key) === LIVE);
    const variances = keys.map((key) => {
      const share = 1 - this.#used.values[key]! / this.#uses;
      return varianceOf(this.#table.weightOf(key), this.bytesOf(key), share * this.#table.countOf(key));
    });
    let [bytes, variance] = [0, variances.reduce((sum, one) => sum + one, 0) / Math.max(1, keys.length)];
    const depths: Depths = { bytes: [bytes], variance: [variance] };
    for (const [i, key] of keys.entries()) {
      bytes += this.#table.weightOf(key) * this.bytesOf(key);
      variance += variances[i]!;
      depths.bytes.push(bytes);
      depths.variance.push(variance);
    }
    return depths;
  }

  bytesOf(key: number): number {
    return this.#bytes.values[key]!;
  }

  /** Makes a key no longer live. */
  end(key: number): void {
    if (this.stateOf(key) !== LIVE) return;
    const weight = this.#table.weightOf(key);
    const bytes = weight * this.#bytes.values[key]!;
    this.#live.values[key] = 0;
    let at = this.#slot.values[key]! - 1;
    for (const level of this.#levels) {
      level[SUMS * at + 2]! -= weight;
      level[SUMS * at + 3]! -= bytes;
      at >>= FAN_BITS;
    }
  }

  /** Renumbers the keys, whose weights have changed; the columns of the table are renumbered already. */
  renumber(ids: Int32Array): void {
    for (let slot = 0; slot < this.#next; slot++) {
      const key = this.#keys[slot]!;
      if (key >= 0) this.#keys[slot] = ids[key]!;
    }
    this.#compact();
  }

  /** Counts a read of a key that is in the stack. */
  read(key: number, weight: number): void {
    this.measure(key);
    this.#plain.add(this.items, this.bytes, weight);
    if (this.stateOf(key) === LIVE) this.#withTtls.add(this.liveItems, this.liveBytes, weight);
  }

  /**
   * Sets the distances to the depth of a key that is in the stack: keys and bytes used since, including the
   * key itself, and the same among live keys.
   */
  measure(key: number): void {
    const slot = this.#slot.values[key]! - 1;
    const own = this.#bytes.values[key]!;
    let items = 1;
    let bytes = own;
    let liveItems = 1;
    let liveBytes = own;
    let at = slot;
    let last = this.#next - 1;
    for (let i = 0; at < last; i++) {
      const level = this.#levels[i]!;
      const end = SUMS * Math.min(at | FAN, last);
      for (let one = SUMS * (at + 1); one <= end; one += SUMS) {
        items += level[one]!;
        bytes += level[one + 1]!;
        liveItems += level[one + 2]!;
        liveBytes += level[one + 3]!;
      }
      at >>= FAN_BITS;
      last >>= FAN_BITS;
    }
    this.items = items;
    this.bytes = bytes;
    this.liveItems = liveItems;
    this.liveBytes = liveBytes;
  }

  #add(slot: number, weight: number, own: number, live: number): void {
    const bytes = weight * own;
    const liveWeight = live * weight;
    const liveBytes = live * bytes;
    let at = slot;
    for (const level of this.#levels) {
      level[SUMS * at]! += weight;
      level[SUMS * at + 1]! += bytes;
      level[SUMS * at + 2]! += liveWeight;
      level[SUMS * at + 3]! += liveBytes;
      at >>= FAN_BITS;
    }
  }

  #allocate(slots: number): void {
    this.#slots = slots;
    this.#keys = new Int32Array(slots).fill(-1);
    this.#levels = [];
    for (let length = slots; length > 1; length = Math.ceil(length / (FAN + 1))) {
      this.#levels.push(new Float64Array(SUMS * length));
    }
  }

  /** Moves the keys to slots without gaps. There are so many slots that this costs little per use. */
  #compact(): void {
    const before = this.#keys;
    const used = this.#next;
    let size = 0;
    for (let slot = 0; slot < used; slot++) if (before[slot]! >= 0) size++;
    let slots = SLOTS_MIN;
    while (slots < SLOTS_A_KEY * size) slots *= 2;
    this.#allocate(slots);
    let next = 0;
    for (let slot = 0; slot < used; slot++) {
      const key = before[slot]!;
      if (key < 0) continue;
      this.#keys[next] = key;
      const weight = this.#table.weightOf(key);
      const bytes = weight * this.#bytes.values[key]!;
      const live = this.#live.values[key]!;
      const level = this.#levels[0]!;
      level[SUMS * next] = weight;
      level[SUMS * next + 1] = bytes;
      level[SUMS * next + 2] = live * weight;
      level[SUMS * next + 3] = live * bytes;
      this.#slot.values[key] = ++next;
    }
    for (let i = 1; i < this.#levels.length; i++) {
      const [below, level] = [this.#levels[i - 1]!, this.#levels[i]!];
      for (let at = 0; at < below.length; at++) {
        level[((at >> (SUMS_BITS + FAN_BITS)) << SUMS_BITS) | (at & (SUMS - 1))]! += below[at]!;
      }
    }
    this.#next = next;
    this.#size = size;
  }
}
