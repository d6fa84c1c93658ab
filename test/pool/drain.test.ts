/** A kernel ring that is never empty: what else there is to be done is done all the same. */
import test from 'ava';
import type { Core } from '#src/decode/core.js';
import { RingWriter } from '#src/memory/batch-ring.js';
import { mapMemory } from '#src/memory/map.js';
import { RingReader } from '#src/memory/ring-reader.js';
import { WorkerState } from '#src/memory/worker-state.js';
import { Drain, type KernelRing } from '#src/pool/drain.js';
import type { WorkerTask } from '#src/pool/messages.js';
import { openPacketRing } from '#src/pool/packet-ring.js';
import { client, packetsOf, server } from '../support/conversation.js';
import { FakePacketRing } from '../support/kernel.js';

function setUp() {
  const map = mapMemory({
    workers: 1,
    slots: 3,
    slotSize: 65536,
    state: 1 << 20,
    blockEvents: 8,
    window: 1 << 16,
  });
  const memory = new WebAssembly.Memory({ initial: map.pages, maximum: map.pages, shared: true });
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  const state = new WorkerState(buffer, map, 0);
  const writer = new RingWriter(buffer, map);
  return { map, memory, state, writer, ring: new RingReader(buffer, map, 0) };
}

test('under overload a flush is obeyed after a batch, and there is always a next step', (t) => {
  const { state, writer, ring } = setUp();
  let takes = 0;
  const kernel: KernelRing = {
    plenty: 1000,
    tail: 1,
    take: () => {
      takes++;
      return 1000;
    },
    giveUp() {},
    wait: () => t.fail('there is more'),
    count() {},
    close() {},
  };
  let sealed = 0;
  const core = { sealNow: () => sealed++ } as unknown as Core;
  const drain = new Drain(kernel, ring, state);
  for (let step = 0; step < 10; step++) {
    if (step === 4) writer.flush();
    t.is(drain.step(core), 'busy');
    t.is(takes, step + 1);
    t.is(sealed, step < 4 ? 0 : 1);
  }
  t.is(state.phase, 'waiting');
});

test('of a packet ring one block is taken at a time, however many are full', (t) => {
  const { map, memory, state } = setUp();
  const kernel = new FakePacketRing({ memory, map }, true);
  const packets = packetsOf([client('get a\r\n'), server('END\r\n'), client('get b\r\n'), server('END\r\n')]);
  for (const { data } of [...packets, ...packets]) kernel.deliver(data);
  t.is(kernel.dropped > 0, true, 'it is full');
  const task = { memory, map, worker: 0 } as unknown as WorkerTask;
  const ring = openPacketRing(kernel.libc, task, kernel.ring, state);
  let blocks = 0;
  const core = { decodeBlock: () => blocks++, lagOfBlock() {} } as unknown as Core;
  for (let taken = 1; taken <= kernel.ring.blockCount; taken++) {
    t.true(ring.take(core) >= ring.plenty);
    t.is(blocks, taken);
  }
  t.is(ring.take(core), 0);
});
