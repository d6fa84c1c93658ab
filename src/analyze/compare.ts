import type { Analysis } from './analysis.js';
import type { Caveat } from './caveats.js';
import type { Counted, Slice } from './collect/series.js';

/** One figure of two workloads. */
export interface Change {
  name: string;
  unit: 'per_second' | 'ratio' | 'ns' | 'bytes_per_second';
  a: number;
  b: number;
  /** b ÷ a − 1; for ratios b − a. */
  change: number;
  /** Where that lies with 95 %. */
  low: number;
  high: number;
  /** That range does not hold 0. */
  beyond_noise: boolean;
  /** For who runs it: a lower hit ratio, a higher latency or share of errors. Null: neither better nor worse. */
  worse: boolean | null;
}

/** What differs between two workloads. */
export interface Comparison {
  a: Compared;
  b: Compared;
  /** What is worse beyond noise first, the largest change first; then what is otherwise beyond noise; then the rest. */
  changes: Change[];
  /** Why there is little to say; null otherwise. */
  too_little: string | null;
}

export interface Compared {
  requests: number;
  duration_s: number;
  hit_ratio: number | null;
  distinct_keys: number;
  /** Intervals that were compared. */
  slices: number;
  /** What is missing, and what it means for the figures. */
  caveats: Caveat[];
}

/** Times the intervals are drawn again. */
const DRAWS = 1000;
/** Intervals of each side, at least: of fewer nothing can be said beyond noise. */
const SLICES_MIN = 8;
/** Events of a command in both together, at least, for figures of its own. */
const OP_MIN = 1000;

interface Metric {
  name: string;
  unit: Change['unit'];
  /** 1: more is worse, −1: less is worse, 0: neither. */
  worse: 1 | -1 | 0;
  of(slices: readonly Slice[], seconds: number): number | null;
}

const sum = (slices: readonly Slice[], weigh: (slice: Slice) => number) =>
  slices.reduce((all, slice) => all + weigh(slice), 0);

function rate(name: string, unit: Metric['unit'], weigh: (slice: Slice) => number): Metric {
  return { name, unit, worse: 0, of: (slices, seconds) => sum(slices, weigh) / (slices.length * seconds) };
}

function ratio(
  name: string,
  worse: 1 | -1,
  part: (slice: Slice) => number,
  whole: (slice: Slice) => number,
): Metric {
  const of = (slices: readonly Slice[]) => {
    const all = sum(slices, whole);
    return all === 0 ? null : sum(slices, part) / all;
  };
  return { name, unit: 'ratio', worse, of };
}

/** The median interval's percentile: one bad second does not make a change. */
function latency(name: string, percentile: 'p50' | 'p99'): Metric {
  const of = (slices: readonly Slice[]) => {
    const values = slices.map(({ latency_ns }) => latency_ns[percentile]).filter((value) => value !== null);
    return values.sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? null;
  };
  return { name, unit: 'ns', worse: 1, of };
}

const METRICS: readonly Metric[] = [
  rate('requests', 'per_second', ({ requests }) => requests),
  ratio(
    'hit ratio',
    -1,
    ({ hits }) => hits,
    ({ hits, misses }) => hits + misses,
  ),
  ratio(
    'errors',
    1,
    ({ errors }) => errors,
    ({ events }) => events,
  ),
  rate('bytes in', 'bytes_per_second', ({ bytes_in }) => bytes_in),
  rate('bytes out', 'bytes_per_second', ({ bytes_out }) => bytes_out),
  latency('latency p50', 'p50'),
  latency('latency p99', 'p99'),
];

/** Figures of commands that both have. */
function opMetrics(a: Analysis, b: Analysis): Metric[] {
  const names = Object.keys({ ...a.ops, ...b.ops }).filter(
    (op) => (a.ops[op]?.count ?? 0) + (b.ops[op]?.count ?? 0) >= OP_MIN,
  );
  return names.flatMap((op) => {
    const of = (slice: Slice, field: keyof Counted) => slice.ops[op]?.[field] ?? 0;
    return [
      rate(`${op}: keys`, 'per_second', (slice) => of(slice, 'events')),
      ratio(
        `${op}: hit ratio`,
        -1,
        (slice) => of(slice, 'hits'),
        (slice) => of(slice, 'hits') + of(slice, 'misses'),
      ),
    ];
  });
}

/**
 * Marsaglia's xorshift: the same draws every time, so the same report.
 *
 * @param seed a whole number of 32 bits, other than 0
 */
export function draws(seed = 0x9e3779b9): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * below);
  };
}

/** Intervals drawn again, in runs of neighbours: what happens in one goes on in the next (Künsch's block bootstrap). */
function resample(slices: readonly Slice[], draw: (below: number) => number): Slice[] {
  const run = Math.ceil(slices.length ** (1 / 3));
  const drawn: Slice[] = [];
  while (drawn.length < slices.length) {
    const from = draw(slices.length);
    for (let i = 0; i < run && drawn.length < slices.length; i++)
      drawn.push(slices[(from + i) % slices.length]!);
  }
  return drawn;
}

/** The whole intervals: the last one ends where the profile does. */
function whole({ series }: Analysis): readonly Slice[] {
  return series.length > 1 ? series.slice(0, -1) : series;
}

/** b ÷ a − 1; for ratios b − a. */
export function differenceOf(unit: Change['unit'], a: number, b: number): number {
  if (unit === 'ratio') return b - a;
  return a === 0 ? (b === 0 ? 0 : Number.POSITIVE_INFINITY) : b / a - 1;
}

/** Says what changed beyond noise between two analyses of the same interval. */
export function compareAnalyses(a: Analysis, b: Analysis): Comparison {
  const [slicesA, slicesB] = [whole(a), whole(b)];
  const told = (of: Analysis, slices: readonly Slice[]): Compared => ({
    requests: of.requests,
    duration_s: of.duration_s,
    hit_ratio: of.hit_ratio,
    distinct_keys: of.keys.distinct,
    slices: slices.length,
    caveats: of.caveats,
  });
  const sides = { a: told(a, slicesA), b: told(b, slicesB) };
  if (Math.min(slicesA.length, slicesB.length) < SLICES_MIN) {
    const why = `fewer than ${SLICES_MIN} whole intervals: a shorter --interval, or longer profiles`;
    return { ...sides, changes: [], too_little: why };
  }
  const metrics = [...METRICS, ...opMetrics(a, b)];
  const draw = draws();
  const resampled = Array.from(
    { length: DRAWS },
    () => [resample(slicesA, draw), resample(slicesB, draw)] as const,
  );
  const changes = metrics
    .map((metric) => changeOf(metric, [slicesA, slicesB], [a.interval_s, b.interval_s], resampled))
    .filter((change) => change !== null);
  return { ...sides, changes: worstFirst(changes), too_little: null };
}

/** What is worse beyond noise first, the largest change first; then what is otherwise beyond noise; then the rest. */
export function worstFirst<T extends Change>(changes: readonly T[]): T[] {
  const group = ({ beyond_noise, worse }: Change) => (beyond_noise ? (worse ? 0 : 1) : 2);
  return [...changes].sort((x, y) => group(x) - group(y) || Math.abs(y.change) - Math.abs(x.change));
}

type Pair<T> = readonly [T, T];

function changeOf(
  { name, unit, worse, of }: Metric,
  slices: Pair<readonly Slice[]>,
  seconds: Pair<number>,
  resampled: readonly Pair<Slice[]>[],
): Change | null {
  const [a, b] = [of(slices[0], seconds[0]), of(slices[1], seconds[1])];
  if (a === null || b === null) return null;
  const differences = resampled
    .map(([one, other]) => [of(one, seconds[0]), of(other, seconds[1])] as const)
    .filter((pair): pair is [number, number] => pair[0] !== null && pair[1] !== null)
    .map(([one, other]) => differenceOf(unit, one, other))
    .sort((x, y) => x - y);
  const at = (share: number) => differences[Math.round(share * (differences.length - 1))]!;
  const change = differenceOf(unit, a, b);
  const [low, high] = [Math.min(at(0.025), change), Math.max(at(0.975), change)];
  const beyond = (low > 0 || high < 0) && change !== 0;
  return {
    name,
    unit,
    a,
    b,
    change,
    low,
    high,
    beyond_noise: beyond,
    worse: worse === 0 ? null : change * worse > 0,
  };
}
