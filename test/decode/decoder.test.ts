import test from 'ava';
import { type CacheEvent, createDecoder } from 'membench/decoder';
import { interleave, packetsOf } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';
import { between, seeded } from '../support/random.js';

const KEY = new Uint8Array(16).fill(9);
const CAPTURE = pcapFile(
  interleave(
    ...[1, 2, 3, 4].map((i) =>
      packetsOf(randomConversation(i, 60), { cut: 'random', seed: i, clientPort: 44000 + i }),
    ),
  ),
);

/** Events without what depends on the order they are given in. */
const unordered = (events: Iterable<CacheEvent>) =>
  [...events].map((e) => JSON.stringify({ ...e, conn: 0, request: 0 })).sort();

async function decode(cut: (random: () => number) => number): Promise<CacheEvent[]> {
  const decoder = await createDecoder({ key: KEY });
  const random = seeded(1);
  const events: CacheEvent[] = [];
  for (let at = 0; at < CAPTURE.length; ) {
    const size = cut(random);
    events.push(...decoder.decode(CAPTURE.subarray(at, at + size)));
    at += size;
  }
  events.push(...decoder.end());
  return events;
}

test('the decoder alone gives the events the pipeline gives, whatever the chunks', async (t) => {
  const wanted = unordered(recordInProcess(CAPTURE, { key: KEY, workers: 3 }).events);
  t.true(wanted.length > 300);
  t.deepEqual(unordered(await decode(() => CAPTURE.length)), wanted);
  t.deepEqual(unordered(await decode((random) => between(random, 1, 50))), wanted);
  t.deepEqual(unordered(await decode(() => 65537)), wanted);
});

test('a capture that ends in a record is told at the end, its events given', async (t) => {
  const decoder = await createDecoder({ key: KEY });
  const events = [...decoder.decode(CAPTURE.subarray(0, CAPTURE.length - 5))];
  t.true(events.length > 0);
  t.throws(() => [...decoder.end()], { code: 'ERR_MEMBENCH_BROKEN_CAPTURE' });
});

test('what is no capture is told at the first bytes', async (t) => {
  const decoder = await createDecoder();
  t.throws(() => [...decoder.decode(new Uint8Array(100))], { code: 'ERR_MEMBENCH_NOT_A_CAPTURE' });
  await t.throwsAsync(createDecoder({ key: new Uint8Array(5) }), { code: 'ERR_MEMBENCH_USAGE' });
});
