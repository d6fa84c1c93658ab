import test from 'ava';
import { interleave, packetsOf, START } from '../support/conversation.js';
import { datagramOf, fragment, fragments } from '../support/fragments.js';
import { recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { type Packet, pcapFile } from '../support/packets.js';

const record = (packets: readonly Packet[], workers = 1) => recordInProcess(pcapFile(packets), { workers });

const conversations = (version: 4 | 6) =>
  interleave(
    ...[1, 2, 3].map((i) =>
      packetsOf(randomConversation(i, 40), { cut: 'merged', seed: i, clientPort: 44000 + i, version }),
    ),
  );

for (const version of [4, 6] as const) {
  const packets = conversations(version);
  const wanted = record(packets).events;
  const cut = (size: number) => packets.map((packet, id) => fragments(packet, id, size));

  test(`IPv${version} fragments in order are the packets they were`, (t) => {
    // The first of IPv6 has to have the whole TCP header.
    for (const size of [version === 4 ? 8 : 24, 64, 1480]) {
      const pieces = cut(size).flat();
      const { events, counters } = record(pieces, 3);
      t.deepEqual(events, wanted);
      t.is(counters.packets_decoded, pieces.length);
      t.is(counters.packets_seen, pieces.length);
    }
  });

  test(`IPv${version} fragments in reverse, and each twice`, (t) => {
    const reversed = cut(64).flatMap((pieces) => pieces.reverse());
    t.deepEqual(record(reversed).events, wanted);
    // The copy of what was put together already begins a datagram that never ends.
    const twice = cut(64).flatMap((pieces) => pieces.flatMap((piece) => [piece, piece]));
    const { events, counters } = record(twice);
    t.deepEqual(events, wanted);
    t.is(counters.packets_seen, twice.length);
    t.is(counters.packets_decoded + counters.skipped_fragment, twice.length);
  });

  test(`IPv${version} fragments of several datagrams at a time`, (t) => {
    // Ten packets' pieces, taken in turns; the order of the last pieces is that of the packets.
    const all = cut(64);
    const mixed: Packet[] = [];
    for (let i = 0; i < all.length; i += 10) {
      const group = all.slice(i, i + 10);
      mixed.push(...group.flatMap((pieces) => pieces.slice(0, -1)).reverse());
      mixed.push(...group.map((pieces) => pieces.at(-1)!));
    }
    t.deepEqual(record(mixed).events, wanted);
  });
}

const LONG = packetsOf(randomConversation(5, 30), { cut: 'merged' }).find(({ data }) => data.length > 400)!;
const { body } = datagramOf(LONG);
const piece = (from: number, to: number, more = true, bytes = body.subarray(from, to)) =>
  fragment(LONG, 7, { offset: from, bytes, more });
const end = body.length;

/** What became of the pieces: none may be decoded, all are counted. */
const REFUSED: [
  name: string,
  pieces: Packet[],
  counter: 'skipped_fragment' | 'skipped_malformed' | 'skipped_cut_header',
][] = [
  ['an overlap', [piece(0, 64), piece(56, 128), piece(128, end, false)], 'skipped_fragment'],
  ['another end', [piece(64, 128, false), piece(128, end, false), piece(0, 64)], 'skipped_fragment'],
  ['a piece behind the end', [piece(0, 64), piece(128, 192), piece(64, 128, false)], 'skipped_fragment'],
  [
    'a piece that follows behind the end',
    [piece(64, 128, false), piece(128, 192), piece(0, 64)],
    'skipped_fragment',
  ],
  ['a hole', [piece(0, 64), piece(128, end, false)], 'skipped_fragment'],
  ['no beginning', [piece(64, end, false)], 'skipped_fragment'],
  ['a size that is no multiple of 8', [piece(0, 63)], 'skipped_malformed'],
  ['nothing in it', [piece(64, 64)], 'skipped_malformed'],
  [
    'an end beyond the longest datagram',
    [piece(0xfff8, 0, false, new Uint8Array(1400))],
    'skipped_malformed',
  ],
  [
    'fewer bytes captured',
    [{ ...piece(0, 64), data: piece(0, 64).data.subarray(0, 60), length: 98 }],
    'skipped_cut_header',
  ],
];

for (const [name, pieces, counter] of REFUSED) {
  test(`fragments that make no datagram: ${name}`, (t) => {
    const { counters, events } = record(pieces);
    t.is(events.length, 0);
    t.is(counters.packets_decoded, 0);
    // A piece that comes after its datagram was given up waits for others that do not come.
    t.is(counters[counter], pieces.length);
  });
}

test('a datagram that takes longer than half a minute is given up', (t) => {
  const late = { ...piece(64, end, false), time: START + 31_000_000_000n };
  const { counters } = record([{ ...piece(0, 64), time: START }, late]);
  t.is(counters.packets_decoded, 0);
  t.is(counters.skipped_fragment, 2);
});

test('a flood of beginnings is bounded, and every packet counted', (t) => {
  const flood = Array.from({ length: 1000 }, (_, id) =>
    fragment(LONG, id, { offset: 0, bytes: body.subarray(0, 64), more: true }),
  );
  const { counters } = record([...flood, ...fragments(LONG, 5000, 64)]);
  t.is(counters.bound_fragments, 1000 - 64 + 1);
  t.is(counters.skipped_fragment, 1000);
  t.true(counters.packets_decoded > 1);
});

test('the room of one slot for datagrams that become whole in it is bounded', (t) => {
  const data = new Uint8Array(LONG.data.length + 60_000);
  data.set(LONG.data);
  const large = { ...LONG, data };
  // Fragments of 60 kB captured once, whose last pieces come in one slot.
  const most = Array.from({ length: 8 }, (_, id) => fragments(large, id, 59_904));
  const packets = [...most.map(([first]) => first!), ...most.flatMap((pieces) => pieces.slice(1))];
  const { counters } = record(packets);
  t.is(counters.packets_seen, packets.length);
  t.is(counters.packets_decoded + counters.skipped_fragment, packets.length);
  t.true(counters.bound_fragments > 0 && counters.packets_decoded > 0);
});
