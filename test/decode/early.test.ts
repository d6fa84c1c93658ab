/** Early segments: whatever their order, they are put into theirs; and no more wait than are paid for. */
import test from 'ava';
import fc from 'fast-check';
import { client, packetsOf, START, server } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { ACK, ipv4, link, type Packet, PSH, pcapFile, tcp } from '../support/packets.js';
import { seeded } from '../support/random.js';

const HANDSHAKE = 3;
const SEQ = 1001;

/** Client bytes at places of its stream, one segment each; behind a handshake. */
function pieces(bytes: Uint8Array, places: readonly [at: number, size: number][]): Packet[] {
  const handshake = packetsOf([], { fin: false });
  const sent = places.map(([at, size], i) => {
    const payload = bytes.subarray(at, at + size);
    const ports = { sourcePort: 40000, destinationPort: 11211 };
    const segment = tcp({ ...ports, seq: SEQ + at, ack: 900_001, flags: PSH | ACK, payload });
    return {
      time: START + BigInt(i + HANDSHAKE) * 10_000n,
      data: link('ethernet', ipv4({ source: 2, destination: 1 }, segment)),
    };
  });
  return [...handshake, ...sent];
}

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const random = seeded(seed);
  return list
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

const REQUESTS = client(
  'md k q\r\nget some of several keys\r\nset a 0 0 5\r\nvalue\r\nmn\r\n'.repeat(6),
).bytes;

test('bytes in any order and in pieces that overlap give the events they give in order', (t) => {
  const events = (packets: Packet[]) => {
    const result = recordInProcess(pcapFile(packets));
    return {
      // Times are those of the segments: only the order of the bytes is the same.
      events: result.events
        .map(({ op, key, status, value_size }) => `${op} ${key} ${status} ${value_size}`)
        .sort(),
      bound: result.counters.bound_reorder,
      gaps: result.counters.gaps,
    };
  };
  const inOrder = events(pieces(REQUESTS, [[0, REQUESTS.length]]));
  t.true(inOrder.events.length > 30);
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 5 }), (seed, longest) => {
      const random = seeded(seed);
      // Every byte at least once; the first comes last, so that all others wait.
      const sizes = Array.from(REQUESTS.subarray(1), (_, i): [number, number] => [
        i + 1,
        1 + Math.floor(random() * longest),
      ]);
      const packets = pieces(REQUESTS, [...shuffled(sizes, seed), [0, 1]]);
      t.deepEqual(events(packets), inOrder);
    }),
    { numRuns: Number(process.env.MEMBENCH_RUNS ?? 50) },
  );
});

test('of many small segments behind a hole no more wait than a mebibyte of memory holds', (t) => {
  const many = 6000;
  const bytes = client(`set a 0 0 ${many * 2}\r\n${'x'.repeat(many * 2)}\r\nget b\r\n`).bytes;
  const behind = client(`set a 0 0 ${many * 2}\r\n`).bytes.length + 1;
  const holes = Array.from({ length: many - 1 }, (_, i): [number, number] => [behind + i * 2, 1]);
  const all: [number, number] = [behind + many * 2 - 3, bytes.length - behind - many * 2 + 3];
  const { events, counters } = recordInProcess(
    pcapFile([...pieces(bytes, [[0, behind - 1], ...shuffled(holes, 1), all])]),
  );
  t.true(counters.bound_reorder > 0);
  t.is(counters.gaps, 0, 'a hole in a value is none');
  t.true(counters.value_gaps > 0);
  t.deepEqual(
    events.map(({ op }) => op),
    ['set', 'get'],
  );
});

test('early FINs are bounded as bytes are', (t) => {
  const bytes = client('get a\r\n').bytes;
  const handshake = pieces(bytes, [[0, bytes.length]]);
  const answer = packetsOf([client('get a\r\n'), server('END\r\n')], { fin: false }).at(-1)!;
  const fins = Array.from({ length: 5000 }, (_, i) => {
    const ports = { sourcePort: 40000, destinationPort: 11211 };
    const fin = tcp({ ...ports, seq: SEQ + bytes.length + 10 + i, ack: 900_001, flags: 1 | ACK });
    return {
      time: START + BigInt(i + 10) * 10_000n,
      data: link('ethernet', ipv4({ source: 2, destination: 1 }, fin)),
    };
  });
  const { events, counters } = recordInProcess(pcapFile([...handshake, answer, ...fins]));
  t.true(counters.bound_reorder > 0);
  t.deepEqual(
    events.map(({ op, status }) => [op, status]),
    [['get', 'miss']],
  );
});
