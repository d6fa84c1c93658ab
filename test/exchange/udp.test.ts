/** Memcache over UDP, rows O01 to O08 of the acceptance table: bytes by hand from doc/protocol.txt. */

import test from 'ava';
import fc from 'fast-check';
import { ascii, START } from '../support/conversation.js';
import { fragments } from '../support/fragments.js';
import { recordInProcess } from '../support/in-process.js';
import { concat, ipv4, ipv6, link, type Packet, pcapFile, udp } from '../support/packets.js';

const PORT = 11211;
/** Bytes of an answer in one datagram: UDP_MAX_PAYLOAD_SIZE, 1400, less the frame. */
const PART = 1392;

interface Datagram {
  from: 'client' | 'server';
  id: number;
  sequence?: number;
  total?: number;
  reserved?: number;
  data: string | Uint8Array;
  clientPort?: number;
  version?: 4 | 6;
}

/** Datagrams 10 µs apart. */
function capture(datagrams: readonly Datagram[]): Uint8Array {
  const packets = datagrams.map((datagram, i): Packet => {
    const {
      from,
      id,
      sequence = 0,
      total = 1,
      reserved = 0,
      data,
      clientPort = 50000,
      version = 4,
    } = datagram;
    const frame = [id, sequence, total, reserved].flatMap((n) => [n >> 8, n & 255]);
    const payload = concat(frame, typeof data === 'string' ? ascii(data) : data);
    const asks = from === 'client';
    const body = udp(asks ? clientPort : PORT, asks ? PORT : clientPort, payload);
    const ip = { source: asks ? 2 : 1, destination: asks ? 1 : 2, protocol: 17 };
    return {
      time: START + BigInt(i) * 10_000n,
      data: link('ethernet', version === 4 ? ipv4(ip, body) : ipv6(ip, body)),
    };
  });
  return pcapFile(packets);
}

const asked = (id: number, data: string | Uint8Array, more: Partial<Datagram> = {}): Datagram => ({
  from: 'client',
  id,
  data,
  ...more,
});
const answered = (id: number, data: string | Uint8Array, more: Partial<Datagram> = {}): Datagram => ({
  from: 'server',
  id,
  data,
  ...more,
});
const record = (...datagrams: Datagram[]) => recordInProcess(capture(datagrams), { workers: 2 });
const brief = ({ events }: ReturnType<typeof record>) =>
  events.map(({ op, status, value_size }) => [op, status, value_size]);

/** An answer of any length as the server cuts it. */
function parts(id: number, text: string, more: Partial<Datagram> = {}): Datagram[] {
  const total = Math.ceil(text.length / PART);
  return Array.from({ length: total }, (_, sequence) =>
    answered(id, text.slice(sequence * PART, (sequence + 1) * PART), { sequence, total, ...more }),
  );
}

const VALUE = 'x'.repeat(5000);
const HIT = `VALUE a 0 ${VALUE.length}\r\n${VALUE}\r\nEND\r\n`;

test('O01: a request and its answer', (t) => {
  for (const version of [4, 6] as const) {
    const result = record(
      asked(7, 'get a\r\n', { version }),
      answered(7, 'VALUE a 5 1\r\nx\r\nEND\r\n', { version }),
    );
    t.deepEqual(brief(result), [['get', 'hit', 1]]);
    t.like(result.events[0], { transport: 'udp', conn: 0, latency_ns: 10_000, flags: 5 });
    t.like(result.counters, { packets_seen: 2, packets_decoded: 2, flows: 1, unmatched_answers: 0 });
  }
});

test('requests between the same ports are of one connection', (t) => {
  const result = record(
    asked(1, 'get a\r\n'),
    asked(2, 'set b 0 0 1\r\nx\r\n'),
    answered(2, 'STORED\r\n'),
    answered(1, 'END\r\n'),
    asked(3, 'get a\r\n', { clientPort: 50001 }),
    answered(3, 'END\r\n', { clientPort: 50001 }),
  );
  t.deepEqual(
    result.events.map(({ op, status, conn }) => [op, status, conn]),
    [
      ['get', 'miss', 0],
      ['set', 'stored', 0],
      ['get', 'miss', 1],
    ],
  );
  t.is(result.counters.flows, 2);
});

test('O02: a request of several datagrams is dropped by the server, and counted', (t) => {
  const result = record(
    asked(1, 'set a 0 0 9\r\nxx', { total: 2 }),
    asked(1, 'xxxxxxx\r\n', { total: 2, sequence: 1 }),
    asked(2, 'get a\r\n', { total: 0 }),
  );
  t.deepEqual(brief(result), []);
  t.is(result.counters.udp_refused, 3);
});

test('O03: the reserved field means nothing', (t) => {
  t.deepEqual(
    brief(record(asked(1, 'get a\r\n', { reserved: 5 }), answered(1, 'END\r\n', { reserved: 9 }))),
    [['get', 'miss', null]],
  );
});

test('O05: an answer of several datagrams, in any order, some twice', (t) => {
  const whole = parts(9, HIT);
  t.is(whole.length, 4);
  t.deepEqual(brief(record(asked(9, 'get a\r\n'), ...whole)), [['get', 'hit', 5000]]);
  fc.assert(
    fc.property(fc.shuffledSubarray(whole, { minLength: 4 }), fc.subarray(whole), (order, twice) => {
      const { events, counters } = record(asked(9, 'get a\r\n'), ...order, ...twice);
      return (
        events.length === 1 &&
        events[0]!.status === 'hit' &&
        events[0]!.value_size === 5000 &&
        counters.gaps === 0
      );
    }),
  );
});

test('O05: the loss of one datagram loses nothing that was not in it', (t) => {
  // The first holds the answer's line, the middle only bytes of the value, the last the answer's end.
  const without = (lost: number) => {
    const left = parts(9, HIT).filter(({ sequence }) => sequence !== lost);
    return record(asked(9, 'get a\r\n'), ...left, asked(10, 'get b\r\n'), answered(10, 'END\r\n'));
  };
  t.deepEqual(brief(without(0)), [
    ['get', 'unanswered', null],
    ['get', 'miss', null],
  ]);
  t.deepEqual(brief(without(1)), [
    ['get', 'hit', 5000],
    ['get', 'miss', null],
  ]);
  t.is(without(3).events[1]!.status, 'miss');
});

test('O06: several commands in one datagram are answered in messages of their own', (t) => {
  const result = record(
    asked(4, 'get a\r\nset b 0 0 1\r\nx\r\nincr c 1\r\n'),
    answered(4, 'END\r\n'),
    answered(4, 'STORED\r\n'),
    answered(4, '5\r\n'),
  );
  t.deepEqual(
    result.events.map(({ op, status }) => [op, status]),
    [
      ['get', 'miss'],
      ['set', 'stored'],
      ['incr', 'value'],
    ],
  );
});

test('O07: answers late, of an unknown id, of one used before', (t) => {
  const result = record(
    answered(1, 'END\r\n'),
    asked(5, 'get a\r\n'),
    asked(5, 'get b\r\n'),
    answered(5, 'END\r\n'),
    // The same bytes so soon would be a copy.
    answered(5, 'ERROR\r\n'),
  );
  t.deepEqual(brief(result), [
    ['get', 'unanswered', null],
    ['get', 'miss', null],
  ]);
  t.is(result.counters.unmatched_answers, 2);
});

test('quiet requests end by themselves, and an incomplete one is never an operation', (t) => {
  const result = record(
    asked(1, 'set a 0 0 1 noreply\r\nx\r\n'),
    asked(2, 'set a 0 0 100\r\nx'),
    asked(3, 'get a'),
    asked(4, 'get a\r\n'),
    answered(4, 'END\r\n'),
  );
  t.deepEqual(brief(result), [
    ['set', 'silent', 1],
    ['get', 'miss', null],
  ]);
});

test('a frame that is cut, or too short to be one', (t) => {
  const bytes = capture([asked(1, 'get a\r\n')]);
  const { counters } = recordInProcess(concat(bytes.subarray(0, 32), [44, 0, 0, 0], bytes.subarray(36, 84)));
  t.is(counters.skipped_cut_header, 1);
  const short = pcapFile([
    {
      time: START,
      data: link(
        'ethernet',
        ipv4(
          { source: 2, destination: 1, protocol: 17 },
          concat(udp(50000, PORT, new Uint8Array(4)), new Uint8Array(8)),
        ),
      ),
    },
  ]);
  t.is(recordInProcess(short).counters.skipped_malformed, 1);
});

test('hostile sequence numbers and totals: bounded, counted, and nothing invented', (t) => {
  const number = fc.nat(65535);
  const datagram = fc.record({
    from: fc.constantFrom('client' as const, 'server' as const),
    id: fc.nat(3),
    sequence: fc.oneof(fc.nat(3), number),
    total: fc.oneof(fc.nat(4), number),
    data: fc.constantFrom(
      'get a\r\n',
      'END\r\n',
      'VALUE a 0 3\r\nab',
      'STORED\r\n',
      VALUE,
      '',
      'set a 0 0 2\r\nxy\r\n',
    ),
  });
  fc.assert(
    fc.property(fc.array(datagram, { maxLength: 60 }), (datagrams) => {
      const { counters, events } = record(...datagrams);
      const sum = Object.entries(counters)
        .filter(([name]) => /^(packets_decoded|skipped_|lost_)/.test(name))
        .reduce((total, [, n]) => total + n, 0);
      const requests = datagrams.filter(
        ({ from, data }) => from === 'client' && /^(get|set)/.test(data),
      ).length;
      return sum === datagrams.length && events.length <= requests;
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('a large request comes as IP fragments, and is one request', (t) => {
  for (const version of [4, 6] as const) {
    const frame = (data: string, from: 'client' | 'server'): Packet => {
      const body = udp(
        from === 'client' ? 50000 : PORT,
        from === 'client' ? PORT : 50000,
        concat([0, 3, 0, 0, 0, 1, 0, 0], ascii(data)),
      );
      const ip = { source: from === 'client' ? 2 : 1, destination: from === 'client' ? 1 : 2, protocol: 17 };
      return { time: START, data: link('ethernet', version === 4 ? ipv4(ip, body) : ipv6(ip, body)) };
    };
    const pieces = fragments(frame(`set a 0 0 5000\r\n${VALUE}\r\n`, 'client'), 9, 1480);
    const packets = [...pieces.reverse(), frame('STORED\r\n', 'server')];
    const result = recordInProcess(pcapFile(packets));
    t.deepEqual(brief(result), [['set', 'stored', 5000]]);
    t.is(result.counters.packets_decoded, packets.length);
  }
});

test('O04: the protocol is chosen by every datagram', (t) => {
  const header = (
    magic: number,
    opcode: number,
    keys: number,
    extras: number,
    status: number,
    body: number,
  ) =>
    concat([magic, opcode, 0, keys, extras, 0, 0, status, 0, 0, 0, body, 1, 2, 3, 4], new Array(8).fill(0));
  const hit = concat(header(0x81, 0, 0, 4, 0, 6), [0, 0, 0, 5], ascii('xy'));
  const result = record(
    asked(1, concat(header(0x80, 0, 1, 0, 0, 1), ascii('a'))),
    asked(2, 'get b\r\n'),
    answered(1, hit),
    answered(2, 'END\r\n'),
    asked(3, concat(header(0x80, 0, 1, 0, 0, 1), ascii('c'))),
    answered(3, concat(header(0x81, 0, 0, 0, 1, 9), ascii('Not found'))),
    // Half a header is no request.
    asked(4, header(0x80, 0, 1, 0, 0, 1).subarray(0, 12)),
  );
  t.deepEqual(
    result.events.map(({ proto, op, status, value_size, flags, transport }) => [
      proto,
      op,
      status,
      value_size,
      flags,
      transport,
    ]),
    [
      ['binary', 'get', 'hit', 2, 5, 'udp'],
      ['text', 'get', 'miss', null, null, 'udp'],
      ['binary', 'get', 'miss', null, null, 'udp'],
    ],
  );
  t.is(result.counters.udp_refused, 1);
});
