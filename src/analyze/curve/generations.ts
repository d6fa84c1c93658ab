import { KeyRecords } from '../key-records.js';
import type { KeyTable } from '../key-table.js';
import { type Depths, type Reuse, varianceOf } from './reuse.js';
import { DEAD, LIVE, type LruStack, UNKNOWN } from './stack.js';

/** Keys that are used in a generation before the next one begins. */
const USES = 64;
/** Generations there is room for. */
const GENERATIONS = 1024;
/** After a merger at most so many are left. */
const MERGED_MAX = (3 * GENERATIONS) / 4;
/**
 * The youngest generations, whose distances are worked out after each one; and those of all after so many.
 */
const YOUNG = 64;
const ALL_EVERY = 8;
/**
 * A generation that was merged has at most this share of the keys above it: distances are rounded by half
 * of that.
 */
const STEP = 1 / 32;

/** What is known of a generation; numbers of keys are weighted. */
const SUMS = 8;
const [ITEMS, BYTES, LIVE_ITEMS, LIVE_BYTES] = [0, 1, 2, 3] as const;
/** Reads of its keys since distances were last worked out, and how many uses there had been when it began. */
const [READS, LIVE_READS, READ_BYTES, BEGIN] = [4, 5, 6, 7] as const;
/** What lies above a generation, like the first four of its sums. */
const ABOVE = 4;

/** What is known of a key. */
const KEY = 4;
/** Its generation + 1, and 0 where it is not in the stack. */
const [GENERATION, OWN_BYTES, IS_LIVE, WEIGHT] = [0, 1, 2, 3] as const;

/**
 * An LRU stack of many keys, in which only generations have an order: the keys that were last used while
 * the same 64 keys were. A key that is used moves to the youngest generation, and its distance, the keys
 * and bytes in younger generations than its own and half of those in its own, is worked out for all reads
 * of a generation together. Old generations are merged where they are small beside what lies above them, so
 * that there are a few hundred of them, and distances are rounded by 2 % at most (as in Mimir: Saemundsson
 * et al., SoCC 2014). So a use takes a few additions, whatever the number of keys.
 */
export class Generations {
  readonly #table: KeyTable;
  readonly #plain: Reuse;
  readonly #withTtls: Reuse;
  readonly #keys = new KeyRecords(KEY);
  /** By generation, the oldest first. */
  readonly #sums = new Float64Array(GENERATIONS * SUMS);
  /** What lay above when distances were last worked out. */
  readonly #above = new Float64Array(GENERATIONS * ABOVE);
  /** Number of the youngest generation. */
  #young = 0;
  /** Uses since the youngest began that brought a key to it, and all uses. */
  #uses = 0;
  #allUses = 0;
  #closed = 0;
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
  }

  /** Goes on where an exact stack ends. */
  static from(stack: LruStack, ...rest: ConstructorParameters<typeof Generations>): Generations {
    const generations = new Generations(...rest);
    for (const key of stack.keys()) generations.use(key, stack.bytesOf(key), stack.stateOf(key) === LIVE);
    return generations;
  }

  /** Number of keys in the stack. */
  get size(): number {
    return this.#size;
  }

  stateOf(key: number): number {
    const { values } = this.#keys;
    if (KEY * key >= values.length || values[KEY * key] === 0) return UNKNOWN;
    return values[KEY * key + IS_LIVE] === 1 ? LIVE : DEAD;
  }

  /** Counts a read of a key that is in the stack. */
  read(key: number, weight: number): void {
    const { values } = this.#keys;
    const sums = this.#sums;
    const own = KEY * key;
    const at = SUMS * (values[own]! - 1);
    sums[at + READS]! += weight;
    sums[at + LIVE_READS]! += weight * values[own + IS_LIVE]!;
    sums[at + READ_BYTES]! += weight * values[own + OWN_BYTES]!;
  }

  /**
   * Sets the distances to the depth of a key that is in the stack, by what lay above when that was last
   * worked out.
   */
  measure(key: number): void {
    const generation = this.#keys.values[KEY * key]! - 1;
    const sums = this.#sums;
    const above = this.#above;
    const own = SUMS * generation;
    const at = ABOVE * generation;
    this.items = above[at + ITEMS]! + sums[own + ITEMS]! / 2;
    this.bytes = above[at + BYTES]! + sums[own + BYTES]! / 2;
    this.liveItems = above[at + LIVE_ITEMS]! + sums[own + LIVE_ITEMS]! / 2;
    this.liveBytes = above[at + LIVE_BYTES]! + sums[own + LIVE_BYTES]! / 2;
  }

  /** Moves a key to the youngest generation. */
  use(key: number, bytes: number, live: boolean): void {
    this.#allUses++;
    this.#keys.reach(key);
    const { values } = this.#keys;
    const own = KEY * key;
    const isLive = live ? 1 : 0;
    const generation = values[own]! - 1;
    if (generation === this.#young && values[own + OWN_BYTES] === bytes && values[own + IS_LIVE] === isLive) {
      return;
    }
    if (generation >= 0) this.#add(key, -1);
    else {
      this.#size++;
      values[own + WEIGHT] = this.#table.weightOf(key);
    }
    values[own] = this.#young + 1;
    values[own + OWN_BYTES] = bytes;
    values[own + IS_LIVE] = isLive;
    this.#add(key, 1);
    if (generation !== this.#young && ++this.#uses === USES) this.#close();
  }

  /** Makes a key no longer live. */
  end(key: number): void {
    if (this.stateOf(key) !== LIVE) return;
    this.#add(key, -1);
    this.#keys.values[KEY * key + IS_LIVE] = 0;
    this.#add(key, 1);
  }

  /** Adds a key to the sums of its generation, or takes it away. */
  #add(key: number, times: 1 | -1): void {
    const { values } = this.#keys;
    const sums = this.#sums;
    const own = KEY * key;
    const at = SUMS * (values[own]! - 1);
    const items = times * values[own + WEIGHT]!;
    const bytes = items * values[own + OWN_BYTES]!;
    const live = values[own + IS_LIVE]!;
    sums[at + ITEMS]! += items;
    sums[at + BYTES]! += bytes;
    sums[at + LIVE_ITEMS]! += items * live;
    sums[at + LIVE_BYTES]! += bytes * live;
  }

  /** Begins a new generation. */
  #close(): void {
    this.#uses = 0;
    this.#measure(++this.#closed % ALL_EVERY === 0 ? GENERATIONS : YOUNG);
    if (this.#young + 1 === GENERATIONS) this.#merge();
    this.#begin(this.#young + 1);
  }

  /** Makes a generation, which is empty, the youngest one. */
  #begin(generation: number): void {
    this.#young = generation;
    this.#sums.fill(0, SUMS * generation, SUMS * (generation + 1));
    this.#sums[SUMS * generation + BEGIN] = this.#allUses;
    this.#above.fill(0, ABOVE * generation, ABOVE * (generation + 1));
  }

  /**
   * Works out the distances of the youngest generations, and takes the reads of their keys to the
   * histograms. The reads took place since the distances were last worked out, so what lay above is the
   * mean of then and now.
   */
  #measure(generations: number): void {
    const sums = this.#sums;
    const above = this.#above;
    let [items, bytes, liveItems, liveBytes] = [0, 0, 0, 0];
    const last = Math.max(0, this.#young + 1 - generations);
    for (let i = this.#young; i >= last; i--) {
      const own = SUMS * i;
      const at = ABOVE * i;
      const reads = sums[own + READS]!;
      if (reads > 0) {
        const liveReads = sums[own + LIVE_READS]!;
        const size = sums[own + READ_BYTES]! / reads;
        this.#plain.add(
          1 + (items + above[at + ITEMS]! + sums[own + ITEMS]!) / 2,
          size + (bytes + above[at + BYTES]! + sums[own + BYTES]!) / 2,
          reads,
        );
        if (liveReads > 0) {
          this.#withTtls.add(
            1 + (liveItems + above[at + LIVE_ITEMS]! + sums[own + LIVE_ITEMS]!) / 2,
            size + (liveBytes + above[at + LIVE_BYTES]! + sums[own + LIVE_BYTES]!) / 2,
            liveReads,
          );
        }
        sums.fill(0, own + READS, own + BEGIN);
      }
      above[at + ITEMS] = items;
      above[at + BYTES] = bytes;
      above[at + LIVE_ITEMS] = liveItems;
      above[at + LIVE_BYTES] = liveBytes;
      items += sums[own + ITEMS]!;
      bytes += sums[own + BYTES]!;
      liveItems += sums[own + LIVE_ITEMS]!;
      liveBytes += sums[own + LIVE_BYTES]!;
    }
  }

  /** Merges small generations with their neighbours, which makes room for new ones. */
  #merge(): void {
    this.#measure(GENERATIONS);
    const groups = new Int32Array(GENERATIONS);
    let step = STEP;
    while (this.#group(groups, step) > MERGED_MAX) step *= 2;
    const sums = this.#sums;
    const above = this.#above;
    const youngest = this.#young;
    const number = (generation: number) => groups[0]! - groups[generation]!;
    for (let i = 0; i <= youngest; i++) {
      const to = number(i);
      if (i === 0 || number(i - 1) !== to) sums.copyWithin(SUMS * to, SUMS * i, SUMS * (i + 1));
      else for (let sum = ITEMS; sum <= LIVE_BYTES; sum++) sums[SUMS * to + sum]! += sums[SUMS * i + sum]!;
      above.copyWithin(ABOVE * to, ABOVE * i, ABOVE * (i + 1));
    }
    this.#young = number(youngest);
    const { values } = this.#keys;
    for (let at = GENERATION; at < values.length; at += KEY) {
      if (values[at]! > 0) values[at] = number(values[at]! - 1) + 1;
    }
  }

  /** Numbers groups of generations that can be merged, from the youngest on. Returns how many there are. */
  #group(groups: Int32Array, step: number): number {
    const sums = this.#sums;
    const least = 8 * step * USES;
    let group = -1;
    let [above, liveAbove] = [0, 0];
    let [items, liveItems] = [0, 0];
    for (let i = this.#young; i >= 0; i--) {
      const ownItems = sums[SUMS * i + ITEMS]!;
      const ownLive = sums[SUMS * i + LIVE_ITEMS]!;
      const fits =
        items + ownItems <= Math.max(step * above, least) &&
        liveItems + ownLive <= Math.max(step * liveAbove, least);
      if (group < 0 || !fits) {
        group++;
        above += items;
        liveAbove += liveItems;
        items = 0;
        liveItems = 0;
      }
      items += ownItems;
      liveItems += ownLive;
      groups[i] = group;
    }
    return group + 1;
  }

  /** By generation, the youngest first. */
  get depths(): Depths {
    const sums = this.#sums;
    const { values } = this.#keys;
    const variances = new Float64Array(this.#young + 1);
    let sampled = 0;
    for (let key = 0; KEY * key < values.length; key++) {
      const own = KEY * key;
      const weight = values[own + WEIGHT]!;
      if (values[own]! === 0 || values[own + IS_LIVE] === 0 || weight === 1) continue;
      sampled++;
      const generation = values[own]! - 1;
      const share = 1 - sums[SUMS * generation + BEGIN]! / this.#allUses;
      variances[generation]! += varianceOf(
        weight,
        values[own + OWN_BYTES]!,
        share * this.#table.countOf(key),
      );
    }
    let [bytes, variance] = [0, variances.reduce((sum, one) => sum + one, 0) / Math.max(1, sampled)];
    const depths: Depths = { bytes: [bytes], variance: [variance] };
    for (let i = this.#young; i >= 0; i--) {
      bytes += sums[SUMS * i + LIVE_BYTES]!;
      variance += variances[i]!;
      depths.bytes.push(bytes);
      depths.variance.push(variance);
    }
    return depths;
  }

  /** Takes all reads to the histograms. */
  finish(): void {
    this.#measure(GENERATIONS);
  }

  /** Renumbers the keys, whose weights have changed. */
  renumber(ids: Int32Array): void {
    this.#measure(GENERATIONS);
    this.#keys.renumber(ids);
    for (let i = 0; i <= this.#young; i++) this.#sums.fill(0, SUMS * i, SUMS * i + READS);
    this.#size = 0;
    const { values } = this.#keys;
    for (let key = 0; KEY * key < values.length; key++) {
      if (values[KEY * key] === 0) continue;
      values[KEY * key + WEIGHT] = this.#table.weightOf(key);
      this.#add(key, 1);
      this.#size++;
    }
    this.#above.fill(0);
    this.#measure(GENERATIONS);
  }
}
