import test from 'ava';
import { ascii, interleave, packetsOf, START } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { concat, type Packet, pcapFile } from '../support/packets.js';
import { Section } from '../support/pcapng.js';

const PACKETS = interleave(
  ...[1, 2, 3].map((i) =>
    packetsOf(randomConversation(i, 40), { cut: 'random', seed: i, clientPort: 44000 + i }),
  ),
);
const WANTED = recordInProcess(pcapFile(PACKETS)).events;

/** Every packet on one interface; `ticks` gives its time in the interface's units. */
function section(
  options: { bigEndian?: boolean; resolution?: number; offset?: bigint },
  ticks: (time: bigint) => bigint,
): Uint8Array {
  const made = new Section(options.bigEndian).interface(1, options);
  for (const packet of PACKETS) made.enhanced(0, ticks(packet.time), packet);
  return made.bytes();
}

const micro = (time: bigint) => time / 1000n;
const second = START / 1_000_000_000n;

const VARIANTS: [name: string, bytes: Uint8Array][] = [
  ['microseconds by default', section({}, micro)],
  ['the other byte order', section({ bigEndian: true }, micro)],
  ['nanoseconds', section({ resolution: 9 }, (time) => time)],
  [
    'picoseconds since an offset',
    section({ resolution: 12, offset: second }, (t) => (t - second * 10n ** 9n) * 1000n),
  ],
  ['a negative offset', section({ resolution: 6, offset: -3600n }, (time) => micro(time) + 3_600_000_000n)],
  // 2^-30 s is finer than a nanosecond: rounding up once makes rounding down exact.
  [
    'a power of two',
    section(
      { resolution: 0x80 | 30 },
      (t) => (t / 10n ** 9n) * 2n ** 30n + ((t % 10n ** 9n) * 2n ** 30n + 999_999_999n) / 10n ** 9n,
    ),
  ],
  [
    'a finer power of two',
    section({ resolution: 0x80 | 33, offset: second }, (t) => {
      const rest = t - second * 10n ** 9n;
      return (rest / 10n ** 9n) * 2n ** 33n + ((rest % 10n ** 9n) * 2n ** 33n + 999_999_999n) / 10n ** 9n;
    }),
  ],
];

for (const [name, bytes] of VARIANTS) {
  test(`enhanced packet blocks: ${name}`, (t) => {
    for (const workers of [1, 3]) t.deepEqual(recordInProcess(bytes, { workers }).events, WANTED);
  });
}

test('several sections and interfaces, other blocks, options behind packets, in chunks of any size', (t) => {
  const blocks: Uint8Array[] = [];
  const third = Math.floor(PACKETS.length / 3);
  const first = new Section().interface(1).interface(1, { resolution: 9 });
  // A name resolution block, and a custom one larger than any chunk.
  first.block(4, new Uint8Array(20)).block(0xbad, new Uint8Array(300_000));
  for (const [i, packet] of PACKETS.slice(0, third).entries()) {
    first.enhanced(
      i % 2,
      i % 2 ? packet.time : micro(packet.time),
      packet,
      first.option(1, ascii('a comment')),
    );
  }
  blocks.push(first.bytes());
  const other = new Section(true).interface(0).interface(1);
  for (const packet of PACKETS.slice(third, 2 * third)) other.obsolete(1, micro(packet.time), packet);
  blocks.push(other.bytes());
  const last = new Section().interface(1, { resolution: 9 });
  for (const packet of PACKETS.slice(2 * third))
    last.enhanced(0, packet.time, packet, new Uint8Array(70_000));
  blocks.push(last.bytes());
  t.deepEqual(recordInProcess(concat(...blocks)).events, WANTED);
  for (const slotSize of [65536, 4096, 1000, 100]) {
    const map = { slotSize };
    t.deepEqual(recordInProcess(concat(...blocks), { map }).events, WANTED, `${slotSize}`);
  }
});

test('simple packet blocks have no time, and the packets before them lend theirs', (t) => {
  const made = new Section().interface(1, { snaplen: 65535 });
  made.enhanced(0, micro(PACKETS[0]!.time), PACKETS[0]!);
  for (const packet of PACKETS.slice(1)) made.simple(packet);
  const { events, counters } = recordInProcess(made.bytes());
  t.is(counters.packets_decoded, PACKETS.length);
  t.is(events.length, WANTED.length);
  t.true(events.every(({ ts_ns }) => ts_ns === `${PACKETS[0]!.time}`));
});

test('a simple packet block is cut where its interface cuts packets', (t) => {
  const made = new Section().interface(1, { snaplen: 60 });
  const { data } = PACKETS[4]!;
  made.simple({ time: 0n, data: data.subarray(0, 60), length: 1500 });
  const { counters } = recordInProcess(made.bytes());
  t.is(counters.packets_seen, 1);
  t.is(counters.bytes, 1500);
});

test('what an interface has lost stands in the ledger, once', (t) => {
  const made = new Section().interface(1).interface(1);
  made.statistics(0, [
    [4, 100n],
    [5, 7n],
  ]);
  for (const packet of PACKETS) made.enhanced(0, micro(packet.time), packet);
  made.statistics(0, [
    [4, 200n],
    [5, 10n],
    [7, 2n],
  ]);
  made.statistics(1, [[5, 5n]]);
  // Nothing can have lost so much, and there is no such interface.
  made.statistics(1, [[5, 1n << 60n]]).statistics(2, [[5, 1n]]);
  const { counters } = recordInProcess(made.bytes());
  t.is(counters.lost_by_kernel, 17);
  t.is(counters.packets_seen, PACKETS.length + 17);
});

test('packets of unknown interfaces and link layers are counted', (t) => {
  const made = new Section().interface(105).interface(1);
  made.enhanced(0, 1n, PACKETS[0]!).enhanced(7, 1n, PACKETS[0]!).enhanced(1, micro(START), PACKETS[0]!);
  const { counters } = recordInProcess(made.bytes());
  t.like(counters, { packets_seen: 3, skipped_linktype: 1, skipped_malformed: 1, packets_decoded: 1 });
});

test('the same packet on two interfaces is a duplicate, not a retransmission', (t) => {
  const made = new Section().interface(1).interface(1);
  for (const packet of PACKETS)
    made.enhanced(0, micro(packet.time), packet).enhanced(1, micro(packet.time), packet);
  const { counters, events } = recordInProcess(made.bytes());
  t.is(events.length, WANTED.length);
  t.true(counters.duplicates > 0);
  t.is(counters.retransmitted, 0);
});

const good = () => new Section().interface(1).enhanced(0, micro(START), PACKETS[0]!);
const block = (type: number, total: number, rest: Uint8Array | number[] = []) => {
  const made = new Section();
  return concat(made.u32(type), made.u32(total), rest);
};
const LIES: [name: string, bytes: Uint8Array][] = [
  ['a total length of 0', block(6, 0)],
  ['a total length that is no multiple of 4', block(6, 61, new Uint8Array(60))],
  ['a packet block too short to be one', block(6, 20, new Uint8Array(12))],
  ['an interface description too short to be one', block(1, 12, [12, 0, 0, 0])],
  [
    'more captured than the block has',
    concat(block(6, 32), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 200, 0, 0, 0, 32, 0, 0, 0]),
  ],
  [
    'more captured than there can be',
    concat(block(6, 0x7ffffffc), new Uint8Array(12).fill(0), [0, 0, 5, 0, 0, 0, 5, 0]),
  ],
  ['another length at the end', new Section().block(0x4242, new Uint8Array(8), 24).bytes().subarray(28)],
  ['a section of a later version', new Section(false, [2, 0]).bytes()],
  ['a section without its magic', concat(block(0x0a0d0d0a, 28), new Uint8Array(20))],
];

for (const [name, lie] of LIES) {
  test(`a block that lies ends the capture: ${name}`, (t) => {
    const bytes = good()
      .raw(lie)
      .enhanced(0, micro(START), PACKETS[1] as Packet)
      .bytes();
    const { counters, broken } = recordInProcess(bytes);
    t.is(counters.packets_seen, 1);
    t.true(broken);
  });
}

test('every truncation: what is whole is taken, and the cut is noticed', (t) => {
  const made = new Section().interface(1);
  const ends = [made.bytes().length];
  for (const packet of PACKETS.slice(0, 5)) {
    made.enhanced(0, micro(packet.time), packet, made.option(1, [1, 2, 3]));
    ends.push(made.bytes().length);
  }
  const whole = made.bytes();
  for (let size = 28; size <= whole.length; size++) {
    const { counters, broken } = recordInProcess(whole.subarray(0, size));
    const blocks = ends.filter((end) => end <= size).length;
    t.true(counters.packets_seen >= Math.max(0, blocks - 1) && counters.packets_seen <= blocks, `${size}`);
    t.is(broken, size !== 28 && !ends.includes(size), `${size}`);
  }
});
