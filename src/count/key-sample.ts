/** The busiest keys, and how the hit ratio would change with memory, from a sample of the keys. */
import { MemoryCurves, type MissRatios } from '../analyze/collect/memory.js';
import { type KeyColumn, KeyTable } from '../analyze/key-table.js';
import { createSequence, HIT, MISS, READ } from '../analyze/sequence.js';
import { hashText } from '../event/values.js';
import { KEY_HAS_TTL, KEY_IS_ANSWER, KEY_RECORD } from '../layout/generated.js';
import { kindOf } from './key-outcomes.js';
import { KeyRequests } from './key-requests.js';

/** A key by its hash, and how many requests asked for it, changed it or deleted it. */
export interface CountedKey {
  key: string;
  count: number;
}

/** What the sample is. */
export interface KeySampleReport {
  /** Share of the keys that it has: a smaller one than asked for where there are too many. */
  rate: number;
  /** Requests of its keys. */
  requests: number;
  /** Reads among them of which it cannot be told what answered them; they are not in `mrc`. */
  unpaired: number;
}

/** Hits and misses of all keys; null: not known. */
export interface Reads {
  hits: number | null;
  misses: number | null;
}

/** Keys that are followed, before fewer are: as in `analyze`. */
const KEYS_MAX = 2 ** 16;
/** Where all keys are of the sample, the busiest of them stay. */
const PINNED_MAX = KEYS_MAX / 4;
/** How long a request waits for its answer, ns; later ones wait for it. */
const PATIENCE = 1e9;
const TOP = 10;
/** Requests that the models get at a time. */
const ROWS = 4096;

export class KeySample {
  readonly #table: KeyTable;
  /** Requests of each key since the last report. */
  readonly #recent: KeyColumn;
  readonly #requests = new KeyRequests();
  readonly #curves: MemoryCurves;
  readonly #sequence = createSequence(ROWS);
  /** When it began: CLOCK_MONOTONIC, ns. */
  readonly #start: number;
  /** Keys that one stands for at first. */
  readonly #weight: number;
  #time = 0;
  #taken = 0;
  #hits = 0;
  #misses = 0;

  /**
   * @param limit see `key_limit` of the program
   * @param start when it begins: CLOCK_MONOTONIC, ns
   * @param origin the same moment, Unix nanoseconds
   */
  constructor(limit: number, start: bigint, origin: bigint) {
    this.#table = new KeyTable(KEYS_MAX, PINNED_MAX, { threshold: limit });
    this.#recent = this.#table.column();
    this.#curves = new MemoryCurves(this.#table, Number(origin), { bytes: null, memcached: null });
    this.#start = Number(start);
    this.#weight = 2 ** 32 / limit;
  }

  /** Takes a struct key_record. */
  readonly take = (words: Uint32Array, at: number): void => {
    const bits = (words[at + KEY_RECORD.what / 4]! >>> 8) & 255;
    if ((bits & KEY_IS_ANSWER) !== 0) {
      this.#requests.answer(words, at);
      return;
    }
    if (this.#requests.isFull) this.#settle(Number.POSITIVE_INFINITY, 1);
    const time = words[at]! + words[at + 1]! * 2 ** 32 - this.#start;
    // Processors write into the ring a little out of order.
    this.#time = Math.max(this.#time, time);
    const id = this.#table.idOf(words[at + KEY_RECORD.hash / 4]!, words[at + KEY_RECORD.hash / 4 + 1]!);
    if (id >= 0) {
      this.#table.counts.values[id]!++;
      this.#recent.values[id]!++;
    }
    this.#taken++;
    this.#requests.add(words, at, this.#time, id);
    this.#limit();
  };

  /** After the ring was drained: passes what is known to the models. `now`: CLOCK_MONOTONIC, ns. */
  settle(now: bigint): void {
    this.#settle(Number(now) - this.#start - PATIENCE);
  }

  /** At the end: nothing waits any longer. */
  finish(): void {
    this.#settle(Number.POSITIVE_INFINITY);
  }

  #settle(before: number, most = Number.POSITIVE_INFINITY): void {
    for (let n = 0; n < most; n++) {
      const row = this.#requests.take(before);
      if (row < 0) break;
      this.#pass(row);
      if (this.#sequence.rows === ROWS) this.#model();
    }
    this.#model();
  }

  /** Makes a request one of the sequence for the models. */
  #pass(row: number): void {
    const { time, id, op, bits, keySize, mode, valueSize, ttl, status } = this.#requests;
    const kind = kindOf(op[row]!, status[row]!, bits[row]!, mode[row]!);
    if (kind.act === READ) {
      if (kind.outcome === HIT) this.#hits++;
      else if (kind.outcome === MISS) this.#misses++;
    }
    const key = id[row]!;
    if (key < 0) return;
    const to = this.#sequence;
    const at = to.rows++;
    to.time[at] = time[row]!;
    to.id[at] = key;
    to.act[at] = kind.act;
    to.outcome[at] = kind.outcome;
    to.itemSize[at] = kind.overhead < 0 ? -1 : kind.overhead + keySize[row]! + valueSize[row]!;
    to.ttl[at] = (bits[row]! & KEY_HAS_TTL) !== 0 ? ttl[row]! : Number.NaN;
    to.weight[at] = this.#table.weightOf(key);
  }

  #model(): void {
    if (this.#sequence.rows === 0) return;
    this.#curves.add(this.#sequence);
    this.#sequence.rows = 0;
  }

  #limit(): void {
    // The sequence has numbers of keys.
    if (this.#table.size <= KEYS_MAX) return;
    this.#model();
    const renumbered = this.#table.limit();
    if (renumbered === null) return;
    this.#curves.renumber(renumbered);
    this.#requests.renumber(renumbered);
  }

  get report(): KeySampleReport {
    return { rate: this.#table.rate, requests: this.#taken, unpaired: this.#requests.unpaired };
  }

  /** The busiest keys since the start. */
  busiest(): CountedKey[] {
    return this.#largest(this.#table.counts);
  }

  /** The busiest keys since this was last called. */
  recent(): CountedKey[] {
    const keys = this.#largest(this.#recent);
    this.#recent.values.fill(0);
    return keys;
  }

  #largest(column: KeyColumn): CountedKey[] {
    return this.#table
      .largest(column, TOP)
      .map((id) => ({ key: hashText(this.#table.hashOf(id)), count: column.values[id]! }));
  }

  /**
   * @param all reads of all keys, as the kernel counted them
   * @param lost whether some requests of the sample are missing
   */
  mrc(all: Reads, lost: boolean): MissRatios {
    const { hits, misses } = all;
    // A sample of the keys has more or fewer of the reads than its share; where the reads of all are known, that is
    // made good.
    const isSample = this.#weight > 1 && !lost && this.#requests.unpaired === 0;
    if (isSample && hits !== null && misses !== null) return this.#curves.result(hits, misses);
    return this.#curves.result(
      Math.round(this.#hits * this.#weight),
      Math.round(this.#misses * this.#weight),
    );
  }
}
