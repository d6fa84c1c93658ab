/** Captures that lie or are damaged: each packet is decoded or counted by reason, and a cut is noticed. */

import test from 'ava';
import fc from 'fast-check';
import { client, packetsOf, START, server } from '../support/conversation.js';
import { type InProcessResult, recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { concat, type Packet, pcapFile } from '../support/packets.js';
import { Section } from '../support/pcapng.js';

const PACKETS = packetsOf(randomConversation(3, 30), { cut: 'random' });
const BASE = recordInProcess(pcapFile(PACKETS));

/** seen = decoded + skipped + lost. */
function isBalanced({ counters }: InProcessResult): boolean {
  const sum = Object.entries(counters)
    .filter(([name]) => /^(packets_decoded|skipped_|lost_)/.test(name))
    .reduce((total, [, n]) => total + n, 0);
  return sum === counters.packets_seen;
}

/** A record with whatever a header can say. */
function record(
  seconds: number,
  fraction: number,
  captured: number,
  length: number,
  data: Uint8Array,
): Uint8Array {
  const head = new DataView(new ArrayBuffer(16));
  [seconds, fraction, captured, length].forEach((n, i) => {
    head.setUint32(4 * i, n, true);
  });
  return concat(new Uint8Array(head.buffer), data);
}

const [first] = PACKETS as [Packet, ...Packet[]];
const seconds = Number(START / 1_000_000_000n);
const good = record(seconds, 0, first.data.length, first.data.length, first.data);

const CASES: [name: string, records: Uint8Array, seen: number, broken: boolean][] = [
  ['a record of 0 bytes', concat(record(seconds, 0, 0, 0, new Uint8Array(0)), good), 2, false],
  ['2^31 bytes captured', concat(good, record(seconds, 0, 0x80000000, 60, new Uint8Array(60))), 1, true],
  ['2^32-1 bytes captured', concat(good, record(seconds, 0, 0xffffffff, 60, new Uint8Array(60))), 1, true],
  [
    'one more than there can be',
    concat(good, record(seconds, 0, 262145, 60, new Uint8Array(262145))),
    1,
    true,
  ],
  [
    'as many as there can be',
    record(seconds, 0, 262144, 262144, concat(first.data, new Uint8Array(262144 - first.data.length))),
    1,
    false,
  ],
  ['more captured than there was', record(seconds, 0, first.data.length, 20, first.data), 1, false],
  ['2^31 bytes on the wire', record(seconds, 0, first.data.length, 0x80000000, first.data), 1, false],
  ['a record longer than the file', concat(good, record(seconds, 0, 5000, 5000, first.data)), 1, true],
  [
    'a fraction of more than a second',
    record(seconds, 0xffffffff, first.data.length, first.data.length, first.data),
    1,
    false,
  ],
  [
    'the end of time',
    record(0xffffffff, 999_999, first.data.length, first.data.length, first.data),
    1,
    false,
  ],
];

for (const [name, records, seen, broken] of CASES) {
  test(`a record that is odd: ${name}`, (t) => {
    const result = recordInProcess(concat(pcapFile([]), records));
    t.is(result.counters.packets_seen, seen);
    t.is(result.broken, broken);
    t.true(isBalanced(result));
  });
}

test('every truncation of a file: what is whole is decoded, and a cut is noticed', (t) => {
  const packets = PACKETS.slice(0, 12);
  const whole = pcapFile(packets);
  const ends = [24];
  for (const { data } of packets) ends.push(ends.at(-1)! + 16 + data.length);
  for (let size = 24; size <= whole.length; size++) {
    const result = recordInProcess(whole.subarray(0, size));
    t.is(result.counters.packets_seen, ends.filter((end) => end <= size).length - 1, `${size}`);
    t.is(result.broken, !ends.includes(size), `${size}`);
    t.true(isBalanced(result), `${size}`);
  }
});

test('time that runs backwards or jumps changes no event but its times', (t) => {
  const jumps = [0n, -3_600_000_000_000n, 7n * 86_400_000_000_000n, -86_400_000_000_000n];
  const packets = PACKETS.map((packet, i) => ({
    ...packet,
    time: packet.time + jumps[Math.floor(i / 9) % 4]!,
  }));
  const result = recordInProcess(pcapFile(packets));
  const bare = ({ events }: InProcessResult) =>
    events
      .map((event) => ({ ...event, ts_ns: '', latency_ns: null }))
      .map((event) => JSON.stringify(event))
      .sort();
  const numberless = (lines: string[]) => lines.map((line) => line.replace(/"request":\d+/, '')).sort();
  t.deepEqual(numberless(bare(result)), numberless(bare(BASE)));
  t.true(result.events.every(({ latency_ns }) => latency_ns === null || Number(latency_ns) >= 0));
  t.true(result.counters.negative_latency > 0);
});

test('a sequence jump of 2 GB is a hole, not memory', (t) => {
  const turns = [client('get a\r\n'), server('END\r\n'), client('get b\r\n'), server('END\r\n')];
  const before = packetsOf(turns, { fin: false });
  const after = packetsOf(turns, { handshake: false, clientSeq: 1015 + 0x7fffffff, serverSeq: 900_011 });
  const result = recordInProcess(
    pcapFile([...before, ...after.map((p) => ({ ...p, time: p.time + 10n ** 9n }))]),
  );
  t.true(isBalanced(result));
  t.true(result.events.length >= 2);
});

/** Flips, cuts, doubles and moves bytes of a capture. */
const damage = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'cut', 'double', 'zero', 'ones'),
    at: fc.nat(1_000_000),
    size: fc.integer({ min: 1, max: 64 }),
  }),
  { minLength: 1, maxLength: 6 },
);

function damaged(bytes: Uint8Array, mutations: { kind: string; at: number; size: number }[]): Uint8Array {
  let out: Uint8Array = Uint8Array.from(bytes);
  for (const { kind, at, size } of mutations) {
    // The head stays: another test is about that.
    const from = 28 + (at % Math.max(1, out.length - 28));
    if (kind === 'flip') out[from]! ^= 1 << (size & 7);
    else if (kind === 'cut') out = concat(out.subarray(0, from), out.subarray(from + size));
    else if (kind === 'double') out = concat(out.subarray(0, from + size), out.subarray(from));
    else out.fill(kind === 'zero' ? 0 : 255, from, from + size);
    if (out.length < 28) return Uint8Array.from(bytes);
  }
  return out;
}

function section(): Uint8Array {
  const made = new Section().interface(1).interface(1, { resolution: 9 });
  for (const [i, packet] of PACKETS.entries()) {
    made.enhanced(i % 2, i % 2 ? packet.time : packet.time / 1000n, packet, made.option(1, [1, 2, 3]));
  }
  return made.statistics(0, [[5, 3n]]).bytes();
}

for (const [name, bytes] of [
  ['pcap', pcapFile(PACKETS)],
  ['pcap of the other byte order', pcapFile(PACKETS, { bigEndian: true })],
  ['pcapng', section()],
] as const) {
  test(`${name}, damaged at random: no trap, nothing unaccounted, the same for any number of workers`, (t) => {
    fc.assert(
      fc.property(damage, fc.constantFrom(65536, 4096, 200), (mutations, slotSize) => {
        const capture = damaged(bytes, mutations);
        const one = recordInProcess(capture, { map: { slotSize } });
        const three = recordInProcess(capture, { workers: 3 });
        return (
          isBalanced(one) && isBalanced(three) && one.counters.packets_seen === three.counters.packets_seen
        );
      }),
      { numRuns: 150 },
    );
    t.pass();
  });
}
