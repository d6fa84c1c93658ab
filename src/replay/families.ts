/** The figures by which two servers are compared. */
import { blocksOf, type Family, type Figure, type Pair } from './paired.js';
import { nanosecondsOf, type OpSlice, PERCENTILES, pool, type SliceFigures } from './slice-figures.js';

/** Values that lie above a percentile, at least, on either side. */
const ABOVE = 10;
/** Keys of a command on either side, at least, for figures of its own. */
const KEYS_MIN = 100;

/** Figures of the whole and of each command, by blocks of neighbouring pairs. */
export function familiesOf(
  pairs: readonly Pair<SliceFigures>[],
  isTimed: boolean,
): { families: Family[]; blocks: number } {
  const blocks = blocksOf(pairs).map(
    (block) => [pool(block.map(([a]) => a)), pool(block.map(([, b]) => b))] as const,
  );
  const names = [...new Set(blocks.flatMap(([a, b]) => [...a.ops.keys(), ...b.ops.keys()]))].sort();
  const ops = names.map((name) => ({
    name,
    sides: blocks.map(([a, b]) => [a.ops.get(name) ?? NONE, b.ops.get(name) ?? NONE] as const),
  }));
  const many = ops.filter(({ sides }) =>
    [0, 1].every((side) => sum(sides, side, ({ count }) => count) >= KEYS_MIN),
  );
  const having = (of: (op: OpSlice) => number) =>
    many.filter(({ sides }) => sum(sides, 0, of) + sum(sides, 1, of) > 0);
  const readers = having(({ hits, misses }) => hits + misses);
  const failing = having((op) => op.errors);
  return {
    blocks: blocks.length,
    families: [
      ...(isTimed ? [] : [throughput(blocks)]),
      ...hitRatio('', blocks),
      errors('', blocks),
      // Of a single command the figures of the whole are its own.
      ...(readers.length > 1 ? readers.flatMap(({ name, sides }) => hitRatio(`${name}: `, sides)) : []),
      ...(failing.length > 1 ? failing.map(({ name, sides }) => errors(`${name}: `, sides)) : []),
      ...many.flatMap(({ name, sides }) => latencies(name, sides)),
    ],
  };
}

const NONE: OpSlice = { count: 0, hits: 0, misses: 0, errors: 0, latency: new Map() };

function sum(sides: readonly Pair<OpSlice>[], side: number, of: (op: OpSlice) => number): number {
  return sides.reduce((all, pair) => all + of(pair[side]!), 0);
}

function throughput(blocks: readonly Pair<SliceFigures>[]): Family {
  return quotient(
    { name: 'throughput', unit: 'per_second', worse: -1 },
    blocks.map(([a, b]) => [a.requests, b.requests]),
    blocks.map(([a, b]) => [a.elapsed, b.elapsed]),
  );
}

function hitRatio(prefix: string, sides: readonly Pair<OpSlice>[]): Family[] {
  if ([0, 1].some((side) => sum(sides, side, ({ hits, misses }) => hits + misses) === 0)) return [];
  return [
    quotient(
      { name: `${prefix}hit ratio`, unit: 'ratio', worse: -1 },
      sides.map(([a, b]) => [a.hits, b.hits]),
      sides.map(([a, b]) => [a.hits + a.misses, b.hits + b.misses]),
    ),
  ];
}

function errors(prefix: string, sides: readonly Pair<OpSlice>[]): Family {
  return quotient(
    { name: `${prefix}errors`, unit: 'ratio', worse: 1 },
    sides.map(([a, b]) => [a.errors, b.errors]),
    sides.map(([a, b]) => [a.count, b.count]),
  );
}

/** A sum over another one. */
function quotient(figure: Figure, parts: readonly Pair<number>[], wholes: readonly Pair<number>[]): Family {
  return {
    figures: [figure],
    of(picks) {
      const [part, whole] = [
        [0, 0],
        [0, 0],
      ];
      for (let i = 0; i < picks.length; i++) {
        const block = picks[i]!;
        for (let side = 0; side < 2; side++) {
          part[side]! += parts[block]![side]!;
          whole[side]! += wholes[block]![side]!;
        }
      }
      return [whole[0] === 0 || whole[1] === 0 ? null : [part[0]! / whole[0]!, part[1]! / whole[1]!]];
    },
  };
}

/** The percentiles of a command's latency that have values enough above them, of all slices together. */
function latencies(name: string, sides: readonly Pair<OpSlice>[]): Family[] {
  const numbers = [...new Set(sides.flatMap(([a, b]) => [...a.latency.keys(), ...b.latency.keys()]))].sort(
    (a, b) => a - b,
  );
  const counts = sides.map(([a, b]) => [a, b].map(({ latency }) => countsOf(latency, numbers)));
  const totalsOf = counts.map((pair) => pair.map((row) => row.reduce((total, times) => total + times, 0)));
  const totals = [0, 1].map((side) => totalsOf.reduce((all, pair) => all + pair[side]!, 0));
  const told = PERCENTILES.filter(([, share]) => (1 - share) * Math.min(...totals) >= ABOVE);
  if (told.length === 0) return [];
  const sums = new Float64Array(numbers.length);
  const percentiles = (picks: ArrayLike<number>, side: number) => {
    sums.fill(0);
    let total = 0;
    for (let i = 0; i < picks.length; i++) {
      const row = counts[picks[i]!]![side]!;
      for (let at = 0; at < row.length; at++) sums[at]! += row[at]!;
      total += totalsOf[picks[i]!]![side]!;
    }
    return total === 0
      ? null
      : percentilesOf(
          sums,
          total,
          told.map(([, share]) => share),
        ).map((at) => nanosecondsOf(numbers[at]!));
  };
  return [
    {
      figures: told.map(([percentile]) => ({
        name: `${name}: latency ${percentile === 'p999' ? 'p99.9' : percentile}`,
        unit: 'ns',
        worse: 1,
      })),
      of(picks) {
        const [a, b] = [percentiles(picks, 0), percentiles(picks, 1)];
        return told.map((_, at) => (a === null || b === null ? null : ([a[at]!, b[at]!] as const)));
      },
    },
  ];
}

function countsOf(latency: OpSlice['latency'], numbers: readonly number[]): Float64Array {
  return Float64Array.from(numbers, (number) => latency.get(number) ?? 0);
}

/** Where the counts reach each share of their total; shares ascend. */
function percentilesOf(counts: Float64Array, total: number, shares: readonly number[]): number[] {
  const found: number[] = [];
  let sum = 0;
  for (let at = 0; at < counts.length && found.length < shares.length; at++) {
    sum += counts[at]!;
    while (found.length < shares.length && sum >= shares[found.length]! * total - 1e-6) found.push(at);
  }
  return found;
}
