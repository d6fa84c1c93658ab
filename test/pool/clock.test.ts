import test from 'ava';
import { RecordingClock } from '#src/clock.js';
import { client, packetsOf, server, type Turn } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { pcapFile } from '../support/packets.js';

const YEAR = 8760n * 3_600_000_000_000n;

test('times that count from boot become Unix times, all by the same offset, durations as they are', (t) => {
  const turns: Turn[] = [];
  for (let i = 0; i < 1500; i++) turns.push(client(`get k${i}\r\n`), server('END\r\n'));
  // As kernel times are: counted from boot.
  const capture = pcapFile(packetsOf(turns, { start: 5_000_000_000n }), { nanos: true });
  const plain = recordInProcess(capture).events;
  const { events, counters, told } = recordInProcess(capture, { clock: YEAR });
  t.is(events.length, 1500);
  t.is(told.events, 1500, 'in three blocks');
  t.is(counters.negative_latency, 0);
  events.forEach((event, i) => {
    t.is(event.key, plain[i]!.key);
    t.is(event.latency_ns, plain[i]!.latency_ns);
    t.is(BigInt(event.ts_ns) - BigInt(plain[i]!.ts_ns), YEAR);
  });
});

test('a recording looks at the wall clock once: what is done to it later moves nothing', (t) => {
  const clock = new RecordingClock();
  const real = Date.now;
  const before = clock.now();
  try {
    Date.now = () => real() - 3_600_000;
    const after = clock.now();
    t.true(after >= before);
    t.true(after - before < 3_600_000_000_000n);
  } finally {
    Date.now = real;
  }
});

test('it begins with the wall clock, to a fraction of a millisecond', (t) => {
  const least = BigInt(Date.now()) * 1_000_000n;
  const now = new RecordingClock().now();
  const most = BigInt(Date.now() + 1) * 1_000_000n;
  t.true(now >= least && now <= most, `${least} ${now} ${most}`);
});

test('a wall clock that stands still holds nobody up', (t) => {
  const real = Date.now;
  try {
    Date.now = () => 1_000_000;
    t.true(new RecordingClock().now() >= 1_000_000_000_000n);
  } finally {
    Date.now = real;
  }
});
