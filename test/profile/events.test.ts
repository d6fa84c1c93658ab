import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { openProfile, readEvents } from 'membench/profile';
import * as arbitraries from './arbitraries.js';
import { expectedEvents } from './expected.js';
import { file, frames, type TestEvent } from './support.js';

const read = (path: string) => {
  using profile = openProfile(path);
  return [...readEvents(profile)];
};

test('events come in the total order, whatever the blocks and their order in the file', (t) => {
  fc.assert(
    fc.property(arbitraries.blocks, fc.nat(), fc.boolean(), ({ events, blocks }, turn, closed) => {
      const turned = blocks.map((_, i) => blocks[(i + turn) % blocks.length]!);
      const path = file(t, frames(closed ? { blocks: turned } : { blocks: turned, footer: null }));
      assert.deepEqual(read(path), expectedEvents(events));
    }),
    { numRuns: 200 },
  );
  t.pass();
});

/** Requests of four connections, one packet each. */
const EVENTS: TestEvent[] = Array.from({ length: 40 }, (_, i) => ({
  worker: 0,
  conn: i % 4,
  time: BigInt(1000 + Math.floor(i / 3)),
  ordinal: i,
  op: 'get',
  status: 'hit',
}));

test('numbering does not depend on how connections are spread over workers', (t) => {
  const alone = file(t, frames({ blocks: [{ worker: 0, seq: 0, events: EVENTS }] }));
  // Each worker numbers its own connections from 0.
  const spread = (worker: number) =>
    EVENTS.filter(({ conn }) => conn % 2 === worker).map((event) => ({
      ...event,
      worker,
      conn: event.conn >> 1,
    }));
  const blocks = [1, 0].flatMap((worker) => [
    { worker, seq: 0, events: spread(worker).slice(0, 7).reverse() },
    { worker, seq: 1, events: spread(worker).slice(7) },
  ]);
  t.deepEqual(read(file(t, frames({ blocks }))), read(alone));
});

test('the keys of a request stay together across the border of two blocks', (t) => {
  const key = (index: number): TestEvent => ({
    worker: 0,
    conn: 1,
    time: 5n,
    ordinal: 2,
    op: 'get',
    status: 'miss',
    key: { hash: BigInt(index), size: 1 },
    key_index: index,
  });
  const path = file(
    t,
    frames({
      blocks: [
        { worker: 0, seq: 0, events: [0, 1, 2].map(key) },
        { worker: 0, seq: 1, events: [3, 4].map(key) },
      ],
    }),
  );
  const events = read(path);
  t.deepEqual(
    events.map((event) => event.request),
    [0, 0, 0, 0, 0],
  );
  t.deepEqual(
    events.map((event) => Number(event.key)),
    [0, 1, 2, 3, 4],
  );
});

test('a profile in nanoseconds keeps every digit', (t) => {
  const time = 1_767_225_600_123_456_789n;
  const event: TestEvent = {
    worker: 0,
    conn: 0,
    time,
    ordinal: 0,
    op: 'set',
    status: 'stored',
    latency: 12_345n,
  };
  const blocks = [{ worker: 0, seq: 0, events: [event], options: { unit: 1 } }];
  const [read1] = read(file(t, frames({ header: { unit: 1 }, blocks })));
  t.is(read1!.ts_ns, '1767225600123456789');
  t.is(read1!.latency_ns, 12_345);
});

test('a block that contradicts itself is left out and told', (t) => {
  const blocks = [
    { worker: 0, seq: 0, events: EVENTS.slice(0, 10) },
    { worker: 0, seq: 1, events: EVENTS.slice(10, 20), options: { columns: { key: Uint8Array.of(1) } } },
    { worker: 0, seq: 2, events: EVENTS.slice(20) },
  ];
  using profile = openProfile(file(t, frames({ blocks })));
  t.is([...readEvents(profile)].length, 30);
  t.regex(profile.damage[0]!.reason, /^block 1 of worker 0: /);
  t.deepEqual(profile.missing(), [{ worker: 0, seq: 1 }]);
  t.false(profile.complete);
});
