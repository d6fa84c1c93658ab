/** A thread of a hunt: runs seeds until there are no more, and says what it found. See hunt.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { COUNTER_NAMES } from '#src/layout/generated.js';
import { Find } from './find.js';
import { BEATS, DONE, type HunterData, NEXT, type Report, SEED, SEEDS } from './hunt.js';
import type { Prey } from './prey.js';

const { prey: url, first, shared, counts, index } = workerData as HunterData;
const prey = (await import(url)) as Prey;

function report(message: Report): void {
  parentPort?.postMessage(message);
}

for (;;) {
  if (Atomics.load(shared, NEXT) >= Atomics.load(shared, SEEDS)) break;
  const next = Atomics.add(shared, NEXT, 1);
  Atomics.store(shared, SEED(index), next);
  try {
    const counters = prey.run(first + next, (done) => {
      Atomics.store(shared, DONE(index), done);
      Atomics.add(shared, BEATS(index), 1);
    });
    if (counters !== null) {
      for (let i = 0; i < COUNTER_NAMES.length; i++) {
        counts[index * COUNTER_NAMES.length + i]! += counters[2 * i]! + counters[2 * i + 1]! * 4294967296;
      }
    }
  } catch (error) {
    const kind = error instanceof Find ? error.kind : 'harness';
    report({ kind, message: error instanceof Find ? error.message : String((error as Error).stack) });
    break;
  }
}
