/** What slices say, held against tables and against loads whose truth is known. */
import test from 'ava';
import { indexOf } from '#src/analyze/histogram.js';
import { judge } from '#src/replay/judge.js';
import type { Pair } from '#src/replay/paired.js';
import { percentileOf, pool, type SliceFigures } from '#src/replay/slice-figures.js';
import { estimate, studentBelow, studentQuantile, sureBelow } from '#src/replay/statistics.js';
import { warmUpOf } from '#src/replay/steady.js';
import { verdictOf } from '#src/replay/verdict.js';
import { seeded } from '../support/random.js';

test("Student's distribution is as in printed tables", (t) => {
  // Two-sided 95 %, and one-sided 99.5 %: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
  const tables: [freedom: number, t975: number, t995: number][] = [
    [1, 12.706, 63.657],
    [2, 4.303, 9.925],
    [3, 3.182, 5.841],
    [4, 2.776, 4.604],
    [9, 2.262, 3.25],
    [30, 2.042, 2.75],
  ];
  for (const [freedom, t975, t995] of tables) {
    t.true(Math.abs(studentQuantile(0.975, freedom) - t975) < 6e-4, `${freedom}`);
    t.true(Math.abs(studentQuantile(0.995, freedom) - t995) < 6e-4, `${freedom}`);
    t.true(Math.abs(studentBelow(-t975, freedom) - 0.025) < 1e-4);
  }
});

test('a range holds the mean in 95 of 100 cases, and widens where values are few', (t) => {
  const random = seeded(1);
  for (const size of [3, 5, 10]) {
    let held = 0;
    for (let round = 0; round < 2000; round++) {
      const found = estimate(Array.from({ length: size }, () => normal(random)))!;
      if (found.low! <= 0 && found.high! >= 0) held++;
    }
    t.true(held > 1860 && held < 1940, `${size}: ${held}`);
  }
  t.deepEqual(estimate([7]), { value: 7, low: null, high: null });
  t.is(estimate([]), null);
  const { value, low, high } = estimate([1, 100], 'log')!;
  t.true(Math.abs(value - 10) < 1e-9 && low! > 0 && high! > 100);
  t.true(sureBelow([90, 100, 110], 200)! > 0.99);
  t.true(sureBelow([90, 100, 110], 50)! < 0.01);
});

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const series = (values: readonly (number | null)[], resolution = 0.001) => [
  { name: 'it', values, resolution },
];

test('the warm-up ends where a figure levels off', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const cold = Array.from({ length: 40 }, (_, i) => 0.5 * Math.exp(-i / 2) + 0.003 * normal(random));
    const { slices } = warmUpOf(series(cold));
    // After 6 slices it is at 0.025, after 12 at 0.001, which the noise hides.
    t.true(slices !== null && slices >= 6 && slices <= 20, `seed ${seed}: ${slices}`);
  }
});

test('a server that was warm has no warm-up, whatever disturbed single slices', (t) => {
  let left = 0;
  for (let seed = 1; seed <= 50; seed++) {
    const random = seeded(seed);
    const values = Array.from({ length: 40 }, () => normal(random) * (random() < 0.05 ? 30 : 1));
    const { slices } = warmUpOf(series(values));
    left += slices ?? 40;
  }
  t.true(left / 50 < 8, `${left / 50} of 40 slices left out on the average`);
  t.is(warmUpOf(series(new Array(40).fill(0))).slices, 0);
  t.is(warmUpOf(series([0.3, 0.1, ...new Array(38).fill(0)])).slices, 2);
  t.is(warmUpOf(series(new Array(40).fill(null))).slices, 0);
});

test('a figure that goes on changing is never steady', (t) => {
  const random = seeded(3);
  const rising = Array.from({ length: 40 }, (_, i) => 0.01 * i + 0.005 * normal(random));
  t.deepEqual(warmUpOf(series(rising)), { slices: null, unsteady: ['it'] });
  t.deepEqual(warmUpOf(series([1, 2, 3])), { slices: null, unsteady: ['it'] });
});

/** How a server answers: latencies are lognormal, with a level that wanders from slice to slice. */
interface Law {
  median?: number;
  hitRatio?: number;
  errors?: number;
}

/** Slices of so many gets and sets. */
function slices(random: () => number, number: number, { median = 200_000, hitRatio = 0.9, errors = 0 }: Law) {
  let drift = 0;
  return Array.from({ length: number }, (): SliceFigures => {
    drift = 0.4 * drift + 0.1 * normal(random);
    const op = (count: number, isGet: boolean) => {
      const latency = new Map<number, number>();
      for (let i = 0; i < count; i++) {
        const bucket = indexOf(Math.round(median * Math.exp(drift + 0.5 * normal(random))), 10);
        latency.set(bucket, (latency.get(bucket) ?? 0) + 1);
      }
      const hits = isGet
        ? Array.from({ length: count }, random).filter((drawn) => drawn < hitRatio).length
        : 0;
      const failed = Array.from({ length: count }, random).filter((drawn) => drawn < errors).length;
      return { count, hits, misses: isGet ? count - hits : 0, errors: failed, latency };
    };
    const ops = new Map([
      ['get', op(45, true)],
      ['set', op(5, false)],
    ]);
    const sums = [...ops.values()].map((figures) => ({
      ...{ requests: figures.count, elapsed: 0.05, recordedHits: 0, recordedMisses: 0 },
      ...figures,
      ops: new Map(),
    }));
    return { ...pool(sums), ops, recordedHits: 40, recordedMisses: 5 };
  });
}

function pairsOf(seed: number, a: Law, b: Law, number = 60): Pair<SliceFigures>[] {
  const random = seeded(seed);
  const other = slices(random, number, b);
  return slices(random, number, a).map((slice, i) => [slice, other[i]!]);
}

test('two equal servers differ beyond noise in one run of a hundred', (t) => {
  let runs = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const { changes, too_little } = judge(pairsOf(seed, {}, {}), seed, false);
    t.is(too_little, null);
    t.true(changes.length >= 7);
    if (changes.some(({ beyond_noise }) => beyond_noise)) runs++;
  }
  t.true(runs <= 1, `${runs} of 10`);
});

test('what is really different is found, the worst first, and the range holds it', (t) => {
  const { changes } = judge(pairsOf(7, {}, { median: 400_000, hitRatio: 0.7 }), 1, false);
  const beyond = changes.filter(({ beyond_noise }) => beyond_noise);
  t.true(beyond.every(({ worse }) => worse));
  t.deepEqual(beyond.map(({ name }) => name).sort(), [
    'get: latency p50',
    'get: latency p90',
    'get: latency p99',
    'hit ratio',
    'set: latency p50',
    'set: latency p90',
  ]);
  for (const { name, unit, low, high } of beyond) {
    if (unit === 'ratio') t.true(low < -0.2 && high > -0.2, name);
    else t.true(low < 1 && high > 1, name);
  }
  t.is(beyond[0]!.unit, 'ns');
  const back = judge(pairsOf(7, { median: 400_000, errors: 0.05 }, {}), 1, false).changes;
  const better = back.filter(({ beyond_noise, worse }) => beyond_noise && worse === false);
  t.true(better.some(({ name }) => name === 'errors'));
  t.true(better.some(({ name }) => name === 'get: latency p50'));
});

test('slices of a cold server are left out, and too few are not judged', (t) => {
  const warm = pairsOf(5, {}, {});
  const cold = warm.map(([a, b], i): Pair<SliceFigures> => {
    const hits = Math.round(b.hits * (1 - Math.exp(-i / 2)));
    return [a, { ...b, hits, misses: b.hits + b.misses - hits }];
  });
  const { warm_up, pairs, changes } = judge(cold, 1, false);
  t.true(warm_up >= 4 && warm_up % 2 === 0, `${warm_up}`);
  t.is(pairs, 60 - warm_up);
  t.is(changes.find(({ name }) => name === 'hit ratio')!.beyond_noise, false);
  const few = judge(warm.slice(0, 10), 1, false);
  t.deepEqual(few.changes, []);
  t.regex(few.too_little!, /10 pairs of slices, .* 16 must be left/);
});

test('where the client was the bottleneck, latency has no say in the verdict', (t) => {
  const change = { a: 1, b: 2, change: 1, low: 0.5, high: 2, p: 0.001, beyond_noise: true, worse: true };
  const latency = { ...change, name: 'get: latency p50', unit: 'ns' } as const;
  const ratio = { ...change, name: 'hit ratio', unit: 'ratio', worse: false } as const;
  t.is(verdictOf([latency], true), 'worse');
  t.is(verdictOf([latency], false), 'invalid');
  t.is(verdictOf([latency, ratio], true), 'mixed');
  t.is(verdictOf([latency, ratio], false), 'better');
  t.is(verdictOf([{ ...ratio, beyond_noise: false }], true), 'no_difference');
  t.is(verdictOf([], true), 'none');
});

test('pooled slices have the percentiles of all their values', (t) => {
  const values = Array.from({ length: 1000 }, (_, i) => i + 1);
  const parts = [values.slice(0, 300), values.slice(300)].map((part): SliceFigures => {
    const latency = new Map(part.map((value) => [indexOf(value, 10), 1]));
    const op = { count: part.length, hits: 0, misses: 0, errors: 0, latency };
    return { ...op, requests: part.length, elapsed: 1, recordedHits: 0, recordedMisses: 0, ops: new Map() };
  });
  t.is(percentileOf(pool(parts).latency, 0.5), 500);
  t.is(percentileOf(pool(parts).latency, 0.99), 990);
  t.is(percentileOf(pool(parts).latency, 0.999), 999);
});
