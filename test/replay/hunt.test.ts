/** The search for the highest speed, on a server whose latency at each speed is known. */
import test from 'ava';
import { indexOf } from '#src/analyze/histogram.js';
import { Hunt } from '#src/replay/hunt.js';
import type { Sent } from '#src/replay/session.js';
import type { SliceFigures } from '#src/replay/slice-figures.js';
import { Tally } from '#src/replay/tally.js';
import { seeded } from '../support/random.js';

interface Law {
  /** Speed at which the server is full. */
  full: number;
  /** Relative noise of a slice. */
  noise: number;
  /** Share of requests that fail at a speed. */
  failing?: (speed: number) => number;
}

/** A queue: latencies are exponential, and longer by 1 ÷ (1 − load). At 0.1 ms without load, p99 is 0.46 ms. */
function server({ full, noise, failing = () => 0 }: Law, seed: number) {
  const random = seeded(seed);
  const tried: number[] = [];
  const slice = (_stage: string, speed: number): Promise<Sent> => {
    tried.push(speed);
    const load = Math.min(0.999, speed / full);
    const level = (1e5 / (1 - load)) * (1 + noise * (random() - 0.5));
    const count = 2000;
    const errors = Math.round(count * failing(speed));
    const latency = new Map<number, number>();
    for (let i = 0; i < count - errors; i++) {
      const bucket = indexOf(Math.round(-level * Math.log(1 - random())), 10);
      latency.set(bucket, (latency.get(bucket) ?? 0) + 1);
    }
    const op = { count, hits: 0, misses: 0, errors, latency };
    const figures: SliceFigures = {
      ...{ ...op, requests: count, elapsed: count / (1000 * speed) },
      ...{ recordedHits: 0, recordedMisses: 0, ops: new Map([['get', op]]) },
    };
    return Promise.resolve({ figures, tally: new Tally(), end: 'duration' });
  };
  return { slice, tried };
}

for (const full of [0.05, 0.9, 8, 100]) {
  test(`the highest speed that holds a limit is found: full at ${full}`, async (t) => {
    const stages = server({ full, noise: 0.2 }, 1);
    const hunt = new Hunt(stages, 0.99, 1e6);
    await hunt.run();
    // p99 is ln 100 times the mean: 1 ms at a load of 1 − 0.1 × ln 100.
    const truth = full * (1 - 0.1 * Math.log(100));
    const { speed, above, limited_by, latency_ns, sure, slices, rate } = hunt.result;
    t.true(speed! > 0.88 * truth && speed! < 1.08 * truth, `${speed} for ${truth}`);
    t.true(above! > speed!);
    t.is(limited_by, 'latency');
    t.is(slices, 10);
    t.true(latency_ns!.value <= 1e6 && latency_ns!.low! < latency_ns!.value);
    t.true(sure! > 0.5);
    t.true(Math.abs(rate!.value / (1000 * speed!) - 1) < 1e-9);
    t.true(stages.tried.length < 120, `${stages.tried.length} slices`);
  });
}

test('requests that fail are slower than any limit', async (t) => {
  const stages = server({ full: 1000, noise: 0.1, failing: (speed) => (speed > 3 ? 0.02 : 0.005) }, 2);
  const hunt = new Hunt(stages, 0.99, 1e6);
  await hunt.run();
  const { speed, limited_by } = hunt.result;
  t.true(speed! > 2.7 && speed! <= 3, `${speed}`);
  t.is(limited_by, 'errors');
});

test('a limit that nothing holds, and one that everything holds', async (t) => {
  const none = new Hunt(server({ full: 10, noise: 0.1 }, 3), 0.5, 1000);
  await none.run();
  t.like(none.result, { speed: null, latency_ns: null, sure: null, limited_by: 'latency' });
  t.is(none.result.probes.at(-1)!.speed, 2 ** -10);
  const all = new Hunt(server({ full: 1e9, noise: 0.1 }, 4), 0.5, 1e9);
  await all.run();
  t.like(all.result, { speed: 1024, above: null, limited_by: 'range', sure: 1 });
});
