/** Samples of a perf buffer are decoded in the order of their times, whichever CPU took them. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { CacheEvent } from 'membench/decoder';
import { createCore } from '#src/decode/core.js';
import { usesSimd } from '#src/decode/simd.js';
import { EventCursor } from '#src/event/cursor.js';
import { COUNTER_NAMES, EVENT_RECORD, KERNEL_COUNTERS, LAG_BUCKETS } from '#src/layout/generated.js';
import { NO_CAPTURE } from '#src/memory/capture-header.js';
import { beginCapture, captureStart, configureWorker, setPorts, setWalk } from '#src/memory/configure.js';
import { mapMemory, regionAddress } from '#src/memory/map.js';
import { perfWindow } from '#src/memory/perf-window.js';
import { WorkerState } from '#src/memory/worker-state.js';
import { openPerfRings } from '#src/pool/perf-rings.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { holesOf } from '../support/holes.js';
import { PAGE_SIZE, ringRecord } from '../support/kernel.js';
import { randomConversation } from '../support/model.js';
import { FakePerfRings, perfSample } from '../support/perf-kernel.js';
import { between, seeded } from '../support/random.js';
import { decodeRecords } from '../support/ring-decode.js';

/** A parser behind a perf buffer of `cpus` rings. */
function reader(zeroCopy: boolean, cpus: number, size: number) {
  const map = mapMemory({
    workers: 1,
    slots: 1,
    slotSize: 65536,
    state: 32 << 20,
    blockEvents: 8,
    window: perfWindow(cpus, size, PAGE_SIZE).size,
    kernelCounters: 2 * KERNEL_COUNTERS * 8,
  });
  const memory = new WebAssembly.Memory({ initial: map.pages, maximum: map.pages, shared: true });
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  setPorts(buffer, map, [[11211, 11211]]);
  setWalk(buffer, map, { unit: 1 });
  beginCapture(buffer, map, captureStart({ ...NO_CAPTURE, linktype: 1 }, 0, 1));
  const view = new DataView(buffer);
  const base = regionAddress(map, 0);
  const cursor = new EventCursor();
  const events: CacheEvent[] = [];
  const module = new WebAssembly.Module(
    readFileSync(`dist/wasm/${usesSimd() ? 'pipeline' : 'pipeline-scalar'}.wasm`),
  );
  const core = createCore(module, memory, {
    onBlock() {},
    onEvents(count) {
      for (let i = 0; i < count; i++) {
        events.push(cursor.read(view, base + map.region.events.at + i * EVENT_RECORD.SIZE, 1));
      }
    },
  });
  const keys = { key: new Uint8Array(16), addressKey: new Uint8Array(16), hashSeed: 1n, eventsOut: true };
  const config = configureWorker(buffer, map, 0, keys);
  core.init(config);
  const kernel = new FakePerfRings({ memory, map }, zeroCopy, { cpus, size });
  const task = {
    ...{ module, memory, map, worker: 0, config, run: new Uint8Array(16), unit: 1, clock: 0n },
    ...{ ring: kernel.ring, again: false, port: null as never },
  };
  const rings = openPerfRings(kernel.libc, task, kernel.ring, new WorkerState(buffer, map, 0));
  const counter = (name: (typeof COUNTER_NAMES)[number]) =>
    Number(view.getBigUint64(base + map.region.counters.at + COUNTER_NAMES.indexOf(name) * 8, true));
  const lags = () =>
    new BigUint64Array(buffer, base + map.region.lag.at, LAG_BUCKETS).reduce((a, b) => a + b);
  return { kernel, core, rings, events, counter, lags };
}

const conversations = interleave(
  ...Array.from({ length: 6 }, (_, i) =>
    packetsOf(randomConversation(170 + i, 40), { seed: i, clientPort: 42000 + i }),
  ),
)
  .filter(({ data }) => data.length < 3000)
  .map(({ data, time }, i) => ({ data, time: time + BigInt(i) }));

for (const zeroCopy of [true, false]) {
  const how = zeroCopy ? 'in place' : 'copied';

  test(`any packet on any CPU, ${how}: as if all had been on one`, (t) => {
    const random = seeded(Number(process.env.MEMBENCH_SEED ?? 11));
    const whole = decodeRecords(conversations.map(({ data, time }) => ringRecord(data, time)));
    t.true(whole.events.length > 200);
    for (const cpus of [1, 2, 5]) {
      // Rings of some packets: most of them are at their beginning again and again.
      const { kernel, core, rings, events, counter, lags } = reader(zeroCopy, cpus, 16384);
      let waiting = 0;
      for (const { data, time } of conversations) {
        const holes = random() < 0.5 ? holesOf(data.subarray(54)) : [];
        kernel.sample(perfSample(data, time, holes), between(random, 0, cpus - 1));
        kernel.now = time;
        if (++waiting < 4 && random() < 0.6) continue;
        while (rings.take(core) > 0);
        waiting = 0;
      }
      while (rings.take(core) > 0);
      core.finish();
      t.is(kernel.dropped, 0);
      t.is(counter('packets_seen'), conversations.length);
      t.deepEqual(events, whole.events, `${cpus} CPUs`);
      t.true(lags() > 0n && lags() <= BigInt(conversations.length));
    }
  });
}

test('what came after the look waits for the next one', (t) => {
  const { kernel, core, rings, counter } = reader(true, 2, 16384);
  const [first, second, third] = conversations;
  kernel.sample(perfSample(first!.data, 100n), 0);
  kernel.sample(perfSample(third!.data, 300n), 0);
  kernel.sample(perfSample(second!.data, 200n), 1);
  kernel.now = 200n;
  t.true(rings.take(core) > 0);
  t.is(counter('packets_seen'), 2);
  t.is(rings.take(core), 0);
  kernel.now = 300n;
  t.true(rings.take(core) > 0);
  t.is(counter('packets_seen'), 3);
  t.is(rings.take(core), 0);
});

test('records of losses are passed over: the program has counted them', (t) => {
  const { kernel, core, rings, counter } = reader(true, 1, 2048);
  const frame = conversations.find(({ data }) => data.length > 200)!.data;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 20; i++) kernel.sample(perfSample(frame, BigInt(round)), 0);
    while (rings.take(core) > 0);
  }
  t.true(kernel.dropped > 100);
  t.is(counter('packets_seen'), kernel.delivered);
  rings.count();
  t.is(kernel.delivered + kernel.dropped, 400);
});
