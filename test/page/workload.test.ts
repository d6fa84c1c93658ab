import test from 'ava';
import { build } from 'esbuild';
import fc from 'fast-check';

/** The page's own parts are bundled, never compiled: here they are too. */
async function load<Module>(entry: string): Promise<Module> {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`);
}

interface Busiest {
  error: number;
  distinct: number;
  add(key: string): void;
  top(limit: number): { key: string; count: number }[];
}
interface Timeline {
  add(ns: number, hit: boolean, miss: boolean, latency: number | null): void;
  data(): {
    start: number;
    width: number;
    requests: Float64Array;
    hits: Float64Array;
    misses: Float64Array;
    p50: Float64Array;
  };
}

test('counts of the busiest keys are never too high, and too low by no more than is said', async (t) => {
  const { Busiest } = await load<{ Busiest: new () => Busiest }>('src/page/busiest.ts');
  const busiest = new Busiest();
  const truth = new Map<string, number>();
  const add = (key: string) => {
    busiest.add(key);
    truth.set(key, (truth.get(key) ?? 0) + 1);
  };
  // Far more keys than places, and a few that stand out.
  for (let i = 0; i < 700_000; i++) {
    add(`rare${i}`);
    if (i % 10 === 0) add(`busy${i % 7}`);
  }
  t.true(busiest.error > 0);
  t.true(busiest.distinct <= 4 * 65_536);
  const top = busiest.top(7);
  t.deepEqual(
    top.map(({ key }) => key).sort(),
    [0, 1, 2, 3, 4, 5, 6].map((i) => `busy${i}`),
  );
  for (const { key, count } of top) {
    const real = truth.get(key)!;
    t.true(count <= real && count >= real - busiest.error, `${key}: ${count} of ${real}`);
  }
});

test('while every key has a place, counts are exact', async (t) => {
  const { Busiest } = await load<{ Busiest: new () => Busiest }>('src/page/busiest.ts');
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 2 })), (keys) => {
      const busiest = new Busiest();
      const truth = new Map<string, number>();
      for (const key of keys) {
        busiest.add(key);
        truth.set(key, (truth.get(key) ?? 0) + 1);
      }
      const found = busiest.top(1000);
      return (
        busiest.error === 0 &&
        found.length === truth.size &&
        found.every(({ key, count }) => truth.get(key) === count)
      );
    }),
  );
  t.pass();
});

test('a timeline counts every event once, whatever the span and the order', async (t) => {
  const { Timeline } = await load<{ Timeline: new () => Timeline }>('src/page/timeline.ts');
  const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(1e15), fc.boolean(), fc.nat(1e9)), { minLength: 1, maxLength: 200 }),
      (events) => {
        const timeline = new Timeline();
        for (const [at, hit, latency] of events) timeline.add(1.7e18 + at, hit, !hit, latency);
        const { requests, hits, misses, width, p50 } = timeline.data();
        const span = Math.max(...events.map(([at]) => at)) - events[0]![0];
        const median = p50.every((value, i) => Number.isNaN(value) === (requests[i] === 0));
        return (
          median &&
          requests.length <= 480 &&
          requests.length * width * 1e9 >= span * (1 - 1e-6) &&
          sum(requests) === events.length &&
          sum(hits) + sum(misses) === events.length
        );
      },
    ),
  );
  t.pass();
});
