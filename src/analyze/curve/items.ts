import { expiryOf } from '../expiry.js';
import { KeyRecords } from '../key-records.js';

/** Assumed size of an item before any size is known, bytes. */
const SIZE_GUESS = 200;

/**
 * What is known of a key: its item's bytes, 0: unknown; and its last requested TTL + 1, 0: none, negative:
 * expires at once.
 */
const KEY = 2;
const [SIZE, TTL] = [0, 1] as const;

/** Size and TTL of every key's item as last recorded, for all models of a cache. */
export class Items {
  readonly #originNs: number;
  readonly #keys = new KeyRecords(KEY);
  #sizes = 0;
  #sum = 0;

  /** @param originNs the time, in Unix nanoseconds, that all times are relative to */
  constructor(originNs: number) {
    this.#originNs = originNs;
  }

  /** Takes size and TTL of an event; -1 and NaN: it has none. */
  learn(key: number, itemSize: number, ttl: number): void {
    this.#keys.reach(key);
    const { values } = this.#keys;
    if (itemSize >= 0) {
      values[KEY * key + SIZE] = itemSize;
      this.#sizes++;
      this.#sum += itemSize;
    }
    if (!Number.isNaN(ttl)) values[KEY * key + TTL] = ttl >= 0 ? ttl + 1 : -1;
  }

  /** Bytes of a key's item: its last known size, else the mean of all items. */
  sizeOf(key: number): number {
    const { values } = this.#keys;
    const size = KEY * key < values.length ? values[KEY * key + SIZE]! : 0;
    if (size > 0) return size;
    return this.#sizes > 0 ? Math.round(this.#sum / this.#sizes) : SIZE_GUESS;
  }

  /** When an item that is stored now with its last TTL expires. */
  expiryOf(key: number, now: number): number {
    const { values } = this.#keys;
    const ttl = KEY * key < values.length ? values[KEY * key + TTL]! : 0;
    return ttl === 0 ? Number.POSITIVE_INFINITY : expiryOf(ttl - 1, now, this.#originNs);
  }

  /** Renumbers the keys. */
  renumber(ids: Int32Array): void {
    this.#keys.renumber(ids);
  }
}
