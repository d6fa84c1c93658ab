import test from 'ava';
import fc from 'fast-check';
import { bufferWithin, mapWithin, usableMemory } from '#src/memory/budget.js';
import { MEMORY_MAX, type MemoryMap, mapMemory, PAGE } from '#src/memory/map.js';

const MEBIBYTE = 1024 * 1024;
const ROOMS = { slots: 3, slotSize: 65536, blockEvents: 512 };

/** Parts of a region that state is made of. */
const POOLS = ['requests', 'keys', 'reorder', 'lines'] as const;

const sizes = ({ region }: MemoryMap) => POOLS.map((name) => region[name].size);

test('a memory is used as far as it goes, and no byte further', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 256 * MEBIBYTE, max: MEMORY_MAX }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 0, max: 8 }),
      (memory, workers, megabytes) => {
        const window = megabytes * MEBIBYTE;
        const map = mapWithin(memory, { ...ROOMS, workers, window, kernelCounters: 4096 });
        t.true(map.pages * PAGE <= memory);
        // What stays free is less than a step of the tables that are powers of two, of every worker.
        const used = sizes(map).reduce((a, b) => a + b, map.region.flows.size) * workers;
        t.true(used > 0.8 * (memory - mapMemory({ ...ROOMS, workers, window, state: 0 }).pages * PAGE));
        t.true(map.regionBase + workers * map.regionStride <= map.pages * PAGE);
      },
    ),
    { numRuns: 300 },
  );
});

test('more memory never makes a room smaller', (t) => {
  let before = sizes(mapWithin(20 * MEBIBYTE, { ...ROOMS, workers: 2 }));
  for (let memory = 21; memory < 400; memory += 7) {
    const now = sizes(mapWithin(memory * MEBIBYTE, { ...ROOMS, workers: 2 }));
    for (const [i, size] of now.entries()) t.true(size >= before[i]!, `${memory} MiB, ${POOLS[i]}`);
    before = now;
  }
});

test('the whole address space can be used', (t) => {
  const map = mapWithin(MEMORY_MAX, { ...ROOMS, workers: 3 });
  t.true(map.pages <= MEMORY_MAX / PAGE);
  t.true(map.pages > MEMORY_MAX / PAGE - 256);
});

test('too little is refused, and the error names enough', (t) => {
  for (const workers of [1, 2, 5]) {
    const rooms = { ...ROOMS, workers };
    const error = t.throws(() => mapWithin(MEBIBYTE, rooms), { code: 'ERR_MEMBENCH_USAGE' })!;
    t.regex(
      error.message,
      /^a memory of 1 MiB is too small: (a worker|\d workers) with this buffer need \d+ MiB$/,
    );
    const enough = Number(/give it (\d+)M/.exec((error as { hint?: string }).hint ?? '')![1]);
    t.notThrows(() => mapWithin(enough * MEBIBYTE, rooms));
    t.throws(() => mapWithin((enough - 1) * MEBIBYTE, rooms));
  }
});

test('where no memory is enough, none is proposed', (t) => {
  const error = t.throws(() => mapWithin(MEMORY_MAX, { ...ROOMS, workers: 2, window: MEMORY_MAX / 2 }), {
    code: 'ERR_MEMBENCH_USAGE',
  });
  t.is((error as { hint?: string }).hint, 'use fewer workers or a smaller buffer');
});

test('the buffer is what was asked for, or at most an eighth of the memory', (t) => {
  t.is(bufferWithin(undefined, undefined, 4096), 4096);
  t.is(bufferWithin(undefined, 5, 4096), 5);
  t.is(bufferWithin(8000, 5000, 4096), 5000);
  t.is(bufferWithin(8000, undefined, 4096), 1000);
  t.is(bufferWithin(80_000, undefined, 4096), 4096);
});

test('no more than 4 GiB can be used', (t) => {
  t.is(usableMemory(5 * 2 ** 30), MEMORY_MAX);
  t.is(usableMemory(2 ** 30), 2 ** 30);
});
