import { type Advice, adviceOf } from '../curve/advice.js';
import { type Curve, Distances, ratioBetween } from '../curve/distances.js';
import { Items } from '../curve/items.js';
import { LruModels } from '../curve/lru.js';
import { Memcacheds } from '../curve/memcacheds.js';
import type { Totals } from '../curve/reuse.js';
import type { MemcachedOptions } from '../curve/segmented.js';
import type { KeyTable } from '../key-table.js';
import {
  DELETE,
  HIT,
  MISS,
  type OrderedCollector,
  READ,
  type Sequence,
  STORED,
  TOUCH,
  WRITE,
} from '../sequence.js';

/** How the hit ratio would change with memory. */
export interface MissRatios {
  /** LRU of a cache without TTLs and deletes. */
  lru: { items: Curve; bytes: Curve };
  /** LRU where items leave when they expire or are deleted. */
  lru_ttl: { items: Curve; bytes: Curve };
  /** A simulated memcached, by bytes of -m; null where it was not asked for. */
  memcached: { bytes: Curve } | null;
  /** 95 % confidence band of `lru_ttl` by bytes: [size, low, high]; empty where all keys are followed. */
  band: [size: number, low: number, high: number][];
  /** Reads that miss at any size, because their key was neither stored nor hit before. */
  cold_misses: number;
  /** Reads that miss at any size, because the item had expired or was deleted. */
  dead_misses: number;
  /** Hits and misses of commands that ask for a value. */
  reads: number;
  /** Share of the keys that the curves are based on, sampled by hash; 1: all. */
  sampled: number;
  advice: Advice | null;
}

/** What to find out about memory. */
export interface MemoryOptions {
  /** The server's memory, bytes; null: not known. */
  bytes: number | null;
  /** Options of the memcached to simulate; null: simulate none. */
  memcached: MemcachedOptions | null;
}

/** Ranges of the hash; the spread of their results gives the confidence band. A power of two. */
const RANGES = 8;
/** Student's t for 95 % and RANGES − 1 degrees of freedom. */
const T95 = 2.365;
/** Standard deviations of a normal distribution that 95 % lie within. */
const NORMAL95 = 1.96;
/** Number of sizes that are simulated: powers of two of megabytes, up to 32 GB. */
const SIZES = 16;

/** Feeds events to all models of caches. */
export class MemoryCurves implements OrderedCollector {
  readonly #table: KeyTable;
  readonly #items: Items;
  readonly #lru: LruModels;
  readonly #memcached: Memcacheds | null;
  readonly #given: number | null;
  /** Weighted reads; and those of sampled keys, times the reads of the key: see Reuse. */
  #reads = 0;
  #busyReads = 0;
  /** By range of the hash: weighted reads of sampled keys, and the memory they need under LRU with TTLs. */
  readonly #rangeReads = new Float64Array(RANGES);
  readonly #rangeNeeds = Array.from({ length: RANGES }, () => new Distances());

  /** @param originNs the time, in Unix nanoseconds, that all times are relative to */
  constructor(table: KeyTable, originNs: number, options: MemoryOptions) {
    this.#table = table;
    this.#items = new Items(originNs);
    this.#given = options.bytes;
    this.#lru = new LruModels(table, this.#items);
    const { memcached } = options;
    this.#memcached =
      memcached === null ? null : new Memcacheds(table, this.#items, sizesFor(options.bytes), memcached);
  }

  add({ rows, time, id, act, outcome, itemSize, ttl, weight: weights }: Sequence): void {
    const items = this.#items;
    const lru = this.#lru;
    const memcached = this.#memcached;
    for (let i = 0; i < rows; i++) {
      const key = id[i]!;
      const now = time[i]!;
      const how = outcome[i]!;
      if (how === HIT || how === STORED) items.learn(key, itemSize[i]!, ttl[i]!);
      const isRead = act[i] === READ;
      if (isRead && (how === HIT || how === MISS)) {
        const weight = weights[i]!;
        this.#reads += weight;
        lru.read(key, now, how === HIT, weight);
        memcached?.read(key, now, how === HIT, weight);
        if (weight !== 1) this.#addToRange(key, weight);
      } else if (act[i] === WRITE && how === STORED) {
        lru.write(key, now);
        memcached?.write(key, now);
      } else if (act[i] === DELETE) {
        lru.remove(key, now);
        memcached?.remove(key, now);
      }
      if (how === HIT && (act[i] === TOUCH || (isRead && !Number.isNaN(ttl[i]!)))) {
        lru.touch(key, now);
        memcached?.touch(key, now);
      }
    }
    lru.settle();
  }

  #addToRange(key: number, weight: number): void {
    this.#busyReads += weight * this.#table.countOf(key);
    const range = this.#rangeOf(key);
    this.#rangeReads[range]! += weight;
    const { needs } = this.#lru;
    if (needs < Number.POSITIVE_INFINITY) this.#rangeNeeds[range]!.add(needs, weight);
  }

  /** Taken from the lowest bits of the upper half of the hash; its highest bits decide about the sample. */
  #rangeOf(key: number): number {
    return this.#table.highOf(key) & (RANGES - 1);
  }

  renumber(ids: Int32Array): void {
    this.#items.renumber(ids);
    this.#lru.renumber(ids);
    this.#memcached?.renumber(ids);
  }

  /** @param hits of all keys, like `misses` */
  result(hits: number, misses: number): MissRatios {
    const reads = hits + misses;
    const totals = this.#totals(reads);
    const { rate } = this.#table;
    this.#lru.finish();
    const { plain, withTtls } = this.#lru;
    const lruTtl = withTtls.curves(totals);
    const simulated = this.#memcached
      ?.hits(totals)
      .map(([megabytes, found]): [number, number] => [
        megabytes * 2 ** 20,
        Math.min(1, Math.max(0, (reads - found) / Math.max(1, reads))),
      ]);
    const memcached = simulated !== undefined && reads > 0 ? { bytes: simulated } : null;
    const recorded = reads > 0 ? hits / reads : null;
    const cold = plain.cold(totals);
    return {
      lru: plain.curves(totals),
      lru_ttl: lruTtl,
      memcached,
      band: rate === 1 ? [] : this.#band(lruTtl.bytes, reads),
      cold_misses: Math.round(cold),
      dead_misses: Math.round(withTtls.cold(totals) - cold),
      reads,
      sampled: rate,
      advice: adviceOf(memcached?.bytes ?? lruTtl.bytes, this.#given, recorded),
    };
  }

  #totals(reads: number): Totals {
    const busyShare = this.#busyReads > 0 ? (reads - this.#reads) / this.#busyReads : 0;
    return { reads, busyShare };
  }

  /**
   * Two errors make the band. The misses of sampled keys are a sum over the ranges of the hash: what is
   * left of it where the part is taken away that the number of reads explains spreads as the sum errs. And
   * the size that a read needs is estimated, too: an error of it moves the curve to one side.
   */
  #band(curve: Curve, reads: number): [number, number, number][] {
    const { bytes, variance } = this.#lru.depths;
    const ranges = 1 - this.#table.rate;
    let at = 0;
    return curve.map(([size, ratio]) => {
      const missed = 1 - this.#lru.withTtls.busyHitsAt(size) / Math.max(1, this.#busyReads);
      const left = this.#rangeNeeds.map(
        (needs, i) => (1 - missed) * this.#rangeReads[i]! - needs.hitsAt(size),
      );
      const mean = left.reduce((sum, one) => sum + one, 0) / RANGES;
      const spread = left.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (RANGES - 1);
      const ofReads = (T95 * Math.sqrt(RANGES * spread * ranges)) / reads;
      while (at + 2 < bytes.length && bytes[at + 1]! < size) at++;
      const aside = NORMAL95 * Math.sqrt(between(bytes, variance, at, size));
      const ofSizes = (ratioBetween(curve, size - aside) - ratioBetween(curve, size + aside)) / 2;
      const half = Math.hypot(ofReads, ofSizes);
      return [size, Math.max(0, ratio - half), Math.min(1, ratio + half)];
    });
  }
}

/** The value at `x`, on the line through those at `at` and behind it. */
function between(xs: readonly number[], values: readonly number[], at: number, x: number): number {
  const [from, to] = [xs[at]!, xs[at + 1] ?? x];
  const [before, behind] = [values[at]!, values[at + 1] ?? values[at]!];
  return to <= from ? behind : before + (behind - before) * Math.min(1, (x - from) / (to - from));
}

/** Megabytes to simulate: powers of two, or fractions and multiples of the given size. */
function sizesFor(bytes: number | null): number[] {
  if (bytes === null) return Array.from({ length: SIZES }, (_, i) => 2 ** i);
  const given = Math.max(1, Math.round(bytes / 2 ** 20));
  const sizes = [1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 1.5, 2, 4, 8].map((times) => Math.round(given * times));
  return [...new Set(sizes)].filter((size) => size > 0);
}
