import type { KeyColumn, KeyTable } from '../key-table.js';
import { Expiries } from './expiries.js';
import type { Items } from './items.js';
import { LruModel } from './lru.js';

/**
 * LRU where expired and deleted items leave the stack before a distance is measured, so that they do not make other
 * distances longer (Sultan et al., "TTLs Matter", EuroSys 2024).
 */
export class LruTtlModel extends LruModel {
  readonly #expiry: KeyColumn;
  readonly #expiries = new Expiries();

  constructor(table: KeyTable, items: Items) {
    super(table, items);
    this.#expiry = table.column();
  }

  override read(key: number, now: number, hit: boolean, weight: number): void {
    this.#expire(now);
    super.read(key, now, hit, weight);
  }

  override write(key: number, now: number): void {
    this.#expire(now);
    super.write(key, now);
    this.#setExpiry(key, this.items.expiryOf(key, now), now);
  }

  override remove(key: number, now: number): void {
    this.#expire(now);
    this.stack.remove(key);
  }

  override touch(key: number, now: number): void {
    this.#expire(now);
    if (!this.stack.has(key)) return;
    super.touch(key, now);
    this.#setExpiry(key, this.items.expiryOf(key, now), now);
  }

  #setExpiry(key: number, expiry: number, now: number): void {
    this.#expiry.values[key] = expiry;
    if (expiry === Number.POSITIVE_INFINITY) return;
    if (expiry <= now) this.stack.remove(key);
    else this.#expiries.add(expiry, key);
    // A key leaves an outdated entry each time it is stored again.
    if (this.#expiries.size > 4 * this.stack.size + 1024) this.#expiries.rebuild(null, this.#isCurrent);
  }

  readonly #isCurrent = (key: number, time: number): boolean =>
    this.stack.has(key) && this.#expiry.values[key] === time;

  #expire(now: number): void {
    while (this.#expiries.first <= now) {
      const time = this.#expiries.first;
      const key = this.#expiries.take();
      if (this.#isCurrent(key, time)) this.stack.remove(key);
    }
  }

  override renumber(ids: Int32Array, rate: number): void {
    super.renumber(ids, rate);
    this.#expiries.rebuild(ids, this.#isCurrent);
  }
}
