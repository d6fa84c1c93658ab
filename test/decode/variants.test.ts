/** Variants of what went wrong in the field, each with its right answer. */
import test from 'ava';
import { client, packetsOf, server, type Turn } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { ACK, ipv4, link, type Packet, pcapFile, RST, tcp } from '../support/packets.js';

function record(packets: readonly Packet[]) {
  const { events, counters } = recordInProcess(pcapFile(packets), { workers: 2 });
  return {
    said: events.map(({ op, status, value_size }) => `${op} ${status} ${value_size ?? '-'}`),
    counters,
  };
}

const LONG = 'k'.repeat(251);
const DUMPED = 'key=a exp=-1 la=1 cas=1 fetch=no cls=1 size=60';

/** What the client says at once, what it is answered, and every event. */
const CASES: [name: string, asks: string, answers: string, events: string[]][] = [
  [
    'gat of several keys, answered backwards',
    'gat 10 a b c d\r\n',
    'VALUE d 0 1\r\nd\r\nVALUE a 0 2\r\naa\r\nEND\r\n',
    ['gat hit 2', 'gat miss -', 'gat miss -', 'gat hit 1'],
  ],
  [
    'gats with a key asked twice, answered around another',
    'gats 10 a b a c\r\n',
    'VALUE a 0 1 5\r\nd\r\nVALUE c 0 3 5\r\nccc\r\nVALUE a 0 2 7\r\naa\r\nEND\r\n',
    ['gats hit 1', 'gats miss -', 'gats hit 2', 'gats hit 3'],
  ],
  [
    'multigets behind each other, each answered backwards',
    'get a b\r\nget c d\r\nget e\r\n',
    'VALUE b 0 1\r\nd\r\nVALUE a 0 2\r\ndd\r\nEND\r\nVALUE d 0 3\r\nddd\r\nVALUE c 0 4\r\ndddd\r\nEND\r\nEND\r\n',
    ['get hit 2', 'get hit 1', 'get hit 4', 'get hit 3', 'get miss -'],
  ],
  [
    'quiet meta gets by opaque',
    'mg a v q O1\r\nmg b v q O2\r\nmg c v k q O3\r\nmn\r\n',
    'VA 1 O2\r\nx\r\nVA 2 kc O3\r\nyy\r\nMN\r\n',
    ['mg miss -', 'mg hit 1', 'mg hit 2', 'mn ok -'],
  ],
  [
    'dumps with gets right behind them, before release 1.6.43',
    'lru_crawler metadump all\r\nget a\r\nlru_crawler mgdump all\r\nget b\r\n',
    `${DUMPED}\r\nkey=END exp=-1\r\nEND\r\nEND\r\nmg a\r\nEN\r\nVALUE b 0 1\r\nx\r\nEND\r\n`,
    ['lru_crawler ok -', 'get miss -', 'lru_crawler ok -', 'get hit 1'],
  ],
  [
    'the same since then',
    'lru_crawler metadump all\r\nget a\r\nlru_crawler mgdump all\r\nget b\r\n',
    `OK\r\n${DUMPED} \n\r\nEND\r\nEND\r\nOK\r\nmg a\r\nEN\r\nVALUE b 0 1\r\nx\r\nEND\r\n`,
    ['lru_crawler ok -', 'get miss -', 'lru_crawler ok -', 'get hit 1'],
  ],
  [
    'an empty dump, and a hit behind it',
    'lru_crawler metadump all\r\nget a\r\n',
    'OK\r\nEND\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
    ['lru_crawler ok -', 'get hit 1'],
  ],
  [
    'a key that is too long in a multiget, and the next request with it',
    `get a ${LONG}\r\nget b\r\n`,
    'CLIENT_ERROR bad command line format\r\n\r\nEND\r\n',
    ['get error -', 'get error -', 'get miss -'],
  ],
];

for (const [name, asks, answers, events] of CASES) {
  test(name, (t) => {
    const turns: Turn[] = [client(asks), server(answers), client('get z\r\n'), server('END\r\n')];
    for (const cut of ['whole', 'bytes', 'reversed'] as const) {
      const { said, counters } = record(packetsOf(turns, { cut }));
      t.deepEqual(said, [...events, 'get miss -'], cut);
      t.is(counters.unmatched_answers, 0);
      t.is(counters.unsynced_bytes, 0);
      t.is(counters.ambiguous_quiet, 0);
    }
  });
}

test('a server that changes its dialect', (t) => {
  const { said, counters } = record(
    packetsOf([
      ...[client('ms a S1\r\nx\r\n'), server('OK\r\n'), client('ms a 2\r\nxy\r\n'), server('HD\r\n')],
      ...[client('mg a v\r\n'), server('VA 2\r\nxy\r\n'), client('md a\r\n'), server('OK\r\n')],
    ]),
  );
  t.deepEqual(said, ['ms stored 1', 'ms stored 2', 'mg hit 2', 'md deleted -']);
  t.is(counters.unsynced_bytes, 0);
});

test('quiet requests of one opaque: an answer that may be either is counted', (t) => {
  const turns = [client('mg a v q O1\r\nmg b v q O1\r\nmn\r\n'), server('VA 1 O1\r\nx\r\nMN\r\n')];
  t.is(record(packetsOf(turns)).counters.ambiguous_quiet, 1);
});

test('a RST before any of three answers that left earlier', (t) => {
  const asks = 'get a\r\nget b\r\nset c 0 0 1\r\nx\r\n';
  const packets = packetsOf(
    [client(asks), server('VALUE a 0 1\r\nx\r\nEND\r\n'), server('END\r\n'), server('STORED\r\n')],
    { fin: false },
  );
  const rst = tcp({
    sourcePort: 40_000,
    destinationPort: 11211,
    seq: 1001 + asks.length,
    ack: 900_001,
    flags: RST | ACK,
  });
  const data = link('ethernet', ipv4({ source: 2, destination: 1 }, rst));
  for (let at = 4; at <= packets.length; at++) {
    const { said, counters } = record([
      ...packets.slice(0, at),
      { time: packets[at - 1]!.time, data },
      ...packets.slice(at),
    ]);
    t.deepEqual(said, ['get hit 1', 'get miss -', 'set stored 1']);
    t.is(counters.unsynced_bytes, 0);
  }
});

/** Inserts a VLAN tag and two MPLS labels behind an Ethernet frame's addresses. */
function labelled({ time, data }: Packet): Packet {
  const tags = [0x81, 0, 0, 5, 0x88, 0x47, 0, 1, 0x10, 64, 0, 2, 0x21, 64];
  return { time, data: Uint8Array.from([...data.subarray(0, 12), ...tags, ...data.subarray(14)]) };
}

test('MPLS behind a VLAN tag; two copies, each at times before the other', (t) => {
  const packets = packetsOf([
    ...[client('get a b\r\n'), server('VALUE b 0 1\r\nx\r\nEND\r\n')],
    ...[client('set a 0 0 1\r\nx\r\n'), server('STORED\r\n'), client('get a\r\n'), server('END\r\n')],
  ]);
  const wanted = ['get miss -', 'get hit 1', 'set stored 1', 'get miss -'];
  t.deepEqual(record(packets.map(labelled)).said, wanted);
  const swapped = packets.flatMap((packet, i) => {
    const copy = { ...packet, time: packet.time + 3000n };
    return i % 2 ? [copy, packet] : [packet, copy];
  });
  const { said, counters } = record(swapped);
  t.deepEqual(said, wanted);
  t.is(counters.duplicates, 6);
  t.is(counters.flows, 1);
});
