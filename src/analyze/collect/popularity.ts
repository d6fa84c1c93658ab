import { hashText } from '../../event/values.js';
import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import type { KeyColumn, KeyTable } from '../key-table.js';
import { zipfAlpha, zipfFit } from '../zipf.js';

export interface Ranked {
  /** Keyed hash, 16 hex digits. */
  key: string;
  count: number;
}

/** Which keys are asked for, and how unevenly. */
export interface Popularity {
  /** Exact, or estimated from a sample where there are more than KEYS_MAX keys. */
  distinct: number;
  /** See zipf.ts; null where there is nothing to tell. */
  zipf_alpha: number | null;
  /** Goodness of that fit: R² of the logarithms of count and rank; null as above. */
  zipf_r2: number | null;
  /** The most frequent, ties by hash. */
  top: Ranked[];
  /** Secrets the keys were hashed with. Where there are several, a key counts once for each. */
  secrets: number;
  /** Share of the keys that the figures are based on, sampled by hash; 1: all. */
  sampled: number;
  by_bytes: Ranked[];
  by_misses: Ranked[];
  by_writes: Ranked[];
  /** Share of all events with a key that is of the busiest 1, 10 and 100 keys, and of the busiest 1 % of keys. */
  shares: { top1: number; top10: number; top100: number; top1pct: number };
  /** [rank, count], ranks 1, 2, 5, 10, …: for a chart with logarithmic axes. */
  ranks: [number, number][];
  /** Keys with a single event. */
  one_hit: number;
  /** Keys that were stored but never read, and how often they were stored. */
  never_read: { keys: number; writes: number };
  /** How many of the 100 busiest keys of the first half are among those of the second; null: too few keys. */
  stable_top100: number | null;
}

/** Number of the busiest keys, which are exact however many keys there are. */
const HEAD = 1000;
/** Bits that say which counts an event of a kind adds to. */
const MISS = 1;
const WRITE = 2;
const READ = 4;

/** Counts by key; first by dictionary entry, so that the table of all keys is visited once a block for each. */
export class PopularityCounter implements Collector {
  readonly #table: KeyTable;
  readonly #bytes: KeyColumn;
  readonly #misses: KeyColumn;
  readonly #writes: KeyColumn;
  readonly #reads: KeyColumn;
  readonly #early: KeyColumn;
  readonly #middle: number;
  #events = 0;

  /** @param middle of the time, nanoseconds since the first event */
  constructor(table: KeyTable, middle: number) {
    this.#table = table;
    this.#middle = middle;
    this.#bytes = table.column();
    this.#misses = table.column();
    this.#writes = table.column();
    this.#reads = table.column();
    this.#early = table.column();
  }

  add({ kinds, rows, kind, entry, entryRows, ids, keySizes, valueSize, time, maxNs, minNs }: Batch): void {
    const entries = ids.length;
    const bytes = new Float64Array(entries);
    const misses = new Uint32Array(entries);
    const writes = new Uint32Array(entries);
    const reads = new Uint32Array(entries);
    const early = new Uint32Array(entries);
    const flags = Uint8Array.from(kinds, ({ act, outcome }) => {
      const read = act === 'read' ? READ : 0;
      return (act === 'write' ? WRITE : 0) | read | (read && outcome === 'miss' ? MISS : 0);
    });
    const has = Uint8Array.from(kinds, ({ hasKey }) => (hasKey ? 1 : 0));
    for (let i = 0; i < rows; i++) {
      const of = kind[i]!;
      if (has[of] === 0) continue;
      const key = entry[i]!;
      const flag = flags[of]!;
      bytes[key]! += valueSize[i]!;
      misses[key]! += flag & MISS;
      writes[key]! += (flag & WRITE) >> 1;
      reads[key]! += flag >> 2;
    }
    // Nearly all blocks lie entirely in one half.
    const span = Number(maxNs - minNs);
    const first = time[0] ?? 0;
    const isMixed = Math.abs(first - this.#middle) <= span;
    for (let i = 0; isMixed && i < rows; i++) {
      early[entry[i]!]! += has[kind[i]!]! & Number(time[i]! < this.#middle);
    }
    const isEarly = !isMixed && first < this.#middle;
    for (let i = 0; i < entries; i++) {
      const id = ids[i]!;
      if (entryRows[i] === 0) continue;
      this.#events += entryRows[i]!;
      if (id < 0) continue;
      this.#bytes.values[id]! += bytes[i]! + keySizes[i]! * entryRows[i]!;
      this.#misses.values[id]! += misses[i]!;
      this.#writes.values[id]! += writes[i]!;
      this.#reads.values[id]! += reads[i]!;
      this.#early.values[id]! += isEarly ? entryRows[i]! : early[i]!;
    }
  }

  /** @param top length of the lists of keys */
  result(top: number, secrets: number): Popularity {
    const table = this.#table;
    const { counts, rate } = table;
    const ranked = (column: KeyColumn) =>
      table
        .largest(column, top)
        .map((id) => ({ key: hashText(table.hashOf(id)), count: column.values[id]! }));
    const byRank = table.byRank();
    const alpha = zipfAlpha(byRank);
    const distinct = table.distinct;
    let oneHit = 0;
    let unread = 0;
    let unreadWrites = 0;
    for (let id = 0; id < table.size; id++) {
      if (!table.isSampled(id)) continue;
      if (counts.values[id] === 1) oneHit++;
      if (this.#writes.values[id]! === 0 || this.#reads.values[id]! > 0) continue;
      unread++;
      unreadWrites += this.#writes.values[id]!;
    }
    return {
      distinct,
      zipf_alpha: alpha,
      zipf_r2: alpha === null ? null : zipfFit(byRank),
      top: ranked(counts),
      secrets,
      sampled: rate,
      by_bytes: ranked(this.#bytes),
      by_misses: ranked(this.#misses),
      by_writes: ranked(this.#writes),
      shares: this.#shares(distinct, byRank),
      ranks: this.#ranks(byRank),
      one_hit: Math.round(oneHit / rate),
      never_read: { keys: Math.round(unread / rate), writes: Math.round(unreadWrites / rate) },
      stable_top100: this.#stable(),
    };
  }

  #shares(distinct: number, byRank: Float64Array): Popularity['shares'] {
    const { counts, rate } = this.#table;
    const head = this.#table.largest(counts, HEAD).map((id) => counts.values[id]!);
    const shareOf = (limit: number) => {
      let sum = 0;
      for (let i = 0; i < Math.min(limit, head.length); i++) sum += head[i]!;
      // After the busiest keys, each key of the sample stands for several.
      const end = Math.min(byRank.length, Math.round(limit * rate));
      for (let i = Math.ceil(head.length * rate); i < end; i++) sum += byRank[i]! / rate;
      return this.#events === 0 ? 0 : Math.min(1, sum / this.#events);
    };
    const hundredth = Math.max(1, Math.ceil(distinct / 100));
    return { top1: shareOf(1), top10: shareOf(10), top100: shareOf(100), top1pct: shareOf(hundredth) };
  }

  /** Points of the popularity curve: pinned keys are exact, the ranks of sampled keys are scaled. */
  #ranks(byRank: Float64Array): [number, number][] {
    const points: [number, number][] = [];
    const { rate, counts } = this.#table;
    const head = this.#table.largest(counts, HEAD).map((id) => counts.values[id]!);
    const all = byRank.length / rate;
    for (let decade = 1; decade <= all; decade *= 10) {
      for (const rank of [decade, 2 * decade, 5 * decade]) {
        if (rank > all) continue;
        const count = rank <= head.length ? head[rank - 1] : byRank[Math.ceil(rank * rate) - 1];
        if (count !== undefined) points.push([rank, count]);
      }
    }
    return points;
  }

  #stable(): number | null {
    const table = this.#table;
    const late = table.column();
    for (let id = 0; id < table.size; id++) {
      late.values[id] = table.counts.values[id]! - this.#early.values[id]!;
    }
    const before = table.largest(this.#early, 100);
    const after = new Set(table.largest(late, 100));
    if (before.length < 100 || after.size < 100) return null;
    return before.filter((id) => after.has(id)).length;
  }
}
