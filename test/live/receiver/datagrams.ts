/** What carries TCP: fragments, options and extension headers of IP, and what a capture adds. */
import { fragments as cut, datagramOf, fragment } from '../../support/fragments.js';
import { concat, link, type Packet } from '../../support/packets.js';
import { type Case, get, put } from './case.js';
import type { Peer } from './peer.js';

const ETHERNET = 14;
const asFrame = (data: Uint8Array): Packet => ({ time: 0n, data: link('ethernet', data) });
const asPacket = ({ data }: Packet) => headerSummed(data.subarray(ETHERNET));
let id = 1;

/** Fills the checksum of an IPv4 header. */
function headerSummed(data: Uint8Array): Uint8Array {
  if (data[0]! >> 4 === 6) return data;
  const out = Uint8Array.from(data);
  const view = new DataView(out.buffer);
  view.setUint16(10, 0);
  let sum = 0;
  for (let i = 0; i < (out[0]! & 15) * 4; i += 2) sum += view.getUint16(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(10, ~sum & 0xffff);
  return out;
}

const fragmentsOf = (p: Peer, offset: number, text: string, size = 24) =>
  cut(asFrame(p.segment(offset, text)), id++, size).map(asPacket);

const FRAGMENTS = ([4, 6] as const).flatMap((version): Case[] => {
  const connection = { version };
  return [
    {
      name: `IPv${version}: fragments in order are the segment they were`,
      connection,
      served: get(1, 2, 3),
      run: (p) => {
        for (const piece of fragmentsOf(p, 0, get(1, 2, 3))) p.send(piece);
      },
    },
    {
      name: `IPv${version}: fragments in reverse order are the segment they were`,
      connection,
      served: get(1, 2, 3),
      run: (p) => {
        for (const piece of fragmentsOf(p, 0, get(1, 2, 3)).reverse()) p.send(piece);
      },
    },
    {
      name: `IPv${version}: a fragment sent twice changes nothing`,
      connection,
      served: get(1, 2, 3),
      run: (p) => {
        const [first, ...rest] = fragmentsOf(p, 0, get(1, 2, 3));
        for (const piece of [first!, first!, ...rest]) p.send(piece);
      },
    },
    {
      name: `IPv${version}: a fragment that overlaps another takes the segment with it`,
      connection,
      served: get(4),
      run: (p) => {
        const whole = asFrame(p.segment(0, get(1, 2, 3)));
        const { body } = datagramOf(whole);
        const piece = (from: number, to: number) =>
          asPacket(
            fragment(whole, 5000 + version, {
              offset: from,
              bytes: body.subarray(from, to),
              more: to < body.length,
            }),
          );
        for (const one of [piece(0, 24), piece(16, 40), piece(40, body.length)]) p.send(one);
        p.put(0, get(4));
      },
      counters: { skipped_fragment: 3 },
    },
    {
      name: `IPv${version}: a segment with a fragment missing never came`,
      connection,
      served: get(4),
      run: (p) => {
        const [first, , ...rest] = fragmentsOf(p, 0, get(1, 2, 3));
        for (const piece of [first!, ...rest]) p.send(piece);
        p.put(0, get(4));
      },
    },
    {
      name: `IPv${version}: bytes behind the end of the packet are not of the segment`,
      connection,
      served: get(1, 2),
      run: (p) => {
        p.send(concat(p.segment(0, get(1)), new Uint8Array(6)));
        p.put(8, get(2));
      },
    },
  ];
});

/** PadN: an option that says nothing. */
const PADDING = Uint8Array.of(0, 1, 4, 0, 0, 0, 0);
/** Options the receiver does not know: 0x1e is passed over, 0x9e asks that the packet be dropped. */
const UNKNOWN = Uint8Array.of(0, 0x1e, 4, 0, 0, 0, 0);
const FORBIDDING = Uint8Array.of(0, 0x9e, 4, 0, 0, 0, 0);
const v6 = { version: 6 } as const;

export const DATAGRAMS: Case[] = [
  ...FRAGMENTS,
  {
    name: 'a segment behind options of IPv4 is used',
    served: get(1, 2),
    run: (p) => {
      p.put(0, get(1), { ipOptions: [1, 1, 1, 0] });
      p.put(8, get(2), { ipOptions: [7, 7, 4, 0, 0, 0, 0, 0] });
    },
  },
  {
    name: 'a segment behind a hop-by-hop header is used',
    connection: v6,
    served: get(1),
    run: (p) => p.put(0, get(1), { extensions: [[0, PADDING]] }),
  },
  {
    name: 'a segment behind destination options is used',
    connection: v6,
    served: get(1),
    run: (p) => p.put(0, get(1), { extensions: [[60, PADDING]] }),
  },
  {
    name: 'a segment behind hop-by-hop, routing and destination options is used',
    connection: v6,
    served: get(1),
    run: (p) =>
      p.put(0, get(1), {
        extensions: [
          [0, UNKNOWN],
          [60, PADDING],
          [60, UNKNOWN],
        ],
      }),
  },
  {
    name: 'destination options that forbid it take the segment with them',
    connection: v6,
    served: get(2),
    run: (p) => {
      p.put(0, get(1), { extensions: [[60, FORBIDDING]] });
      p.put(0, get(2));
    },
  },
  {
    name: 'IPv4: the first fragment need not have the whole header',
    served: get(1, 2),
    run: (p) => {
      for (const piece of fragmentsOf(p, 0, get(1, 2), 16)) p.send(piece);
    },
  },
  {
    name: 'IPv6: a first fragment without the whole header takes the segment with it',
    connection: v6,
    served: get(4),
    run: (p) => {
      for (const piece of fragmentsOf(p, 0, get(1, 2), 16)) p.send(piece);
      p.put(0, get(4));
    },
  },
  {
    name: 'what is encrypted is counted by name',
    served: get(1),
    run: (p) => {
      const packet = p.segment(0, get(9));
      packet[9] = 50;
      p.send(headerSummed(packet));
      p.put(0, get(1));
    },
    counters: { skipped_esp: 1 },
  },
  {
    name: 'a segment that two interfaces show is used once',
    served: get(1, 2, 3),
    run: (p) => put(p, [0, get(1)], [16, get(3)], [8, get(2)]),
    linktype: 276,
    recorded: (packets) =>
      packets.flatMap(({ time, data }) =>
        [7, 9].map((index, i) => {
          const head = new Uint8Array(20);
          head.set([data[0]! >> 4 === 6 ? 0x86 : 8, data[0]! >> 4 === 6 ? 0xdd : 0]);
          head[7] = index;
          return { time: time + BigInt(i), data: concat(head, data) };
        }),
      ),
  },
];
