import test from 'ava';
import { client, packetsOf, server, type Turn } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { pcapFile } from '../support/packets.js';

const get = (key: string): Turn[] => [
  client(`get ${key}\r\n`),
  server(`VALUE ${key} 0 4\r\nabcd\r\nEND\r\n`),
];
const brief = (events: { op: string; status: string; key_size: number | null }[]) =>
  events.map((e) => `${e.op} ${e.status} ${e.key_size}`);

test('a hole inside a value of known length loses nothing', (t) => {
  const value = 'v'.repeat(6000);
  const turns = [...get('a'), client(`set bb 0 0 6000\r\n${value}\r\n`), server('STORED\r\n'), ...get('ccc')];
  const packets = packetsOf(turns, { cut: 'random', seed: 3 });
  // The set's own segments: drop one that lies wholly in its value.
  const middle = packets.findIndex(
    ({ data }, i) => i > 8 && data.length > 400 && data.subarray(54).every((byte) => byte === 118),
  );
  t.true(middle > 0);
  const { events, counters } = recordInProcess(pcapFile(packets.toSpliced(middle, 1)));
  t.deepEqual(brief(events), ['get hit 1', 'set stored 2', 'get hit 3']);
  t.is(counters.gaps, 0);
  t.is(counters.value_gaps, 1);
});

test('a request the capture lost is never invented, and parsing finds its way back', (t) => {
  const keys = Array.from({ length: 200 }, (_, i) => 'k'.repeat(i + 1));
  const packets = packetsOf(keys.flatMap(get));
  // Packets 0 to 2 are the handshake; then request and answer by turns. Lose the request for key 50.
  const { events, counters } = recordInProcess(pcapFile(packets.toSpliced(3 + 2 * 49, 1)));
  const got = new Set(events.map((e) => e.key_size));
  t.false(got.has(50));
  t.is(counters.gaps, 1);
  t.true(counters.resyncs >= 1);
  for (const size of got) t.true(events.filter((e) => e.key_size === size).length === 1);
  for (const event of events) t.true(event.status === 'hit' || event.status === 'unanswered');
  t.true(got.size >= 150, `${got.size} of 199 seen`);
});

test('of a pipeline whose beginning the capture lost no answer is taken for that to a later request', (t) => {
  const packets = packetsOf([
    ...get('a'),
    client('get bb\r\n'),
    client('get ccc\r\n'),
    server('END\r\nVALUE ccc 0 4\r\nabcd\r\nEND\r\n'),
    ...get('dddd'),
    ...get('eeeee'),
  ]);
  const { events } = recordInProcess(pcapFile(packets.toSpliced(5, 1)));
  t.deepEqual(brief(events), ['get hit 1', 'get hit 4', 'get hit 5']);
});

test('an answer the capture lost leaves its request unanswered', (t) => {
  const keys = Array.from({ length: 200 }, (_, i) => 'k'.repeat(i + 1));
  const packets = packetsOf(keys.flatMap(get));
  const { events } = recordInProcess(pcapFile(packets.toSpliced(3 + 2 * 49 + 1, 1)));
  t.is(events.find((e) => e.key_size === 50)?.status, 'unanswered');
  t.true(events.filter((e) => e.status === 'hit').length >= 150);
});

test('retransmissions and duplicates change nothing', (t) => {
  const packets = packetsOf([...get('a'), ...get('bb'), ...get('ccc')], { cut: 'random', seed: 9 });
  const once = recordInProcess(pcapFile(packets));
  const doubled = recordInProcess(
    pcapFile(packets.flatMap((packet, i) => (i > 2 ? [packet, packet] : [packet]))),
  );
  t.deepEqual(brief(doubled.events), brief(once.events));
  t.true(doubled.counters.retransmitted > 0);
  t.is(doubled.counters.gaps, 0);
});

test('packets cut by the snapshot length: values are skipped by their declared length', (t) => {
  const value = 'v'.repeat(1000);
  const turns = [
    client('get a\r\n'),
    server(`VALUE a 0 1000\r\n${value}\r\nEND\r\n`),
    client(`set b 0 0 1000\r\n${value}\r\n`),
    server('STORED\r\n'),
    ...get('ccc'),
  ];
  const packets = packetsOf(turns).map((packet) => ({
    ...packet,
    data: packet.data.subarray(0, 200),
    length: packet.data.length,
  }));
  const { events, counters } = recordInProcess(pcapFile(packets));
  t.like(
    events.find((e) => e.op === 'set'),
    { status: 'stored', value_size: 1000 },
  );
  t.true(counters.gap_bytes > 1500);
  // Behind the one value of a get of one key only END can come.
  t.deepEqual(brief(events), ['get hit 1', 'set stored 1', 'get hit 3']);
  t.is(counters.gaps, 0);
});

test('values that hold protocol text never become operations when a capture starts in their middle', (t) => {
  const text = 'get x\r\nset y 0 0 1\r\n1\r\nmn\r\nmg z v\r\n'.repeat(400);
  const turns = [
    client(`set a 0 0 ${text.length}\r\n${text}\r\n`),
    server('STORED\r\n'),
    ...get('bb'),
    ...get('ccc'),
  ];
  for (let seed = 1; seed <= 200; seed++) {
    const packets = packetsOf(turns, { cut: 'random', seed });
    const start = 3 + (seed % 20);
    const { events } = recordInProcess(pcapFile(packets.slice(start)));
    t.deepEqual(
      events.filter((e) => e.op !== 'get' || (e.key_size !== 2 && e.key_size !== 3)),
      [],
      `seed ${seed}`,
    );
  }
});

test('a bound on flows evicts the longest idle, and says so', (t) => {
  const packets = Array.from({ length: 3000 }, (_, i) =>
    packetsOf(get('a'), {
      clientPort: 1024 + i,
      fin: false,
      start: 1_767_225_600_000_000_000n + BigInt(i) * 1_000_000_000n,
    }),
  ).flat();
  const { events, counters } = recordInProcess(pcapFile(packets), { map: { state: 1 << 20 } });
  t.is(events.length, 3000);
  t.true(counters.bound_flows > 0);
});

test('port reuse: a new handshake ends the old connection', (t) => {
  const old = packetsOf([...get('a'), client('get lost\r\n')], { fin: false });
  const fresh = packetsOf(get('bb'), {
    clientSeq: 5_000_000,
    serverSeq: 70_000_000,
    start: 1_767_225_601_000_000_000n,
  });
  const { events, counters } = recordInProcess(pcapFile([...old, ...fresh]));
  t.deepEqual(brief(events), ['get hit 1', 'get unanswered 4', 'get hit 2']);
  t.is(counters.flows, 2);
  t.deepEqual(
    events.map((e) => e.conn),
    [0, 0, 1],
  );
});

test('a FIN captured before everything else of its side is no gap', (t) => {
  const packets = packetsOf(get('a'));
  // SYN, SYN-ACK, ACK, request, answer, the client's FIN, the server's, the last ACK.
  const [fin] = packets.splice(5, 1);
  packets.splice(3, 0, fin!);
  const { events, counters } = recordInProcess(pcapFile(packets));
  t.deepEqual(brief(events), ['get hit 1']);
  t.is(counters.gaps, 0);
  t.is(counters.gap_bytes, 0);
});
