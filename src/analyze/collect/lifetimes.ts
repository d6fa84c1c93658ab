import { expiryOf } from '../expiry.js';
import { Histogram, type Percentiles } from '../histogram.js';
import type { KeyColumn, KeyTable } from '../key-table.js';
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

/** What became of the items stored during the recording. Evictions cannot be seen. */
export interface Lifetimes {
  stored: number;
  /** Items whose end is known: they expired, were stored again or deleted. */
  ended: number;
  /** Those of them that were never fetched. */
  expired_unread: number;
  overwritten_unread: number;
  deleted_unread: number;
  /** Milliseconds from the last time an item was stored to each hit; at most 1/1024 too high. */
  age_at_hit_ms: Percentiles;
  /** The same by power of two: see Histogram.powers. */
  age_powers: [below_ms: number, count: number][];
  /** Share of the keys that were followed, by hash; 1: all. */
  sampled: number;
}

/** Follows items from their storage to their end. */
export class LifetimeCounter implements OrderedCollector {
  readonly #table: KeyTable;
  readonly #originNs: number;
  /** By key: when its item was stored, nanoseconds since the first event, + 1; 0: not during the recording. */
  readonly #since: KeyColumn;
  /** By key: when its item expires; 0: never. */
  readonly #expiry: KeyColumn;
  readonly #read: KeyColumn;
  readonly #ages = new Histogram();
  readonly #counts = { stored: 0, ended: 0, expired: 0, overwritten: 0, deleted: 0 };

  /** @param originNs the time, in Unix nanoseconds, that all times are relative to */
  constructor(table: KeyTable, originNs: number) {
    this.#table = table;
    this.#originNs = originNs;
    this.#since = table.column();
    this.#expiry = table.column();
    this.#read = table.column();
  }

  add({ rows, time, id, act, outcome, ttl, weight: weights }: Sequence): void {
    const counts = this.#counts;
    for (let i = 0; i < rows; i++) {
      const key = id[i]!;
      const now = time[i]!;
      const weight = weights[i]!;
      this.#expire(key, now, weight);
      const since = this.#since.values[key]! - 1;
      if (act[i] === WRITE) {
        if (outcome[i] !== STORED) continue;
        if (since >= 0) {
          counts.ended += weight;
          if (this.#read.values[key] === 0) counts.overwritten += weight;
        }
        counts.stored += weight;
        this.#since.values[key] = now + 1;
        this.#read.values[key] = 0;
        this.#setExpiry(key, ttl[i]!, now);
      } else if (since < 0) continue;
      else if (act[i] === READ && outcome[i] === HIT) {
        this.#ages.record(Math.floor((now - since) / 1e6), weight);
        this.#read.values[key] = 1;
        if (!Number.isNaN(ttl[i]!)) this.#setExpiry(key, ttl[i]!, now);
      } else if (act[i] === READ && outcome[i] === MISS) {
        // The item was evicted or the server flushed, at an unknown time.
        this.#since.values[key] = 0;
      } else if (act[i] === DELETE && outcome[i] === HIT) {
        counts.ended += weight;
        if (this.#read.values[key] === 0) counts.deleted += weight;
        this.#since.values[key] = 0;
      } else if (act[i] === TOUCH && outcome[i] === HIT) this.#setExpiry(key, ttl[i]!, now);
    }
  }

  #setExpiry(key: number, ttl: number, now: number): void {
    const expiry = expiryOf(ttl, now, this.#originNs);
    this.#expiry.values[key] = expiry === Number.POSITIVE_INFINITY ? 0 : Math.max(expiry, Number.MIN_VALUE);
  }

  /** Ends the item of a key where it expired before `now`. */
  #expire(key: number, now: number, weight: number): void {
    const expiry = this.#expiry.values[key]!;
    if (this.#since.values[key] === 0 || expiry === 0 || expiry > now) return;
    this.#counts.ended += weight;
    if (this.#read.values[key] === 0) this.#counts.expired += weight;
    this.#since.values[key] = 0;
    this.#expiry.values[key] = 0;
  }

  /** @param end of the recording, nanoseconds since the first event */
  result(end: number): Lifetimes {
    const { rate, size } = this.#table;
    for (let id = 0; id < size; id++) this.#expire(id, end, this.#table.weightOf(id));
    const { stored, ended, expired, overwritten, deleted } = this.#counts;
    return {
      stored: Math.round(stored),
      ended: Math.round(ended),
      expired_unread: Math.round(expired),
      overwritten_unread: Math.round(overwritten),
      deleted_unread: Math.round(deleted),
      age_at_hit_ms: this.#ages.percentiles(),
      age_powers: this.#ages.powers(),
      sampled: rate,
    };
  }
}
