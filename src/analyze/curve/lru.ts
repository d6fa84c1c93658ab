import type { KeyColumn, KeyTable } from '../key-table.js';
import { Expiries } from './expiries.js';
import { Generations } from './generations.js';
import type { Items } from './items.js';
import type { CacheModel } from './model.js';
import { type Depths, Reuse } from './reuse.js';
import { DEAD, LIVE, LruStack, UNKNOWN } from './stack.js';

/** Keys up to which distances are exact: what is known of so many stays in a processor's second cache. */
export const EXACT_KEYS_MAX = 2 ** 14;

/**
 * LRU caches of all sizes at once, by reuse distances (Mattson et al., 1970): without TTLs and deletes; and
 * with them, where expired and deleted items leave the stack before a distance is measured, so that they do
 * not make other distances longer (Sultan et al., "TTLs Matter", EuroSys 2024).
 */
export class LruModels implements CacheModel {
  readonly #table: KeyTable;
  readonly #items: Items;
  #stack: LruStack | Generations;
  readonly #expiry: KeyColumn;
  readonly #expiries = new Expiries();
  /** What misses in it at any size is the first read of its key. */
  readonly plain = new Reuse();
  readonly withTtls = new Reuse();
  /** Bytes a cache with TTLs needs to make the last read of a sampled key a hit. */
  needs = 0;

  constructor(table: KeyTable, items: Items) {
    this.#table = table;
    this.#items = items;
    this.#stack = new LruStack(table, this.plain, this.withTtls);
    this.#expiry = table.column();
  }

  read(key: number, now: number, hit: boolean, weight: number): void {
    if (this.#expiries.first <= now) this.#expire(now);
    const stack = this.#stack;
    const state = stack.stateOf(key);
    if (state === UNKNOWN) this.plain.miss(weight);
    else stack.read(key, weight);
    if (state !== LIVE) this.withTtls.miss(weight);
    if (weight !== 1) this.#readSampled(key, weight, state);
    // A recorded hit was stored before the recording, or after it had expired here.
    const isStored = hit && state !== LIVE;
    if (state !== UNKNOWN || isStored) stack.use(key, this.#items.sizeOf(key), state === LIVE || isStored);
    if (isStored) this.#setExpiry(key, now);
  }

  /** Counts a read for the second time, and sets what it needs. */
  #readSampled(key: number, weight: number, state: number): void {
    const stack = this.#stack;
    const reads = weight * this.#table.countOf(key);
    this.needs = Number.POSITIVE_INFINITY;
    if (state === UNKNOWN) {
      this.plain.missBusy(reads);
      this.withTtls.missBusy(reads);
      return;
    }
    stack.measure(key);
    this.plain.addBusy(stack.items, stack.bytes, reads);
    if (state === DEAD) {
      this.withTtls.missBusy(reads);
      return;
    }
    this.withTtls.addBusy(stack.liveItems, stack.liveBytes, reads);
    this.needs = stack.liveBytes;
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
    const state = this.#stack.stateOf(key);
    if (state === UNKNOWN) return;
    const isLive = state === LIVE;
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
    this.#stack.stateOf(key) === LIVE && this.#expiry.values[key] === time;

  #expire(now: number): void {
    while (this.#expiries.first <= now) {
      const time = this.#expiries.first;
      const key = this.#expiries.take();
      if (this.#isCurrent(key, time)) this.#stack.end(key);
    }
  }

  /** Does what can wait: with many keys, the exact stack becomes one of generations. */
  settle(): void {
    if (this.#stack instanceof Generations || this.#stack.size <= EXACT_KEYS_MAX) return;
    this.#stack = Generations.from(this.#stack, this.#table, this.plain, this.withTtls);
  }

  get depths(): Depths {
    return this.#stack.depths;
  }

  /** Before the histograms are looked at. */
  finish(): void {
    if (this.#stack instanceof Generations) this.#stack.finish();
  }

  renumber(ids: Int32Array): void {
    this.#stack.renumber(ids);
    this.#expiries.rebuild(ids, this.#isCurrent);
  }
}
