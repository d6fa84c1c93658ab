import { KeyRecords } from '../key-records.js';
import type { KeyTable } from '../key-table.js';
import { chunkSizes, classOf, PAGE } from '../slabs.js';
import type { Items } from './items.js';
import type { CacheModel } from './model.js';
import type { Totals } from './reuse.js';
import { ACTIVE, type MemcachedOptions, type NewItem, SegmentedModel, SHARED, SOONEST } from './segmented.js';

/**
 * Simulated memcacheds of several sizes. One model stands for all that have the same items: those that have
 * not had to evict any, and those that are too small for more than the first page of each class.
 */
export class Memcacheds implements CacheModel {
  readonly #table: KeyTable;
  readonly #items: Items;
  readonly #options: MemcachedOptions;
  readonly #chunks: readonly number[];
  readonly #models: SegmentedModel[] = [];
  readonly #shared = new KeyRecords(SHARED);
  /** The bits of all models. */
  #all = 0;
  /** Reads that are hits in all of them, and change nothing. */
  #hits = 0;
  #busyHits = 0;

  /** @param sizes megabytes, as -m takes them, ascending */
  constructor(table: KeyTable, items: Items, sizes: readonly number[], options: MemcachedOptions) {
    this.#table = table;
    this.#items = items;
    this.#options = options;
    this.#chunks = chunkSizes(options);
    this.#add(sizes.map((megabytes) => Math.floor((megabytes * 2 ** 20) / PAGE)));
  }

  #add(sizes: readonly number[]): SegmentedModel {
    const bit = 2 ** this.#models.length;
    const model = new SegmentedModel(sizes, this.#options, { bit, records: this.#shared }, (from, denied) =>
      this.#add(denied).copy(from),
    );
    this.#models.push(model);
    this.#all += bit;
    return model;
  }

  /** Reads that are hits, by size in megabytes. */
  hits({ busyShare }: Totals): [megabytes: number, hits: number][] {
    const hits = this.#models.flatMap((model) => {
      const all = this.#hits + model.hits + busyShare * (this.#busyHits + model.busyHits);
      return model.sizes.map((pages): [number, number] => [(pages * PAGE) / 2 ** 20, all]);
    });
    return hits.sort(([one], [other]) => one - other);
  }

  read(key: number, now: number, hit: boolean, weight: number): void {
    const at = SHARED * key;
    const { values } = this.#shared;
    const busy = weight === 1 ? 0 : weight * this.#table.countOf(key);
    if (values[at + ACTIVE] === this.#all && values[at + SOONEST]! > now) {
      this.#hits += weight;
      this.#busyHits += busy;
      return;
    }
    this.#shared.reach(key);
    let item: NewItem | null = null;
    let isStored = false;
    for (const model of this.#models) {
      if (model.read(key, now, weight, busy) || !hit) continue;
      item ??= this.#newItem(key, now);
      if (item === null) break;
      model.write(item);
      isStored = true;
    }
    if (isStored || this.#shared.values[at + SOONEST]! <= now) this.#findSoonest(key);
  }

  write(key: number, now: number): void {
    this.#shared.reach(key);
    const item = this.#newItem(key, now);
    for (const model of this.#models) {
      if (item === null) model.drop(key);
      else model.write(item);
    }
    this.#findSoonest(key);
  }

  remove(key: number, now: number): void {
    for (const model of this.#models) model.remove(key, now);
  }

  touch(key: number, now: number): void {
    this.#shared.reach(key);
    const expiry = this.#items.expiryOf(key, now);
    for (const model of this.#models) model.touch(key, now, expiry);
    this.#findSoonest(key);
  }

  /** Null where a memcached would not take it. */
  #newItem(key: number, now: number): NewItem | null {
    const bytes = this.#items.sizeOf(key) - (this.#options.cas ? 0 : 8);
    if (bytes > this.#options.itemMax) return null;
    const slab = classOf(this.#chunks, bytes);
    const weight = this.#table.weightOf(key);
    const chunks = Math.ceil(bytes / this.#chunks[slab]!) * weight;
    return { key, slab, chunks, weight, now, expiry: this.#items.expiryOf(key, now) };
  }

  #findSoonest(key: number): void {
    let soonest = Number.POSITIVE_INFINITY;
    for (const model of this.#models) soonest = Math.min(soonest, model.expiryOf(key));
    this.#shared.values[SHARED * key + SOONEST] = soonest;
  }

  renumber(ids: Int32Array): void {
    this.#shared.renumber(ids);
    for (const model of this.#models) model.renumber(ids, (key) => this.#table.weightOf(key));
  }
}
