/** Where every byte of payload ends: by hand for each place, and as an identity for captures at random. */
import assert from 'node:assert/strict';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { payloadOf } from '#src/event/payload.js';
import { randomBinaryConversation } from '../support/binary-model.js';
import {
  ascii,
  CUTS,
  client,
  packetsOf,
  START,
  server,
  shuffleWithin,
  type Turn,
} from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import {
  ACK,
  concat,
  ipv4,
  link,
  type Packet,
  PSH,
  pcapFile,
  RST,
  tcp,
  URG,
  udp,
} from '../support/packets.js';
import { payloadSize } from '../support/payload.js';

/** What is told of the payload of packets, without what is 0. */
function account(t: ExecutionContext, packets: readonly Packet[]): Record<string, unknown> {
  const { counters } = recordInProcess(pcapFile(packets));
  const { seen, unsynced, skipped, ...rest } = payloadOf(counters);
  t.is(
    seen,
    packets.reduce((sum, packet) => sum + payloadSize(packet), 0),
  );
  const named = (counts: Record<string, number>) => (Object.keys(counts).length > 0 ? counts : 0);
  return Object.fromEntries(
    Object.entries({ ...rest, unsynced: named(unsynced), skipped: named(skipped) }).filter(
      ([, value]) => value !== 0,
    ),
  );
}

const sizeOf = (turns: readonly Turn[]) => turns.reduce((sum, { bytes }) => sum + bytes.length, 0);
const get = (key: string): Turn[] => [
  client(`get ${key}\r\n`),
  server(`VALUE ${key} 0 4\r\nabcd\r\nEND\r\n`),
];
/** One segment, 10 ms behind the beginning. */
const segment = (
  from: 'client' | 'server',
  seq: number,
  ack: number,
  text: string,
  flags = PSH | ACK,
  urgent = 0,
) => {
  const isClient = from === 'client';
  const ports = isClient ? [40000, 11211] : [11211, 40000];
  const payload = ascii(text);
  const body = tcp({ sourcePort: ports[0]!, destinationPort: ports[1]!, seq, ack, flags, urgent, payload });
  const data = link('ethernet', ipv4({ source: isClient ? 2 : 1, destination: isClient ? 1 : 2 }, body));
  return { time: START + 10_000_000n, data };
};
const OPEN = { fin: false } as const;

test('of a connection seen from its first byte on all is recorded', (t) => {
  const turns = [
    ...get('a'),
    client('set b 0 0 3\r\nxyz\r\n'),
    server('STORED\r\n'),
    client('mn\r\n'),
    server('MN\r\n'),
  ];
  for (const cut of CUTS)
    t.deepEqual(account(t, packetsOf(turns, { cut })), { recorded: sizeOf(turns) }, cut);
});

test('a storage command in mid-stream is no event, and its bytes are told', (t) => {
  const turns = [client(`set k 0 0 10\r\n0123456789\r\n`), server('STORED\r\n')];
  t.deepEqual(account(t, packetsOf(turns, { handshake: false, ...OPEN })), {
    unsynced: { mid_stream: sizeOf(turns) },
  });
});

test('what a mid-stream answer proves is recorded, what comes before it is not', (t) => {
  const before = [server('rest of a value\r\nEND\r\n')];
  const proven = [...get('a'), ...get('b')];
  t.deepEqual(account(t, packetsOf([...before, ...proven], { handshake: false })), {
    recorded: sizeOf(proven),
    unsynced: { mid_stream: sizeOf(before) },
  });
});

test('a command no server knows, and its answer, are not understood', (t) => {
  const turns = [...get('a'), client('frobnicate now\r\n'), server('ERROR\r\n'), ...get('b')];
  const expected = { recorded: 2 * sizeOf(get('a')), unsynced: { not_understood: 16 + 7 } };
  for (const cut of CUTS) t.deepEqual(account(t, packetsOf(turns, { cut })), expected, cut);
});

test('an answer to nothing is not understood', (t) => {
  const turns = [...get('a'), server('STORED\r\n')];
  t.deepEqual(account(t, packetsOf(turns)), { recorded: sizeOf(get('a')), unsynced: { not_understood: 8 } });
});

test('a hole is missing, and what follows it is unsynced until it is proven', (t) => {
  const turns = [...get('a'), client('get b\r\n'), server('END\r\n'), ...get('c'), ...get('d')];
  const packets = packetsOf(turns);
  // Behind the handshake and the first two: the request for b.
  const { missing, recorded, unsynced } = account(t, packets.toSpliced(5, 1)) as {
    missing: number;
    recorded: number;
    unsynced: Record<string, number>;
  };
  t.is(missing, 7);
  t.is(recorded + unsynced.after_gap!, sizeOf(turns) - 7);
  t.true(recorded >= 2 * sizeOf(get('a')));
});

test('a hole inside a value is missing and nothing else', (t) => {
  const value = 'v'.repeat(5000);
  const turns = [client(`set a 0 0 5000\r\n${value}\r\n`), server('STORED\r\n')];
  const packets = packetsOf(turns, { cut: 'random', seed: 3 });
  const middle = packets.findIndex(
    ({ data }, i) => i > 6 && data.length > 200 && data.subarray(54).every((b) => b === 118),
  );
  const lost = packets[middle]!.data.length - 54;
  t.deepEqual(account(t, packets.toSpliced(middle, 1)), { missing: lost, recorded: sizeOf(turns) - lost });
});

test('values cut by a snapshot length count as recorded; what is cut elsewhere is a gap', (t) => {
  const cut = (packets: readonly Packet[]) =>
    packets.map(({ time, data }) => ({ time, data: data.subarray(0, 96), length: data.length }));
  const value = 'v'.repeat(500);
  const values = [client(`set a 0 0 500\r\n${value}\r\n`), server('STORED\r\n'), client('get a\r\n')];
  values.push(server(`VALUE a 0 500\r\n${value}\r\nEND\r\n`));
  t.deepEqual(account(t, cut(packetsOf(values))), { recorded: sizeOf(values) });
  const line = client(`get ${'k'.repeat(100)}\r\n`);
  const seen = 96 - 54;
  t.deepEqual(account(t, cut(packetsOf([line], OPEN))), {
    gap: sizeOf([line]) - seen,
    unsynced: { incomplete: seen },
  });
});

test('what is sent twice is repeated', (t) => {
  const turns = [...get('a'), ...get('b')];
  const packets = packetsOf(turns);
  const twice = packets.flatMap((packet, i) => (i > 2 ? [packet, packet] : [packet]));
  t.deepEqual(account(t, twice), { recorded: sizeOf(turns), repeated: sizeOf(turns) });
  // Early, and then again: the copy that waits is the one.
  const early = [...packets.slice(0, 4), packets[6]!, packets[5]!, packets[6]!, ...packets.slice(4)];
  const { recorded, repeated } = account(t, early);
  t.is(recorded, sizeOf(turns));
  t.is(repeated, payloadSize(packets[5]!) + 2 * payloadSize(packets[6]!));
});

test('TLS and other strangers are skipped', (t) => {
  const hello = client('\x16\x03\x01\x00\x05hello');
  t.deepEqual(account(t, packetsOf([hello, server('\x16\x03\x03\x00\x02ok')])), { skipped: { tls: 10 + 7 } });
});

test('a PROXY header is stepped over', (t) => {
  const header = 'PROXY TCP4 10.0.0.1 10.0.0.2 1000 11211\r\n';
  const turns = [client(`${header}get a\r\n`), server('END\r\n')];
  for (const cut of CUTS) {
    t.deepEqual(account(t, packetsOf(turns, { cut })), {
      recorded: sizeOf(turns) - header.length,
      skipped: { proxy_header: header.length },
    });
  }
});

test('a line the capture ends in is incomplete', (t) => {
  const turns = [...get('a'), client('get unfini')];
  t.deepEqual(account(t, packetsOf(turns, OPEN)), {
    recorded: sizeOf(get('a')),
    unsynced: { incomplete: 10 },
  });
});

test('what is said behind a quit, and what a watcher is told, is skipped', (t) => {
  const quit = [...get('a'), client('quit\r\n'), client('get b\r\n')];
  t.deepEqual(account(t, packetsOf(quit)), { recorded: sizeOf(quit) - 7, skipped: { after_quit: 7 } });
  const log = 'ts=1.0 gid=1 type=item_get key=a status=found clsid=1\n';
  const watch = [client('watch fetchers\r\n'), server('OK\r\n'), server(log)];
  t.deepEqual(account(t, packetsOf(watch)), { recorded: 16 + 4, skipped: { stream: log.length } });
});

test('what no receiver takes is refused', (t) => {
  const packets = packetsOf(get('a'), OPEN);
  const asked = sizeOf(get('a').slice(0, 1));
  const next = { client: 1001 + asked, server: 900_001 + sizeOf(get('a')) - asked };
  const refused = (...more: Packet[]) => account(t, [...packets, ...more]);
  const recorded = sizeOf(get('a'));
  const bytes = 'get z\r\n';
  t.deepEqual(refused(segment('client', next.client, next.server, bytes, PSH)), {
    recorded,
    skipped: { refused: 7 },
  });
  t.deepEqual(refused(segment('client', next.client, next.server, bytes, RST | ACK)), {
    recorded,
    skipped: { refused: 7 },
  });
  const far = (next.client + 2 ** 30 + 5) >>> 0;
  t.deepEqual(refused(segment('client', far, next.server, bytes)), { recorded, skipped: { refused: 7 } });
  // The urgent byte is no part of the stream.
  const urgent = segment('client', next.client, next.server, '!get b\r\n', PSH | ACK | URG, 1);
  t.deepEqual(refused(urgent), { recorded: recorded + 7, skipped: { refused: 1 } });
});

test('copies that contradict each other', (t) => {
  const packets = packetsOf(get('a'), OPEN);
  const at = 1001 + 7;
  const ack = 900_001 + sizeOf(get('a')) - 7;
  // Behind a hole of one byte, which comes last: they differ in one byte, and what is before and behind it is not
  // understood without it.
  const told = account(t, [
    ...packets,
    segment('client', at + 1, ack, 'et b\r\n'),
    segment('client', at + 1, ack, 'et c\r\nget d\r\n'),
    segment('client', at, ack, 'g'),
  ]);
  t.deepEqual(told, {
    recorded: sizeOf(get('a')),
    repeated: 5,
    unsynced: { incomplete: 4, contradictory: 2, after_gap: 2 + 7 },
  });
});

/** A datagram of a request or an answer. */
const datagram = (from: 'client' | 'server', id: number, text: string, part = 0, parts = 1): Packet => {
  const frame = [id, part, parts, 0].flatMap((n) => [n >> 8, n & 255]);
  const ports = from === 'client' ? [50000, 11211] : [11211, 50000];
  const body = udp(ports[0]!, ports[1]!, concat(frame, ascii(text)));
  const ip = { source: from === 'client' ? 2 : 1, destination: from === 'client' ? 1 : 2, protocol: 17 };
  return { time: START, data: link('ethernet', ipv4(ip, body)) };
};

test('over UDP the frame counts as what is in it', (t) => {
  const whole = [datagram('client', 1, 'get a\r\n'), datagram('server', 1, 'END\r\n')];
  t.deepEqual(account(t, whole), { recorded: 8 + 7 + 8 + 5 });
  t.deepEqual(account(t, [datagram('server', 9, 'END\r\n')]), { unsynced: { mid_stream: 8 + 5 } });
  t.deepEqual(account(t, [datagram('client', 1, 'get a\r\n', 0, 2)]), { skipped: { refused: 8 + 7 } });
  t.deepEqual(account(t, [datagram('client', 1, 'set a 0 0 10\r\n012')]), {
    unsynced: { incomplete: 8 + 17 },
  });
  const answer = [datagram('client', 1, 'get a\r\n'), datagram('server', 1, 'VALUE a 0 3\r\nab', 0, 2)];
  t.deepEqual(account(t, [...answer, answer[1]!]), { recorded: 8 + 7 + 8 + 15, repeated: 8 + 15 });
});

test('every byte is counted once: packets lost, doubled, exchanged, overwritten', (t) => {
  const capture = fc.record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    cut: fc.constantFrom(...CUTS),
    lost: fc.double({ min: 0, max: 0.3, noNaN: true }),
    doubled: fc.double({ min: 0, max: 0.3, noNaN: true }),
    window: fc.integer({ min: 0, max: 12 }),
    handshake: fc.boolean(),
    binary: fc.boolean(),
    snaplen: fc.option(fc.integer({ min: 60, max: 200 }), { nil: undefined }),
    /** Payload bytes overwritten in copies: these contradict. */
    torn: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(capture, ({ seed, cut, lost, doubled, window, handshake, binary, snaplen, torn }) => {
      const conversation = binary ? randomBinaryConversation : randomConversation;
      const all = packetsOf(conversation(seed, 40), {
        cut: cut === 'bytes' ? 'random' : cut,
        seed,
        handshake,
      });
      const random = fc.sample(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), {
        seed,
        numRuns: 1,
      })[0]!;
      const next = () => random.next().value as number;
      const kept = all
        .filter(() => next() >= lost)
        .flatMap((packet) => (next() < doubled ? [packet, packet] : [packet]));
      const packets = shuffleWithin(kept, window, seed).map((packet) => ({ ...packet }));
      for (const place of torn) {
        const i = Math.floor(place * packets.length);
        const packet = packets[i];
        if (packet === undefined || packet.data.length < 60) continue;
        const data = packet.data.slice();
        data[data.length - 1]! ^= 1;
        packets.splice(i, 0, { ...packet, data });
      }
      const cutPackets = packets.map(({ time, data }) => ({
        time,
        data: data.subarray(0, snaplen),
        length: data.length,
      }));
      // The identity itself is checked wherever something is recorded in process.
      const { counters } = recordInProcess(pcapFile(cutPackets));
      assert.equal(
        counters.payload_seen,
        packets.reduce((sum, packet) => sum + payloadSize(packet), 0),
      );
      const size = (of: readonly Packet[]) => of.reduce((sum, packet) => sum + payloadSize(packet), 0);
      if (torn.length === 0 && lost === 0) assert.equal(counters.payload_missing, 0);
      if (torn.length === 0) assert.ok(counters.payload_missing <= size(all));
    }),
    { numRuns: Number(process.env.MEMBENCH_RUNS ?? 300) },
  );
  t.pass();
});
