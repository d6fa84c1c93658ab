import type { KeyColumn, KeyTable } from '../key-table.js';
import { type Curve, Distances } from './distances.js';
import { Expiries } from './expiries.js';
import type { Items } from './items.js';
import type { CacheModel } from './model.js';
import { LruStack } from './stack.js';

/** What an LRU cache of any size does. */
class Reuse {
  readonly #byItems = new Distances();
  readonly #byBytes = new Distances();
  /** Reads that miss at any size. */
  cold = 0;

  add(items: number, bytes: number, weight: number): void {
    this.#byItems.add(items, weight);
    this.#byBytes.add(bytes, weight);
  }

  /** @param reads of all keys; `counted`: those of the sample. The difference is taken for hits of the hottest keys. */
  curves(reads: number, counted: number): { items: Curve; bytes: Curve } {
    return {
      items: this.#byItems.curve(reads, reads - counted),
      bytes: this.#byBytes.curve(reads, reads - counted),
    };
  }
}

/**
 * LRU caches of all sizes at once, by reuse distances (Mattson et al., 1970): without TTLs and deletes; and with them,
 * where expired and deleted items leave the stack before a distance is measured, so that they do not make other
 * distances longer (Sultan et al., "TTLs Matter", EuroSys 2024).
 */
export class LruModels implements CacheModel {
  readonly #items: Items;
  readonly #stack: LruStack;
  readonly #expiry: KeyColumn;
  readonly #expiries = new Expiries();
  /** Its cold reads are the first of their keys. */
  readonly plain = new Reuse();
  readonly withTtls = new Reuse();
  /** Bytes a cache with TTLs needs to make the last read a hit. */
  needs = 0;

  constructor(table: KeyTable, items: Items) {
    this.#items = items;
    this.#stack = new LruStack(table);
    this.#expiry = table.column();
  }

  read(key: number, now: number, hit: boolean, weight: number): void {
    this.#expire(now);
    const stack = this.#stack;
    const isKnown = stack.has(key);
    const wasLive = stack.isLive(key);
    // A recorded hit was stored before the recording, or after it had expired here.
    const isStored = hit && !wasLive;
    if (isKnown || isStored) stack.use(key, this.#items.sizeOf(key), wasLive || isStored);
    if (isStored) this.#setExpiry(key, now);
    if (isKnown) this.plain.add(stack.items, stack.bytes, weight);
    else this.plain.cold += weight;
    this.needs = wasLive ? stack.liveBytes : Number.POSITIVE_INFINITY;
    if (wasLive) this.withTtls.add(stack.liveItems, stack.liveBytes, weight);
    else this.withTtls.cold += weight;
  }

  write(key: number, now: number): void {
    this.#expire(now);
    this.#stack.use(key, this.#items.sizeOf(key), true);
    this.#setExpiry(key, now);
  }

  remove(key: number, now: number): void {
    this.#expire(now);
    this.#stack.end(key);
  }

  touch(key: number, now: number): void {
    this.#expire(now);
    if (!this.#stack.has(key)) return;
    const isLive = this.#stack.isLive(key);
    this.#stack.use(key, this.#items.sizeOf(key), isLive);
    if (isLive) this.#setExpiry(key, now);
  }

  #setExpiry(key: number, now: number): void {
    const expiry = this.#items.expiryOf(key, now);
    this.#expiry.values[key] = expiry;
    if (expiry === Number.POSITIVE_INFINITY) return;
    if (expiry <= now) this.#stack.end(key);
    else this.#expiries.add(expiry, key);
    // A key leaves an outdated entry each time it is stored again.
    if (this.#expiries.size > 4 * this.#stack.size + 1024) this.#expiries.rebuild(null, this.#isCurrent);
  }

  readonly #isCurrent = (key: number, time: number): boolean =>
    this.#stack.isLive(key) && this.#expiry.values[key] === time;

  #expire(now: number): void {
    while (this.#expiries.first <= now) {
      const time = this.#expiries.first;
      const key = this.#expiries.take();
      if (this.#isCurrent(key, time)) this.#stack.end(key);
    }
  }

  renumber(ids: Int32Array): void {
    this.#stack.renumber(ids);
    this.#expiries.rebuild(ids, this.#isCurrent);
  }
}
