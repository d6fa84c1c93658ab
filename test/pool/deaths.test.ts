/**
 * Threads that are ended before each of their steps, and threads that take over and are ended themselves: the
 * recording goes on, its books are right, and nothing but what was at hand is lost. MEMBENCH_RUNS says how many
 * random rows of deaths (60).
 */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { INDEX_STATE, SEGMENT } from '#src/layout/generated.js';
import { type MemoryMap, slotAddress } from '#src/memory/map.js';
import { wrongIn } from '../support/account.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { fragments } from '../support/fragments.js';
import { recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

/** Some connections, in chunks and blocks of a size that a short capture has many of. */
const packets = interleave(
  ...Array.from({ length: 4 }, (_, i) =>
    packetsOf(randomConversation(300 + i, 16), { seed: i, clientPort: 41000 + i }),
  ),
);
// Some of it in fragments, which wait for each other from one chunk to the next; some of which never come.
const captured = packets.flatMap((packet, i) => {
  if (i % 7 !== 3) return [packet];
  const pieces = fragments(packet, i, 32);
  return i % 3 === 0 ? pieces.slice(1) : pieces;
});
const CAPTURE = pcapFile(captured);
const SIZES = { slotSize: 4096, blockEvents: 16, state: 4 << 20 };

interface Shared {
  memory: WebAssembly.Memory;
  map: MemoryMap;
}

interface How {
  schedule?: number;
  lateWriter?: boolean;
  /** The workers read the capture themselves. */
  inFile: boolean;
}

/** Records the capture while threads are ended: the first after so many steps, the one that takes over after so many more. */
function recordWithDeaths(deaths: readonly number[], how: How) {
  const left = [...deaths];
  let died = -1;
  return recordInProcess(CAPTURE, {
    workers: 2,
    map: SIZES,
    ...how,
    beforeStep(_, { steps, rebuilt }) {
      if (rebuilt.length === died || left.length === 0) return;
      died = rebuilt.length;
      steps.dieAfter(left.shift()!);
    },
  });
}

/** Steps of all workers where nobody dies. */
function stepsOf(how: How): number {
  let count = 0;
  recordInProcess(CAPTURE, {
    workers: 2,
    map: SIZES,
    ...how,
    beforeStep(_, { steps }) {
      count = steps.count;
    },
  });
  return count;
}
const STEPS = stepsOf({ inFile: true });

for (const inFile of [false, true]) {
  test(`a thread that is ended before any of its steps; ${inFile ? 'a file' : 'a pipe'}`, (t) => {
    t.timeout(600_000);
    const whole = recordInProcess(CAPTURE, { workers: 2, map: SIZES, inFile });
    t.deepEqual(wrongIn(whole), []);
    t.is(whole.counters.packets_seen, captured.length);
    let cut = 0;
    const steps = stepsOf({ inFile });
    for (let step = 0; step < steps; step++) {
      const result = recordWithDeaths([step], { inFile });
      assert.deepEqual(wrongIn(result), [], `step ${step}`);
      assert.equal(result.rebuilt.length, 1, `step ${step}`);
      // Behind a walk that was cut off nothing is read.
      if (result.broken) cut++;
      else assert.equal(result.counters.packets_seen, captured.length, `step ${step}`);
    }
    t.log(`${steps} steps; ${cut} times in the middle of a walk`);
    t.true(cut > 0 && cut < steps / 2);
  });
}

test('rows of deaths, with workers in any order and a writer that is late', async (t) => {
  t.timeout(600_000);
  await fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(Math.floor(STEPS / 2)), fc.nat(60)), { minLength: 1, maxLength: 6 }),
      fc.record({ schedule: fc.nat(), lateWriter: fc.boolean(), inFile: fc.boolean() }),
      (deaths, how) => {
        assert.deepEqual(wrongIn(recordWithDeaths(deaths, how)), []);
      },
    ),
    { numRuns: Number(process.env.MEMBENCH_RUNS ?? 60) },
  );
  t.pass();
});

/** Lets the packet in the middle of each of a worker's lists lie behind the end of the memory. */
function breakLists({ memory, map }: Shared, worker: number): void {
  for (let slot = 0; slot < map.slots; slot++) {
    const list = slotAddress(map, slot) + map.listOffset + worker * map.listStride;
    const view = new DataView(memory.buffer, list, map.listStride);
    const middle = 16 + (view.getUint32(0, true) >> 1) * SEGMENT.SIZE;
    view.setUint32(middle + SEGMENT.head, 0xfffffff0, true);
  }
}

test('a parser that traps in the middle of a batch, whenever that is', (t) => {
  t.timeout(600_000);
  let trapped = 0;
  for (let at = 1; at < 200; at += 3) {
    const result = recordInProcess(CAPTURE, {
      workers: 2,
      map: SIZES,
      schedule: at,
      beforeStep: (step, _, shared) => {
        if (step === at || step === at + 40) breakLists(shared, step % 2);
      },
    });
    assert.deepEqual(wrongIn(result), [], `step ${at}`);
    assert.equal(result.counters.packets_seen, captured.length);
    trapped += result.rebuilt.length;
  }
  t.true(trapped > 20, `${trapped}`);
});

test('a parser that traps in the middle of a walk: what it had walked is seen, and lost', (t) => {
  let trapped = 0;
  for (let at = 0; at < 60; at++) {
    let place = 0;
    const result = recordInProcess(CAPTURE, {
      workers: 2,
      map: SIZES,
      beforeStep: (step, { rebuilt }, { memory, map }) => {
        const view = new DataView(memory.buffer, map.indexState);
        // The first fragment of the walk is looked for behind the end of the memory.
        if (step === at) {
          place = view.getUint32(INDEX_STATE.datagrams, true);
          view.setUint32(INDEX_STATE.datagrams, 0xffff0000, true);
        }
        if (rebuilt.length > 0 && place > 0) view.setUint32(INDEX_STATE.datagrams, place, true);
      },
    });
    assert.deepEqual(wrongIn(result), [], `step ${at}`);
    // At the end of the recording it is looked for, too, but then not in a walk.
    if (!result.broken) continue;
    trapped++;
    assert.ok(result.counters.lost_worker_failed > 0);
  }
  t.true(trapped > 5, `${trapped}`);
});
