/**
 * Threads on the kernel's rings that are ended before their steps: every packet the kernel let in or
 * dropped is counted, once.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { usesSimd } from '#src/decode/simd.js';
import { COUNTER_NAMES, KERNEL_COUNTERS } from '#src/layout/generated.js';
import { RingWriter } from '#src/memory/batch-ring.js';
import { NO_CAPTURE } from '#src/memory/capture-header.js';
import { beginCapture, captureStart, configureWorker, setPorts, setWalk } from '#src/memory/configure.js';
import { mapMemory } from '#src/memory/map.js';
import { WorkerState } from '#src/memory/worker-state.js';
import { openBpfRing } from '#src/pool/bpf-ring.js';
import type { SealedBlock } from '#src/pool/messages.js';
import { openPacketRing } from '#src/pool/packet-ring.js';
import { openPerfRings } from '#src/pool/perf-rings.js';
import { outcomes } from '../support/account.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { FakeBpfRing, type FakeKernel, FakePacketRing } from '../support/kernel.js';
import { randomConversation } from '../support/model.js';
import { FakePerfRings } from '../support/perf-kernel.js';
import { Workers } from '../support/workers.js';

const module = new WebAssembly.Module(
  readFileSync(`dist/wasm/${usesSimd() ? 'pipeline' : 'pipeline-scalar'}.wasm`),
);
const frames = interleave(
  ...Array.from({ length: 3 }, (_, i) =>
    packetsOf(randomConversation(70 + i, 25), { seed: i, clientPort: 41000 + i }),
  ),
)
  .map(({ data }) => data)
  .filter(({ length }) => length < 700);

/** Every so many-th step; MEMBENCH_STRIDE=1 for all of them. */
const STRIDE = Number(process.env.MEMBENCH_STRIDE ?? 7);

type Kind = FakeKernel['ring']['kind'];

/** A live recording on one thread, whose kernel delivers a few packets between two steps of the worker. */
function recordLive(kind: Kind, zeroCopy: boolean, deaths: readonly number[], burst: number) {
  const map = mapMemory({
    workers: 1,
    slots: 3,
    slotSize: 65536,
    state: 1 << 20,
    blockEvents: 8,
    window: 1 << 18,
    kernelCounters: 2 * KERNEL_COUNTERS * 8,
  });
  const memory = new WebAssembly.Memory({ initial: map.pages, maximum: map.pages, shared: true });
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  setPorts(buffer, map, [[11211, 11211]]);
  setWalk(buffer, map, { unit: 1 });
  beginCapture(buffer, map, captureStart({ ...NO_CAPTURE, linktype: 1 }, 0, 1));
  const Kernel = { 'bpf ring': FakeBpfRing, 'perf rings': FakePerfRings, 'packet ring': FakePacketRing }[
    kind
  ];
  const kernel: FakeKernel & { flush?(): void } = new Kernel({ memory, map }, zeroCopy);
  const keys = { key: new Uint8Array(16), addressKey: new Uint8Array(16), hashSeed: 1n, eventsOut: false };
  const task = {
    module,
    memory,
    map,
    worker: 0,
    config: configureWorker(buffer, map, 0, keys),
    run: new Uint8Array(16),
    unit: 1,
    clock: 0n,
    ring: kernel.ring,
  };
  const ring = new RingWriter(buffer, map);
  const blocks: SealedBlock[] = [];
  const workers = new Workers(
    [task],
    ring,
    (block) => blocks.push(block),
    (task) => {
      const state = new WorkerState(buffer, map, 0);
      if (kernel.ring.kind === 'bpf ring') return openBpfRing(kernel.libc, task, kernel.ring, state);
      if (kernel.ring.kind === 'perf rings') return openPerfRings(kernel.libc, task, kernel.ring, state);
      return openPacketRing(kernel.libc, task, kernel.ring, state);
    },
  );
  const left = [...deaths];
  let died = -1;
  let at = 0;
  for (let rounds = 0; ; rounds++) {
    assert.ok(rounds < 10_000, 'it does not come to its end');
    for (const frame of frames.slice(at, at + burst)) kernel.deliver(frame);
    at += burst;
    if (at >= frames.length) {
      kernel.flush?.();
      ring.end();
    }
    if (rounds % 5 === 4) ring.flush();
    if (workers.rebuilt.length !== died && left.length > 0) {
      died = workers.rebuilt.length;
      workers.steps.dieAfter(left.shift()!);
    }
    if (workers.step(0) === 'ended') break;
    workers.write();
  }
  workers.write();
  return { kernel, blocks, counters: workers.counters, rebuilt: workers.rebuilt, steps: workers.steps.count };
}

function assertExact({ kernel, blocks, counters }: ReturnType<typeof recordLive>, message: string): void {
  assert.equal(kernel.delivered + kernel.dropped, frames.length);
  assert.equal(counters.packets_seen, frames.length, `${message}: every packet once`);
  assert.equal(counters.lost_by_kernel + counters.lost_ring_full, kernel.dropped, `${message}: drops`);
  assert.equal(outcomes(counters), frames.length, `${message}: seen = decoded + skipped + lost`);
  for (const name of COUNTER_NAMES) {
    const told = blocks.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
    assert.ok(told <= counters[name], `${message}: ${name} told ${told}, counted ${counters[name]}`);
    if (['events', 'requests', 'answered', 'hits', 'misses'].includes(name)) {
      assert.equal(told, counters[name], `${message}: ${name}`);
    }
  }
  assert.deepEqual(
    blocks.map(({ seq }) => seq),
    blocks.map((_, i) => i),
    `${message}: numbers of blocks`,
  );
}

for (const kind of ['bpf ring', 'perf rings', 'packet ring'] as const) {
  for (const zeroCopy of [true, false]) {
    for (const [burst, overload] of [
      [2, 'with room'],
      [60, 'overfull'],
    ] as const) {
      test(`a ${kind} ${zeroCopy ? 'in place' : 'copied'}, ${overload}: ended before any step`, (t) => {
        t.timeout(600_000);
        const whole = recordLive(kind, zeroCopy, [], burst);
        assertExact(whole, 'nobody dies');
        t.is(whole.counters.lost_worker_failed, 0);
        t.is(whole.kernel.dropped > 0, overload === 'overfull');
        t.true(whole.blocks.length > 1);
        let deaths = 0;
        for (let step = 0; step < whole.steps; step += STRIDE) {
          const result = recordLive(kind, zeroCopy, [step], burst);
          assert.ok(result.rebuilt.length <= 1);
          deaths += result.rebuilt.length;
          assertExact(result, `step ${step}`);
          // And the one that takes over is ended, too.
          if (step % 5 === 0)
            assertExact(recordLive(kind, zeroCopy, [step, step % 30], burst), `steps ${step}`);
        }
        t.log(`${whole.steps} steps, ${deaths} deaths`);
        // How often it looks for what may still come depends on the time.
        t.true(deaths > whole.steps / STRIDE / 2);
      });
    }
  }
}
