import test from 'ava';
import type { Analysis } from 'membench';
import { compareAnalyses } from '#src/analyze/compare.js';
import { renderComparison } from '#src/analyze/report/comparison.js';
import { seeded } from '../support/random.js';

interface Law {
  rate: number;
  hitRatio: number;
  p99: number;
}

/** A workload of a minute, as analysis tells it, with noise of a tenth that lasts for some intervals. */
function workload({ rate, hitRatio, p99 }: Law, seed: number): Analysis {
  const random = seeded(seed);
  let drift = 0;
  const noise = () => {
    drift = 0.7 * drift + 0.1 * (random() + random() + random() - 1.5);
    return 1 + drift;
  };
  const series = Array.from({ length: 61 }, (_, i) => {
    const requests = Math.round(rate * noise());
    const hits = Math.round(requests * Math.min(1, hitRatio * (1 + 0.2 * (noise() - 1))));
    const counted = {
      requests,
      events: requests,
      hits,
      misses: requests - hits,
      errors: 0,
      bytes_in: requests * 30,
      bytes_out: hits * 100,
    };
    const latency_ns = { p50: 100_000, p90: 200_000, p99: Math.round(p99 * noise()), p999: null, max: 1 };
    return { ts_ns: `${i}`, ...counted, latency_ns, ops: { get: counted } };
  });
  const requests = series.reduce((sum, slice) => sum + slice.requests, 0);
  return {
    requests,
    duration_s: 60,
    hit_ratio: hitRatio,
    keys: { distinct: 1000 },
    interval_s: 1,
    series,
    ops: { get: { count: requests } },
    caveats: [],
  } as unknown as Analysis;
}

const BEFORE: Law = { rate: 5000, hitRatio: 0.9, p99: 500_000 };

test('what changed is told, worst first, with the range it lies in', (t) => {
  const after: Law = { rate: 10_000, hitRatio: 0.8, p99: 1_000_000 };
  const { changes, too_little } = compareAnalyses(workload(BEFORE, 1), workload(after, 2));
  t.is(too_little, null);
  t.deepEqual(
    changes.slice(0, 3).map(({ name, worse, beyond_noise }) => [name, worse, beyond_noise]),
    [
      ['latency p99', true, true],
      ['hit ratio', true, true],
      ['get: hit ratio', true, true],
    ],
  );
  const of = (name: string) => changes.find((change) => change.name === name)!;
  t.true(of('hit ratio').low < -0.09 && of('hit ratio').high > -0.11);
  t.true(of('latency p99').low < 1.1 && of('latency p99').high > 0.9 && of('latency p99').low > 0.5);
  t.like(of('requests'), { worse: null, beyond_noise: true });
  t.like(of('latency p50'), { change: 0, beyond_noise: false });
  t.like(of('errors'), { a: 0, b: 0, beyond_noise: false });
  // The other way round it is better.
  const back = compareAnalyses(workload(after, 2), workload(BEFORE, 1)).changes;
  t.true(back.every(({ worse, beyond_noise }) => !(worse && beyond_noise)));
});

test('two halves of one workload do not differ beyond noise', (t) => {
  let told = 0;
  let looked = 0;
  for (let seed = 0; seed < 30; seed++) {
    for (const { beyond_noise } of compareAnalyses(workload(BEFORE, 2 * seed), workload(BEFORE, 2 * seed + 1))
      .changes) {
      looked++;
      told += Number(beyond_noise);
    }
  }
  // Five of a hundred by definition, and more because neighbours are alike.
  t.true(told < 0.15 * looked, `${told} of ${looked}`);
});

test('of a few intervals nothing is said', (t) => {
  const short = workload(BEFORE, 1);
  short.series = short.series.slice(0, 5);
  const found = compareAnalyses(short, workload(BEFORE, 2));
  t.deepEqual(found.changes, []);
  t.regex(found.too_little!, /fewer than 8/);
  t.true(renderComparison(found).at(-1)!.includes('fewer than 8'));
});

test('the report fits 80 columns', (t) => {
  const a = workload({ ...BEFORE, rate: 1e6 }, 1);
  const b = workload({ ...BEFORE, rate: 4e7, hitRatio: 0.2 }, 2);
  b.caveats = [{ what: 'one of 4 connections', means: '' }];
  const lines = renderComparison(compareAnalyses(a, b));
  t.true(
    lines.every((line) => line.length <= 80),
    lines.join('\n'),
  );
  t.true(lines.includes('Worse, beyond noise'));
  t.true(lines.includes('  B: one of 4 connections'));
});
