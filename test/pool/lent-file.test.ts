/** A file the workers read, and what may be wrong with it: where they stop, the main thread reads on. */
import { appendFileSync, closeSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { CONTROL } from '#src/layout/generated.js';
import { RingWriter } from '#src/memory/batch-ring.js';
import { parseCaptureHeader } from '#src/memory/capture-header.js';
import { mapMemory } from '#src/memory/map.js';
import { RingReader } from '#src/memory/ring-reader.js';
import { FileReader } from '#src/source/bytes.js';
import { CaptureFeeder } from '#src/source/captures.js';
import { wrongIn } from '../support/account.js';
import { temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

const PACKETS = interleave(
  ...Array.from({ length: 4 }, (_, i) =>
    packetsOf(randomConversation(700 + i, 50), { seed: i, clientPort: 41000 + i }),
  ),
);
const CAPTURE = pcapFile(PACKETS);
const SLOT_SIZE = 4096;
const options = { workers: 2, map: { slotSize: SLOT_SIZE, blockEvents: 16 }, inFile: true } as const;

test('a file that grows while it is read is read to its new end', (t) => {
  for (const half of [CAPTURE.length >> 1, 4 * SLOT_SIZE + 24]) {
    let grown = false;
    const result = recordInProcess(CAPTURE, {
      ...options,
      beforeStep(step, _, { path }) {
        if (step === 0) truncateSync(path!, half);
        if (step === 3) appendFileSync(path!, CAPTURE.subarray(half));
        grown ||= step > 3;
      },
    });
    t.true(grown);
    t.deepEqual(wrongIn(result), []);
    t.is(result.counters.packets_seen, PACKETS.length);
  }
});

test('a file that shrinks while it is read ends where it ends', (t) => {
  for (let at = 0; at < 30; at++) {
    const result = recordInProcess(CAPTURE, {
      ...options,
      schedule: at,
      beforeStep(step, _, { path }) {
        if (step === at) truncateSync(path!, 5 * SLOT_SIZE);
      },
    });
    t.deepEqual(wrongIn(result), []);
    t.true(result.counters.packets_seen < PACKETS.length);
  }
});

test('a file the workers cannot read is read by the main thread', (t) => {
  const result = recordInProcess(CAPTURE, { ...options, openFlags: 'a' });
  t.deepEqual(wrongIn(result), []);
  t.is(result.counters.packets_seen, PACKETS.length);
});

/** A feeder of one file, and a ring nobody else works on. */
function feederOf(t: ExecutionContext, makeReader = (fd: number) => new FileReader(fd)) {
  const path = join(temporary(t), 'capture');
  writeFileSync(path, CAPTURE);
  const fd = openSync(path, 'r');
  t.teardown(() => closeSync(fd));
  const header = parseCaptureHeader(CAPTURE.subarray(0, 24));
  const reader = makeReader(fd);
  reader.position = header.size;
  const map = mapMemory({ workers: 2, slots: 3, slotSize: SLOT_SIZE, state: 1 << 16, blockEvents: 16 });
  const buffer = new SharedArrayBuffer(map.pages * 65536);
  const ring = new RingWriter(buffer, map);
  const feeder = new CaptureFeeder([{ name: 'test', header, reader, bytesTotal: CAPTURE.length }]);
  return { feeder, ring, reader, worker: new RingReader(buffer, map, 0), buffer, map };
}

test('told to stop while the workers read, or would: nobody waits for them', async (t) => {
  const { feeder, ring, reader, buffer, map } = feederOf(t);
  const done = feeder.run(ring);
  while (!ring.lent) await new Promise(setImmediate);
  feeder.stop();
  await done;
  t.is(reader.position, 24 + SLOT_SIZE);
  t.true(new Int32Array(buffer, map.control)[CONTROL.next / 4]! >= 0, 'nobody can take a slot any more');
});

test('a file that cannot be read further: the main thread says why', async (t) => {
  class Failing extends FileReader {
    override async read(buffer: Uint8Array): Promise<number> {
      if (this.position > 24) throw Object.assign(new Error('i/o error'), { code: 'EIO' });
      return super.read(buffer);
    }
  }
  const { feeder, ring, reader, worker } = feederOf(t, (fd) => new Failing(fd));
  const done = feeder.run(ring);
  let over = false;
  void done.then(() => {
    over = true;
  });
  // What a worker does that cannot read it either.
  while (!over) {
    const work = worker.take();
    if (work?.kind === 'read') worker.readDone(0);
    else if (work?.kind === 'index') worker.indexDone(worker.sizeOf(work.slot));
    else if (work?.kind === 'decode') worker.decodeDone();
    await new Promise(setImmediate);
  }
  t.is(reader.position, 24 + SLOT_SIZE, 'one slot was read, and no more');
  t.like(feeder.failure, { input: { name: 'test' }, error: { code: 'EIO' } });
});
