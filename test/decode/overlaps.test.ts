/** Copies of early segments: the same bytes are a repetition, others are unknown; by hand. */
import test, { type ExecutionContext } from 'ava';
import { checksummed } from '../live/receiver/checksum.js';
import { ascii, client, packetsOf, START, server, type Turn } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { ACK, FIN, ipv4, link, PSH, pcapFile, tcp } from '../support/packets.js';

const HANDSHAKE = 3;
const OPENING: Turn[] = [client('get a\r\n'), server('END\r\n')];
const SERVER_NEXT = 900_001 + 5;

interface Odd {
  flags?: number;
  ack?: number;
  checksum?: 'right' | 'wrong';
}
/** A client's segment; `at` is counted from behind the opening. */
type Sent = readonly [at: number, text: string, odd?: Odd];

/** Records what the client says behind an opening in order, all of which the server has answered. */
function record(t: ExecutionContext, sent: readonly Sent[], answer: string) {
  const opening = packetsOf(OPENING, { fin: false });
  const segments = sent.map(([at, text, { flags = PSH | ACK, ack = SERVER_NEXT, checksum } = {}], i) => {
    const payload = ascii(text);
    const ports = { sourcePort: 40000, destinationPort: 11211 };
    const body = tcp({ ...ports, seq: 1001 + 7 + at, ack, flags, payload });
    let packet = ipv4({ source: 2, destination: 1 }, body);
    if (checksum) packet = checksummed(packet, body.length, checksum === 'wrong' ? 'wrong' : undefined);
    return { time: START + BigInt(i + 1) * 10_000_000n, data: link('ethernet', packet) };
  });
  const taken = sent.filter(([, , odd]) => odd?.ack === undefined && odd?.checksum !== 'wrong');
  const end = Math.max(...taken.map(([at, text]) => at + text.length));
  const answered = tcp({
    sourcePort: 11211,
    destinationPort: 40000,
    seq: SERVER_NEXT,
    ack: 1001 + 7 + end,
    flags: PSH | ACK,
    payload: ascii(answer),
  });
  const last = {
    time: START + 900_000_000n,
    data: link('ethernet', ipv4({ source: 1, destination: 2 }, answered)),
  };
  t.is(opening.length, HANDSHAKE + OPENING.length);
  const { events, counters } = recordInProcess(pcapFile([...opening, ...segments, last]));
  const { gaps, gap_bytes, value_gaps, ambiguous_copies, refused_segments } = counters;
  return {
    events: events
      .slice(1)
      .map(({ op, status, key_size, value_size }) => [op, status, key_size, value_size])
      // Their order is that of the segments.
      .sort((a, b) => Number(a[2]) - Number(b[2])),
    counts: { gaps, gap_bytes, value_gaps, ambiguous_copies, refused_segments },
    contradictory: counters.payload_unsynced_contradictory,
    repeated: counters.payload_repeated,
  };
}
const NOTHING = { gaps: 0, gap_bytes: 0, value_gaps: 0, ambiguous_copies: 0, refused_segments: 0 };
const MISSES = 'END\r\nEND\r\n';
const TWO = [
  ['get', 'miss', 1, null],
  ['get', 'miss', 2, null],
];

test('copies that say the same, however they are cut, are repetitions', (t) => {
  const text = 'get b\r\nget cc\r\n';
  const sent: Sent[] = [
    [4, text.slice(4, 9)],
    [2, text.slice(2, 6)],
    [8, text.slice(8)],
    [1, text.slice(1)],
    [3, text.slice(3, 9)],
    [0, text],
  ];
  const repeated = sent.reduce((sum, [, part]) => sum + part.length, -text.length);
  t.deepEqual(record(t, sent, MISSES), { events: TWO, counts: NOTHING, contradictory: 0, repeated });
});

test('what was delivered stays, whatever its copy says', (t) => {
  const sent: Sent[] = [
    [0, 'get b\r\n'],
    [0, 'get x\r\nget cc\r\n'],
  ];
  t.deepEqual(record(t, sent, MISSES), { events: TWO, counts: NOTHING, contradictory: 0, repeated: 7 });
});

test('copies that contradict each other inside a value make just these bytes unknown', (t) => {
  // The differing bytes lie behind the first chunk of memory a segment is kept in.
  const value = 'v'.repeat(3000);
  const forged = `${'v'.repeat(2500)}xvx${'v'.repeat(10)}`;
  const rest = `set b 0 0 3000\r\n${value}\r\n`;
  for (const early of [
    [value, forged],
    [forged, value],
  ]) {
    const { events, counts, contradictory } = record(
      t,
      [...early.map((text): Sent => [16, text]), [0, rest], [rest.length, 'get cc\r\n']],
      'STORED\r\nEND\r\n',
    );
    t.deepEqual(events, [
      ['set', 'stored', 1, 3000],
      ['get', 'miss', 2, null],
    ]);
    t.deepEqual(counts, { ...NOTHING, gap_bytes: 3, value_gaps: 1, ambiguous_copies: 1 });
    // Of the second and third copy; those of the first count as read, as all of a value that is not seen does.
    t.is(contradictory, 6);
  }
});

test('outside of values they are a gap', (t) => {
  const sent: Sent[] = [
    [7, 'get c\r\n'],
    [7, 'get d\r\nget e\r\n'],
    [0, 'get b\r\n'],
  ];
  const { events, counts, contradictory } = record(t, sent, 'END\r\nEND\r\nEND\r\n');
  t.deepEqual(counts, { ...NOTHING, gaps: 1, gap_bytes: 1, ambiguous_copies: 1 });
  t.is(contradictory, 2);
  t.deepEqual(events, [['get', 'unanswered', 1, null]]);
});

test('what a receiver drops contradicts nothing, before and behind what it takes', (t) => {
  const good: Sent = [7, 'get cc\r\n', { checksum: 'right' }];
  for (const odd of [{ checksum: 'wrong' }, { ack: SERVER_NEXT + 5000, checksum: 'right' }] as const) {
    const bad: Sent = [7, 'get xx\r\nget yy\r\n', odd];
    for (const early of [
      [good, bad],
      [bad, good],
    ]) {
      const sent: Sent[] = [...early, [0, 'get b\r\n', { checksum: 'right' }]];
      const { events, counts, contradictory } = record(t, sent, MISSES);
      t.deepEqual(events, TWO);
      t.deepEqual(counts, { ...NOTHING, refused_segments: 1 });
      t.is(contradictory, 0);
    }
  }
});

test('where one copy ends the stream and another goes on, nothing behind it is believed, not even in a value', (t) => {
  const value = `set b 0 0 10\r\n0123456789\r\n`;
  const fin: Sent = [18, '', { flags: FIN | ACK }];
  const goes: Sent = [18, value.slice(18)];
  for (const early of [
    [fin, goes],
    [goes, fin],
  ]) {
    const sent: Sent[] = [...early, [0, value.slice(0, 18)], [value.length, 'set cc 0 0 1\r\nc\r\n']];
    const { events, counts } = record(t, sent, 'STORED\r\nSTORED\r\n');
    t.like(counts, { gaps: 1, value_gaps: 0, ambiguous_copies: 1 });
    t.deepEqual(
      events.filter(([, , key]) => key === 2),
      [],
    );
  }
});
