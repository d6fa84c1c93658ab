import test from 'ava';
import { client, packetsOf, server, type Turn } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { pcapFile } from '../support/packets.js';

const HOUR = 3_600_000_000_000n;

test('a clock that is set while recording moves blocks, never durations', (t) => {
  const turns: Turn[] = [];
  for (let i = 0; i < 1500; i++) turns.push(client(`get k${i}\r\n`), server('END\r\n'));
  // As kernel times are: counted from boot.
  const capture = pcapFile(packetsOf(turns, { start: 5_000_000_000n }), { nanos: true });
  const plain = recordInProcess(capture).events;
  // Ahead by a year, then set back by an hour, then slewed by a microsecond.
  const offsets = [8760n * HOUR, 8759n * HOUR, 8759n * HOUR + 1000n];
  let sealed = 0;
  const { events, counters } = recordInProcess(capture, { clock: () => offsets[Math.min(sealed++, 2)]! });
  t.is(sealed, 3, 'a look at the clock for every block');
  t.is(events.length, 1500);
  t.is(counters.negative_latency, 0);
  // The middle block is an hour before the first: readers put events in order of time.
  const byKey = new Map(events.map((event) => [event.key, event]));
  const shifts = plain.map((event) => {
    const same = byKey.get(event.key)!;
    t.is(same.latency_ns, event.latency_ns);
    return BigInt(same.ts_ns) - BigInt(event.ts_ns);
  });
  const changes = shifts.filter((shift, i) => i === 0 || shift !== shifts[i - 1]);
  t.deepEqual(changes, offsets);
});
