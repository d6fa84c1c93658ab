/** What is kept of each slice for statistics: much less than its tally. */
import { highestOf } from '../analyze/histogram.js';
import { opName, type Tally } from './tally.js';

/** Steps of the histograms of tallies, for each power of two, as a power of two. */
const BITS = 10;

/** Counts of a histogram by the number of their bucket, those of empty buckets left out. */
export type Buckets = ReadonlyMap<number, number>;

/** Figures of one command in a slice. Counts are of keys. */
export interface OpSlice {
  count: number;
  hits: number;
  misses: number;
  errors: number;
  latency: Buckets;
}

/** Figures of a slice, or of several pooled. */
export interface SliceFigures extends OpSlice {
  requests: number;
  /** Seconds, answers included. */
  elapsed: number;
  recordedHits: number;
  recordedMisses: number;
  /** By the names of commands. */
  ops: ReadonlyMap<string, OpSlice>;
}

export function figuresOf(tally: Tally): SliceFigures {
  const ops = new Map<string, OpSlice>();
  for (const [index, op] of tally.ops.entries()) {
    if (op === undefined) continue;
    const { count, hits, misses, errors } = op;
    const buckets = new Map<number, number>();
    op.latency.toData().counts?.forEach((times, bucket) => {
      if (times > 0) buckets.set(bucket, times);
    });
    ops.set(opName(index), { count, hits, misses, errors, latency: buckets });
  }
  const { requests, recordedHits, recordedMisses } = tally;
  const elapsed = elapsedOf(tally);
  return { requests, elapsed, recordedHits, recordedMisses, ops, ...poolOps([...ops.values()]) };
}

/** Seconds a slice took. */
function elapsedOf({ firstMs, lastMs }: Tally): number {
  return Math.max(0, lastMs - firstMs) / 1000;
}

/** Several slices as one. */
export function pool(slices: readonly SliceFigures[]): SliceFigures {
  const ops = new Map<string, OpSlice>();
  for (const name of new Set(slices.flatMap((slice) => [...slice.ops.keys()])))
    ops.set(name, poolOps(slices.flatMap((slice) => slice.ops.get(name) ?? [])));
  const sum = (of: (slice: SliceFigures) => number) => slices.reduce((all, slice) => all + of(slice), 0);
  return {
    requests: sum(({ requests }) => requests),
    elapsed: sum(({ elapsed }) => elapsed),
    recordedHits: sum(({ recordedHits }) => recordedHits),
    recordedMisses: sum(({ recordedMisses }) => recordedMisses),
    ops,
    ...poolOps(slices),
  };
}

function poolOps(ops: readonly OpSlice[]): OpSlice {
  const pooled = { count: 0, hits: 0, misses: 0, errors: 0 };
  const latency = new Map<number, number>();
  for (const op of ops) {
    for (const name of ['count', 'hits', 'misses', 'errors'] as const) pooled[name] += op[name];
    for (const [bucket, times] of op.latency) latency.set(bucket, (latency.get(bucket) ?? 0) + times);
  }
  return { ...pooled, latency };
}

/** Values that were counted. */
export function totalOf(buckets: Buckets): number {
  let total = 0;
  for (const times of buckets.values()) total += times;
  return total;
}

/** Nanoseconds of a bucket: its upper end. */
export const nanosecondsOf = (bucket: number): number => highestOf(bucket, BITS);

/** The value at a percentile, nanoseconds; null where there is none. */
export function percentileOf(buckets: Buckets, share: number): number | null {
  const wanted = share * totalOf(buckets);
  let sum = 0;
  for (const [bucket, times] of [...buckets].sort(([a], [b]) => a - b)) {
    sum += times;
    // Whole counts: a product like 0.999 × 1000 must not end a hair above the number meant.
    if (sum >= wanted - 1e-6) return nanosecondsOf(bucket);
  }
  return null;
}

/** Hit ratio of the recording above that of the replay; null where nothing was read. */
export function missedHits({ hits, misses, recordedHits, recordedMisses }: SliceFigures): number | null {
  if (hits + misses === 0 || recordedHits + recordedMisses === 0) return null;
  return recordedHits / (recordedHits + recordedMisses) - hits / (hits + misses);
}

/** Percentiles, and how many values of a slice tell each: five lie above it. */
export const PERCENTILES = [
  ['p50', 0.5, 10],
  ['p90', 0.9, 50],
  ['p99', 0.99, 500],
  ['p999', 0.999, 5000],
] as const;
export type PercentileName = (typeof PERCENTILES)[number][0];
