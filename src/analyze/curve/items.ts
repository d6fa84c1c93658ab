import { expiryOf } from '../expiry.js';
import type { KeyColumn, KeyTable } from '../key-table.js';

/** Bytes an item is taken for before any size was seen. */
const SIZE_GUESS = 200;

/** What is known of every key's item when an event comes, for all models of a cache. */
export class Items {
  readonly #originNs: number;
  readonly #size: KeyColumn;
  /** TTL last asked for, + 1; 0: none was; negative: expired at once. */
  readonly #ttl: KeyColumn;
  #sizes = 0;
  #sum = 0;

  /** @param originNs Unix nanoseconds times are told from */
  constructor(table: KeyTable, originNs: number) {
    this.#originNs = originNs;
    this.#size = table.column();
    this.#ttl = table.column();
  }

  /** Learns from an event; `itemSize` -1 and `ttl` NaN say nothing. */
  learn(key: number, itemSize: number, ttl: number): void {
    if (itemSize >= 0) {
      this.#size.values[key] = itemSize;
      this.#sizes++;
      this.#sum += itemSize;
    }
    if (!Number.isNaN(ttl)) this.#ttl.values[key] = ttl >= 0 ? ttl + 1 : -1;
  }

  /** Bytes of a key's item: the last seen, else what items have on average. */
  sizeOf(key: number): number {
    const size = this.#size.values[key]!;
    if (size > 0) return size;
    return this.#sizes > 0 ? Math.round(this.#sum / this.#sizes) : SIZE_GUESS;
  }

  /** When the item expires that is stored now as it was last. */
  expiryOf(key: number, now: number): number {
    const ttl = this.#ttl.values[key]!;
    return ttl === 0 ? Number.POSITIVE_INFINITY : expiryOf(ttl - 1, now, this.#originNs);
  }
}
