/** Datagrams seen twice: each exchange is one, and its copies are counted. */
import test from 'ava';
import { ascii, START } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { concat, ipv4, ipv6, link, type Packet, pcapFile, udp } from '../support/packets.js';
import { Section } from '../support/pcapng.js';

const MS = 1_000_000n;

interface Way {
  version?: 4 | 6;
  /** Identification of an IPv4 header, which a copy repeats. */
  id?: number;
  server?: number;
}

/** One datagram at a time, of a request id. */
function datagram(
  from: 'client' | 'server',
  request: number,
  text: string,
  time: bigint,
  way: Way = {},
): Packet {
  const { version = 4, server = 1 } = way;
  const fromClient = from === 'client';
  // The frame of protocol.txt, "UDP protocol": request, sequence, datagrams, reserved.
  const payload = concat([0, request, 0, 0, 0, 1, 0, 0], ascii(text));
  const body = fromClient ? udp(40_000, 11211, payload) : udp(11211, 40_000, payload);
  const ends = fromClient ? { source: 2, destination: server } : { source: server, destination: 2 };
  const ip = { ...ends, protocol: 17, ...(way.id !== undefined && { id: way.id }) };
  return { time: START + time, data: link('ethernet', version === 4 ? ipv4(ip, body) : ipv6(ip, body)) };
}

function record(packets: readonly Packet[]) {
  const sorted = [...packets].sort((a, b) => Number(a.time - b.time));
  const { events, counters } = recordInProcess(pcapFile(sorted), { workers: 3 });
  return { said: events.map(({ op, status }) => `${op} ${status}`).join(', '), counters };
}

/** Two exchanges of one request id, each datagram once more after a while, perhaps behind a translation. */
function twice(lag: bigint, way: Way, copy: Way): Packet[] {
  return [0n, 100n * MS].flatMap((start, i) => {
    const ids = way.id === undefined ? [{}, {}] : [{ id: way.id + 2 * i }, { id: way.id + 2 * i + 1 }];
    const ask = (time: bigint, to: Way) =>
      datagram('client', 7, 'get a\r\n', start + time, { ...to, ...ids[0] });
    const answer = (time: bigint, to: Way) =>
      datagram('server', 7, 'END\r\n', start + time, { ...to, ...ids[1] });
    return [ask(0n, way), ask(lag, copy), answer(MS, way), answer(MS + lag, copy)];
  });
}

for (const [name, lag, way, copy] of [
  ['on two interfaces', 5_000n, { id: 4000 }, {}],
  ['on two interfaces, without a number', 5_000n, {}, {}],
  ['on two interfaces, over IPv6', 5_000n, { version: 6 }, { version: 6 }],
  ['by two clocks', 20n * MS, { id: 4000 }, {}],
] as [string, bigint, Way, Way][]) {
  test(`datagrams seen ${name} are exchanged once`, (t) => {
    const { said, counters } = record(twice(lag, way, copy));
    t.is(said, 'get miss, get miss');
    t.is(counters.requests, 2);
    t.is(counters.duplicates, 4);
    t.is(counters.unmatched_answers, 0);
    t.is(counters.flows, 1);
  });
}

test('a request seen on both sides of a translation is one, and its answer where it was seen first', (t) => {
  const { said, counters } = record([
    datagram('client', 7, 'get a\r\n', 0n, { id: 900 }),
    datagram('client', 7, 'get a\r\n', 5_000n, { id: 900, server: 9 }),
    datagram('server', 7, 'END\r\n', MS, { id: 31, server: 9 }),
    datagram('server', 7, 'END\r\n', MS + 5_000n, { id: 31 }),
  ]);
  t.is(said, 'get miss');
  t.is(counters.duplicates, 1);
  t.is(counters.unmatched_answers, 1);
  t.is(counters.flows, 1);
});

test('by what a capture tells of interfaces, a copy without a number is told from what is asked again', (t) => {
  const ticks = ({ time }: Packet) => time / 1000n;
  for (const [second, lag, said] of [
    // Seen on two interfaces; on one of them twice.
    [1, MS, 'get miss'],
    [0, MS, 'get unanswered, get miss'],
    [0, 5_000n, 'get unanswered, get miss'],
  ] as const) {
    const [ask, again, answer] = [
      datagram('client', 7, 'get a\r\n', 0n),
      datagram('client', 7, 'get a\r\n', lag),
      datagram('server', 7, 'END\r\n', 2n * MS),
    ] as const;
    const capture = new Section()
      .interface()
      .interface()
      .enhanced(0, ticks(ask), ask)
      .enhanced(second, ticks(again), again)
      .enhanced(0, ticks(answer), answer)
      .bytes();
    const { events } = recordInProcess(capture);
    t.is(events.map(({ op, status }) => `${op} ${status}`).join(', '), said);
  }
});

test('what is asked again is no copy', (t) => {
  // Answered, and asked again at once, by one id and the same bytes.
  const again = [0n, MS, 2n * MS].flatMap((start) => [
    datagram('client', 7, 'get a\r\n', start),
    datagram('server', 7, 'END\r\n', start + MS / 2n),
  ]);
  t.is(record(again).said, 'get miss, get miss, get miss');
  // Not answered, and sent again with another number, or after a while.
  for (const [later, ids] of [
    [MS, [{ id: 5 }, { id: 6 }]],
    [MS, [{}, {}]],
    [50n * MS, [{}, {}]],
    [1000n * MS, [{ id: 5 }, { id: 5 }]],
  ] as [bigint, Way[]][]) {
    const { said, counters } = record([
      datagram('client', 7, 'get a\r\n', 0n, ids[0]),
      datagram('client', 7, 'get a\r\n', later, ids[1]),
      datagram('server', 7, 'END\r\n', later + MS),
    ]);
    t.is(said, 'get unanswered, get miss');
    t.is(counters.duplicates, 0);
  }
  // Another client of the same ports and id.
  const other = datagram('client', 7, 'get a\r\n', 5_000n);
  other.data[29] = 77;
  t.is(record([datagram('client', 7, 'get a\r\n', 0n), other]).counters.requests, 2);
});
