import { expiryOf } from '../expiry.js';
import type { KeyColumn, KeyTable } from '../key-table.js';

/** Assumed size of an item before any size is known, bytes. */
const SIZE_GUESS = 200;

/** Size and TTL of every key's item as last recorded, for all models of a cache. */
export class Items {
  readonly #originNs: number;
  readonly #size: KeyColumn;
  /** Last requested TTL + 1; 0: none; negative: expires at once. */
  readonly #ttl: KeyColumn;
  #sizes = 0;
  #sum = 0;

  /** @param originNs the time, in Unix nanoseconds, that all times are relative to */
  constructor(table: KeyTable, originNs: number) {
    this.#originNs = originNs;
    this.#size = table.column();
    this.#ttl = table.column();
  }

  /** Takes size and TTL of an event; -1 and NaN: it has none. */
  learn(key: number, itemSize: number, ttl: number): void {
    if (itemSize >= 0) {
      this.#size.values[key] = itemSize;
      this.#sizes++;
      this.#sum += itemSize;
    }
    if (!Number.isNaN(ttl)) this.#ttl.values[key] = ttl >= 0 ? ttl + 1 : -1;
  }

  /** Bytes of a key's item: its last known size, else the mean of all items. */
  sizeOf(key: number): number {
    const size = this.#size.values[key]!;
    if (size > 0) return size;
    return this.#sizes > 0 ? Math.round(this.#sum / this.#sizes) : SIZE_GUESS;
  }

  /** When an item that is stored now with its last TTL expires. */
  expiryOf(key: number, now: number): number {
    const ttl = this.#ttl.values[key]!;
    return ttl === 0 ? Number.POSITIVE_INFINITY : expiryOf(ttl - 1, now, this.#originNs);
  }
}
