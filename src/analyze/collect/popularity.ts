import { hashText } from '../../event/values.js';
import type { KeyTable } from '../key-table.js';
import { zipfAlpha, zipfFit } from '../zipf.js';
import { BYTES, EARLY, EVENTS, type KeyTally, LATE, MISSES, READS, WRITES } from './key-tally.js';

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

/**
 * @param top length of the lists of keys
 * @param secrets keys were hashed with
 */
export function popularityOf({ table, events }: KeyTally, top: number, secrets: number): Popularity {
  const { counts, rate, distinct } = table;
  const { values, width } = counts;
  const ranked = (field: number) =>
    table
      .largest(counts, top, field)
      .map((id) => ({ key: hashText(table.hashOf(id)), count: values[width * id + field]! }));
  const byRank = table.byRank();
  const head = table.largest(counts, HEAD).map((id) => table.countOf(id));
  const alpha = zipfAlpha(byRank);
  let oneHit = 0;
  let unread = 0;
  let unreadWrites = 0;
  for (let id = 0; id < table.size; id++) {
    if (!table.isSampled(id)) continue;
    if (table.countOf(id) === 1) oneHit++;
    const writes = values[width * id + WRITES]!;
    if (writes === 0 || values[width * id + READS]! > 0) continue;
    unread++;
    unreadWrites += writes;
  }
  return {
    distinct,
    zipf_alpha: alpha,
    zipf_r2: alpha === null ? null : zipfFit(byRank),
    top: ranked(EVENTS),
    secrets,
    sampled: rate,
    by_bytes: ranked(BYTES),
    by_misses: ranked(MISSES),
    by_writes: ranked(WRITES),
    shares: sharesOf({ head, byRank, rate }, distinct, events),
    ranks: ranksOf({ head, byRank, rate }),
    one_hit: Math.round(oneHit / rate),
    never_read: { keys: Math.round(unread / rate), writes: Math.round(unreadWrites / rate) },
    stable_top100: stableTop(table),
  };
}

/** How often keys were asked for, largest first. */
interface Curve {
  /** Of the busiest keys, exact. */
  head: readonly number[];
  /** Of the keys of the sample. */
  byRank: Float64Array;
  /** The share of the keys that is in the sample. */
  rate: number;
}

function sharesOf({ head, byRank, rate }: Curve, distinct: number, events: number): Popularity['shares'] {
  const shareOf = (limit: number) => {
    let sum = 0;
    for (let i = 0; i < Math.min(limit, head.length); i++) sum += head[i]!;
    // After the busiest keys, each key of the sample stands for several.
    const end = Math.min(byRank.length, Math.round(limit * rate));
    for (let i = Math.ceil(head.length * rate); i < end; i++) sum += byRank[i]! / rate;
    return events === 0 ? 0 : Math.min(1, sum / events);
  };
  const hundredth = Math.max(1, Math.ceil(distinct / 100));
  return { top1: shareOf(1), top10: shareOf(10), top100: shareOf(100), top1pct: shareOf(hundredth) };
}

/** Points of the popularity curve: pinned keys are exact, the ranks of sampled keys are scaled. */
function ranksOf({ head, byRank, rate }: Curve): [number, number][] {
  const points: [number, number][] = [];
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

/** How many of the 100 busiest keys of the first half are among those of the second; null: too few keys. */
function stableTop(table: KeyTable): number | null {
  const { values, width } = table.counts;
  for (let id = 0; id < table.size; id++) {
    values[width * id + LATE] = table.countOf(id) - values[width * id + EARLY]!;
  }
  const before = table.largest(table.counts, 100, EARLY);
  const after = new Set(table.largest(table.counts, 100, LATE));
  if (before.length < 100 || after.size < 100) return null;
  return before.filter((id) => after.has(id)).length;
}
