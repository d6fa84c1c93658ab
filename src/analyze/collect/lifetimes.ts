import { expiryOf } from '../expiry.js';
import { Histogram, type Percentiles } from '../histogram.js';
import { KeyRecords } from '../key-records.js';
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

/**
 * What is known of a key: when its item was stored, nanoseconds since the first event, + 1, 0: not during
 * the recording; when it expires, 0: never; and whether it was read.
 */
const KEY = 4;
const [SINCE, EXPIRY, IS_READ] = [0, 1, 2] as const;

/** Follows items from their storage to their end. */
export class LifetimeCounter implements OrderedCollector {
  readonly #table: KeyTable;
  readonly #originNs: number;
  readonly #keys = new KeyRecords(KEY);
  readonly #ages = new Histogram();
  readonly #counts = { stored: 0, ended: 0, expired: 0, overwritten: 0, deleted: 0 };

  /** @param originNs the time, in Unix nanoseconds, that all times are relative to */
  constructor(table: KeyTable, originNs: number) {
    this.#table = table;
    this.#originNs = originNs;
  }

  add({ rows, time, id, act, outcome, ttl, weight: weights }: Sequence): void {
    const counts = this.#counts;
    this.#keys.reach(this.#table.size);
    const { values } = this.#keys;
    for (let i = 0; i < rows; i++) {
      const own = KEY * id[i]!;
      const now = time[i]!;
      const weight = weights[i]!;
      this.#expire(own, now, weight);
      const since = values[own + SINCE]! - 1;
      if (act[i] === WRITE) {
        if (outcome[i] !== STORED) continue;
        if (since >= 0) {
          counts.ended += weight;
          if (values[own + IS_READ] === 0) counts.overwritten += weight;
        }
        counts.stored += weight;
        values[own + SINCE] = now + 1;
        values[own + IS_READ] = 0;
        this.#setExpiry(own, ttl[i]!, now);
      } else if (since < 0) continue;
      else if (act[i] === READ && outcome[i] === HIT) {
        this.#ages.record(Math.floor((now - since) / 1e6), weight);
        values[own + IS_READ] = 1;
        if (!Number.isNaN(ttl[i]!)) this.#setExpiry(own, ttl[i]!, now);
      } else if (act[i] === READ && outcome[i] === MISS) {
        // The item was evicted or the server flushed, at an unknown time.
        values[own + SINCE] = 0;
      } else if (act[i] === DELETE && outcome[i] === HIT) {
        counts.ended += weight;
        if (values[own + IS_READ] === 0) counts.deleted += weight;
        values[own + SINCE] = 0;
      } else if (act[i] === TOUCH && outcome[i] === HIT) this.#setExpiry(own, ttl[i]!, now);
    }
  }

  #setExpiry(own: number, ttl: number, now: number): void {
    const expiry = expiryOf(ttl, now, this.#originNs);
    this.#keys.values[own + EXPIRY] =
      expiry === Number.POSITIVE_INFINITY ? 0 : Math.max(expiry, Number.MIN_VALUE);
  }

  /** Ends the item of a record where it expired before `now`. */
  #expire(own: number, now: number, weight: number): void {
    const { values } = this.#keys;
    const expiry = values[own + EXPIRY]!;
    if (expiry === 0 || expiry > now || values[own + SINCE] === 0) return;
    this.#counts.ended += weight;
    if (values[own + IS_READ] === 0) this.#counts.expired += weight;
    values[own + SINCE] = 0;
    values[own + EXPIRY] = 0;
  }

  renumber(ids: Int32Array): void {
    this.#keys.renumber(ids);
  }

  /** @param end of the recording, nanoseconds since the first event */
  result(end: number): Lifetimes {
    const { rate, size } = this.#table;
    this.#keys.reach(size);
    for (let id = 0; id < size; id++) this.#expire(KEY * id, end, this.#table.weightOf(id));
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
