import { type Advice, adviceOf } from '../curve/advice.js';
import { type Curve, Distances } from '../curve/distances.js';
import { Items } from '../curve/items.js';
import { LruModels } from '../curve/lru.js';
import { Memcacheds } from '../curve/memcacheds.js';
import type { CacheModel } from '../curve/model.js';
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
  /** Exact LRU of a cache without TTLs and deletes. */
  lru: { items: Curve; bytes: Curve };
  /** LRU where items leave when they expire or are deleted. */
  lru_ttl: { items: Curve; bytes: Curve };
  /** A simulated memcached, by bytes of -m; null where it was not asked for. */
  memcached: { bytes: Curve } | null;
  /** 95 % confidence band of `lru_ttl` by bytes: [size, low, high]; empty where the curve is exact. */
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
/** Number of sizes that are simulated: powers of two of megabytes, up to 32 GB. */
const SIZES = 16;

/** Feeds events to all models of caches. */
export class MemoryCurves implements OrderedCollector {
  readonly #table: KeyTable;
  readonly #items: Items;
  readonly #lru: LruModels;
  readonly #memcached: Memcacheds | null;
  readonly #models: readonly CacheModel[];
  readonly #given: number | null;
  /** Reads of the sample, weighted. */
  #reads = 0;
  /** By range of the hash: weighted reads of sampled keys, and the memory they need under LRU with TTLs. */
  readonly #rangeReads = new Float64Array(RANGES);
  readonly #rangeNeeds = Array.from({ length: RANGES }, () => new Distances());

  /** @param originNs the time, in Unix nanoseconds, that all times are relative to */
  constructor(table: KeyTable, originNs: number, options: MemoryOptions) {
    this.#table = table;
    this.#items = new Items(table, originNs);
    this.#given = options.bytes;
    this.#lru = new LruModels(table, this.#items);
    const { memcached } = options;
    this.#memcached =
      memcached === null ? null : new Memcacheds(table, this.#items, sizesFor(options.bytes), memcached);
    this.#models = this.#memcached === null ? [this.#lru] : [this.#lru, this.#memcached];
  }

  add({ rows, time, id, act, outcome, itemSize, ttl, weight: weights }: Sequence): void {
    const models = this.#models;
    for (let i = 0; i < rows; i++) {
      const key = id[i]!;
      const now = time[i]!;
      const how = outcome[i]!;
      if (how === HIT || how === STORED) this.#items.learn(key, itemSize[i]!, ttl[i]!);
      if (act[i] === READ && (how === HIT || how === MISS)) {
        const weight = weights[i]!;
        this.#reads += weight;
        for (const model of models) model.read(key, now, how === HIT, weight);
        if (weight !== 1) this.#addToRange(key, weight);
      } else if (act[i] === WRITE && how === STORED) {
        for (const model of models) model.write(key, now);
      } else if (act[i] === DELETE) {
        for (const model of models) model.remove(key, now);
      }
      const touches = act[i] === TOUCH || (act[i] === READ && !Number.isNaN(ttl[i]!));
      if (how === HIT && touches) for (const model of models) model.touch(key, now);
    }
    this.#lru.settle();
  }

  #addToRange(key: number, weight: number): void {
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
    for (const model of this.#models) model.renumber(ids);
  }

  /**
   * @param hits of all keys, like `misses`. Where the sample has more or fewer reads than they say, the difference is
   * taken for hits of the hottest keys.
   */
  result(hits: number, misses: number): MissRatios {
    const reads = hits + misses;
    const { rate } = this.#table;
    this.#lru.finish();
    const { plain, withTtls } = this.#lru;
    const lruTtl = withTtls.curves(reads, this.#reads);
    const simulated = this.#memcached?.hits.map(([megabytes, own]): [number, number] => {
      const found = own + reads - this.#reads;
      return [megabytes * 2 ** 20, Math.min(1, Math.max(0, (reads - found) / Math.max(1, reads)))];
    });
    const memcached = simulated !== undefined && reads > 0 ? { bytes: simulated } : null;
    const recorded = reads > 0 ? hits / reads : null;
    return {
      lru: plain.curves(reads, this.#reads),
      lru_ttl: lruTtl,
      memcached,
      band: rate === 1 ? [] : this.#band(lruTtl.bytes, reads),
      cold_misses: Math.round(plain.cold),
      dead_misses: Math.round(withTtls.cold - plain.cold),
      reads,
      sampled: rate,
      advice: adviceOf(memcached?.bytes ?? lruTtl.bytes, this.#given, recorded),
    };
  }

  /** The misses of sampled keys are a sum over the ranges, so the spread of the ranges gives its error. */
  #band(curve: Curve, reads: number): [number, number, number][] {
    return curve.map(([size, ratio]) => {
      const misses = this.#rangeNeeds.map((needs, i) => this.#rangeReads[i]! - needs.hitsAt(size));
      const mean = misses.reduce((sum, one) => sum + one, 0) / RANGES;
      const variance = misses.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (RANGES - 1);
      const half = (T95 * Math.sqrt(RANGES * variance * (1 - this.#table.rate))) / reads;
      return [size, Math.max(0, ratio - half), Math.min(1, ratio + half)];
    });
  }
}

/** Megabytes to simulate: powers of two, or fractions and multiples of the given size. */
function sizesFor(bytes: number | null): number[] {
  if (bytes === null) return Array.from({ length: SIZES }, (_, i) => 2 ** i);
  const given = Math.max(1, Math.round(bytes / 2 ** 20));
  const sizes = [1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 1.5, 2, 4, 8].map((times) => Math.round(given * times));
  return [...new Set(sizes)].filter((size) => size > 0);
}
