/** Captures of one direction: it is read alone, where it is whole from its SYN. */
import test from 'ava';
import { client, packetsOf, server, type Turn } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { type Packet, pcapFile } from '../support/packets.js';

/** An Ethernet frame is 14 bytes, IPv4 20: the source port follows. */
const isServers = ({ data }: Packet) => ((data[34]! << 8) | data[35]!) === 11211;

const brief = (packets: readonly Packet[]) => {
  const { events, counters } = recordInProcess(pcapFile(packets));
  const said = events.map(
    ({ op, status, key_size, value_size, latency_ns }) =>
      `${op} ${status} ${key_size} ${value_size}${latency_ns === null ? '' : ' latency'}`,
  );
  return { said, counters };
};

const TURNS: Turn[] = [
  client('set a 0 0 3\r\nabc\r\n'),
  server('STORED\r\n'),
  client('get a bb c\r\n'),
  server('VALUE a 0 3\r\nabc\r\nVALUE bb 7 2\r\nxy\r\nEND\r\n'),
  client('get d\r\n'),
  server('END\r\n'),
  client('mg eee v k f\r\n'),
  server('VA 4 keee f9\r\nVALU\r\n'),
  client('mg f v\r\n'),
  server('VA 1\r\n1\r\n'),
  client('mg g v\r\n'),
  server('EN\r\n'),
];
const HITS = ['get hit 1 3', 'get hit 2 2', 'mg hit 3 4', 'mg hit null 1'];
const ASKED = [
  'set unanswered 1 3',
  'get unanswered 1 null',
  'get unanswered 2 null',
  'get unanswered 1 null',
  'get unanswered 1 null',
  'mg unanswered 3 null',
  'mg unanswered 1 null',
  'mg unanswered 1 null',
];

for (const fin of [true, false]) {
  for (const cut of ['whole', 'bytes', 'random'] as const) {
    test(`requests alone, ${cut}, ${fin ? 'to its FIN' : 'to the end of the capture'}`, (t) => {
      const packets = packetsOf(TURNS, { cut, fin }).filter((packet) => !isServers(packet));
      const { said, counters } = brief(packets);
      t.deepEqual(said, ASKED);
      t.is(counters.flows_without_server, 1);
      t.is(counters.unsynced_bytes + counters.gaps, 0);
    });

    test(`answers alone, ${cut}, ${fin ? 'to its FIN' : 'to the end of the capture'}`, (t) => {
      const packets = packetsOf(TURNS, { cut, fin }).filter(isServers);
      const { said, counters } = brief(packets);
      t.deepEqual(said, HITS);
      t.is(counters.flows_without_client, 1);
      // STORED, END of a miss, EN.
      t.is(counters.unmatched_answers, 3);
      t.is(counters.gaps, 0);
    });
  }
}

test('requests a second apart are read as they come, and many of them hold no memory', (t) => {
  const turns = Array.from({ length: 40_000 }, () => [client('get a\r\n'), server('END\r\n')]).flat();
  const packets = packetsOf(turns, { step: 1_000_000_000n }).filter((packet) => !isServers(packet));
  const { said, counters } = brief(packets);
  t.is(said.length, 40_000);
  t.is(counters.bound_requests + counters.bound_reorder + counters.gaps, 0);
});

test('in mid-stream one direction is not read', (t) => {
  const packets = packetsOf(TURNS).slice(3);
  t.deepEqual(brief(packets.filter(isServers)).said, []);
  t.deepEqual(brief(packets.filter((packet) => !isServers(packet))).said, []);
});

test('a hole in the one direction ends it: nothing is invented', (t) => {
  const long = Array.from({ length: 200 }, () => TURNS).flat();
  for (const [side, wanted] of [
    [isServers, HITS],
    [(packet: Packet) => !isServers(packet), ASKED],
  ] as const) {
    const packets = packetsOf(long).filter(side);
    const { said } = brief(packets.toSpliced(packets.length / 2, 1));
    t.true(said.length > 0);
    t.true(said.every((line, i) => line === wanted[i % wanted.length]));
  }
});

test('once the other direction appears, what it says must be proven', (t) => {
  const long = Array.from({ length: 200 }, () => TURNS).flat();
  const packets = packetsOf(long);
  for (const missing of [isServers, (packet: Packet) => !isServers(packet)]) {
    const { said } = brief(packets.filter((packet, i) => i > packets.length / 2 || !missing(packet)));
    t.true(said.some((line) => line.endsWith('latency')));
  }
});

test('what says something else is not read as answers', (t) => {
  const redis = [client('*1\r\n$4\r\nPING\r\n'), server('+PONG\r\n'), client('*1\r\n$4\r\nPING\r\n')];
  const { said, counters } = brief(
    packetsOf([...redis, server('VALUE a 0 1\r\nx\r\nEND\r\n')]).filter(isServers),
  );
  t.deepEqual(said, []);
  t.true(counters.payload_unsynced_not_understood > 0);
});

test('answers alone, with a line longer than is kept: its bytes are unsynced, each once', (t) => {
  const turns = [
    client('get a\r\n'),
    server('END\r\n'),
    client('get b\r\n'),
    server(`${'x'.repeat(5000)}\r\n`),
  ];
  const answers = packetsOf(turns, { cut: 'random' }).filter(isServers);
  const { counters } = recordInProcess(pcapFile(answers));
  t.is(counters.payload_seen, 5007);
  t.is(counters.payload_unsynced_not_understood, 5);
  t.is(counters.payload_unsynced_incomplete + counters.payload_unsynced_after_gap, 5002);
  t.is(counters.payload_recorded, 0);
});
