import test from 'ava';
import { type CacheEvent, createDecoder } from 'membench/decoder';
import { generateCapture } from '#bench/generate/generate.js';
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

/** Larger than what is decoded at a time, several times over. */
const LARGE = (() => {
  const chunks: Uint8Array[] = [];
  generateCapture({ exchanges: 6000, valueSize: 20, flows: 20, keys: 500, mss: 1448 }, (chunk) =>
    chunks.push(Uint8Array.from(chunk)),
  );
  return Buffer.concat(chunks);
})();

/** What a loop that nobody leaves gives, and what is counted then. */
async function reference() {
  const decoder = await createDecoder({ key: KEY });
  const events = [...decoder.decode(LARGE), ...decoder.end()];
  return { events, counters: { ...decoder.counters } };
}

/** The same capture handed over in chunks, by somebody who does with each what `use` does. */
async function inChunks(
  size: number,
  use: (events: Iterable<CacheEvent>, take: (event: CacheEvent) => void) => void,
) {
  const decoder = await createDecoder({ key: KEY });
  const events: CacheEvent[] = [];
  // One buffer for all chunks, as readSync(2) would fill it.
  const buffer = Buffer.alloc(size);
  for (let at = 0; at < LARGE.length; at += size) {
    const chunk = buffer.subarray(0, LARGE.copy(buffer, 0, at));
    use(decoder.decode(chunk), (event) => events.push(event));
    buffer.fill(0xff);
  }
  for (const event of decoder.end()) events.push(event);
  return { events, counters: { ...decoder.counters } };
}

const SIZES = [LARGE.length, 1 << 20, 300_000, 70_000];

test('a loop that is left loses nothing, and the chunk is free then', async (t) => {
  const wanted = await reference();
  t.true(LARGE.length > 1.2e6 && wanted.events.length > 5000, `${LARGE.length} ${wanted.events.length}`);
  for (const size of SIZES) {
    const broken = await inChunks(size, (events, take) => {
      for (const event of events) {
        take(event);
        break;
      }
    });
    t.deepEqual(broken, wanted, `break, ${size}`);
    let taken = 0;
    const thrown = await inChunks(size, (events, take) => {
      t.throws(
        () => {
          for (const event of events) {
            take(event);
            if (++taken % 1700 === 0) throw new Error('enough');
          }
          throw new Error('enough');
        },
        { message: 'enough' },
      );
    });
    t.deepEqual(thrown, wanted, `throw, ${size}`);
  }
});

test('a chunk nobody takes the events of is decoded all the same', async (t) => {
  const wanted = await reference();
  // Up to 256 KiB at once, whatever becomes of the buffer.
  t.deepEqual(await inChunks(70_000, () => {}), wanted);
  const decoder = await createDecoder({ key: KEY });
  for (let at = 0; at < LARGE.length; at += 500_000) decoder.decode(LARGE.subarray(at, at + 500_000));
  t.deepEqual([...decoder.end()], wanted.events);
  t.deepEqual({ ...decoder.counters }, wanted.counters);
});

test('what is counted is counted whether the events were taken or not', async (t) => {
  const decoder = await createDecoder({ key: KEY });
  const hand = decoder.decode(LARGE)[Symbol.iterator]();
  const first = hand.next().value as CacheEvent;
  const { packets_seen, packets_decoded } = decoder.counters;
  const wanted = await reference();
  t.deepEqual(
    [packets_seen, packets_decoded],
    [wanted.counters.packets_seen, wanted.counters.packets_decoded],
  );
  t.deepEqual([first, ...decoder.end()], wanted.events);
});

test('several hands at once: each event once, in order', async (t) => {
  const wanted = await reference();
  const decoder = await createDecoder({ key: KEY });
  const half = LARGE.length >> 1;
  const one = decoder.decode(LARGE.subarray(0, half))[Symbol.iterator]();
  const two = decoder.decode(LARGE.subarray(half))[Symbol.iterator]();
  const events: CacheEvent[] = [];
  for (let hand = 0; ; hand ^= 1) {
    const { value, done } = [one, two][hand]!.next();
    if (done) break;
    events.push(value);
  }
  events.push(...decoder.end());
  t.deepEqual(events, wanted.events);
});

test('end is left, and called again', async (t) => {
  const wanted = await reference();
  const decoder = await createDecoder({ key: KEY });
  const events: CacheEvent[] = [];
  for (const event of decoder.decode(LARGE)) {
    events.push(event);
    break;
  }
  for (const event of decoder.end()) {
    events.push(event);
    break;
  }
  events.push(...decoder.end());
  t.deepEqual(events, wanted.events);
  t.deepEqual([...decoder.end()], []);
  t.throws(() => decoder.decode(LARGE), { code: 'ERR_MEMBENCH_USAGE' });
  t.deepEqual({ ...decoder.counters }, wanted.counters);
});

test('a record that cannot be one is told behind the events before it, and again', async (t) => {
  // Behind more than is decoded at a time.
  const good = Buffer.from(pcapFile([]));
  const chunk = Buffer.concat([LARGE, Buffer.alloc(64, 0xff), good]);
  const wanted = await createDecoder({ key: KEY });
  const before = [...wanted.decode(LARGE)];
  const decoder = await createDecoder({ key: KEY });
  const events: CacheEvent[] = [];
  const take = (from: Iterable<CacheEvent>) => {
    for (const event of from) events.push(event);
  };
  for (const event of decoder.decode(chunk)) {
    events.push(event);
    break;
  }
  t.throws(() => take(decoder.decode(LARGE)), {
    code: 'ERR_MEMBENCH_BROKEN_CAPTURE',
    message: /^the record after packet/,
  });
  t.deepEqual(events, before);
  t.throws(() => take(decoder.decode(LARGE)), { code: 'ERR_MEMBENCH_BROKEN_CAPTURE' });
  t.throws(() => take(decoder.end()), { code: 'ERR_MEMBENCH_BROKEN_CAPTURE' });
  t.throws(() => take(decoder.end()), { code: 'ERR_MEMBENCH_BROKEN_CAPTURE' });
  t.deepEqual(events, [...before, ...wanted.end()]);
});

test('a capture that ends in a record is told at the end, its events given', async (t) => {
  const decoder = await createDecoder({ key: KEY });
  const events = [...decoder.decode(CAPTURE.subarray(0, CAPTURE.length - 5))];
  t.true(events.length > 0);
  t.throws(() => [...decoder.end()], { code: 'ERR_MEMBENCH_BROKEN_CAPTURE' });
});

test('what is no capture is told at the first bytes', async (t) => {
  const decoder = await createDecoder();
  t.throws(() => decoder.decode(new Uint8Array(100)), { code: 'ERR_MEMBENCH_NOT_A_CAPTURE' });
  t.throws(() => decoder.decode(new Uint8Array(100)), { code: 'ERR_MEMBENCH_NOT_A_CAPTURE' });
  t.throws(() => decoder.end(), { code: 'ERR_MEMBENCH_NOT_A_CAPTURE' });
  await t.throwsAsync(createDecoder({ key: new Uint8Array(5) }), { code: 'ERR_MEMBENCH_USAGE' });
});
