/** Links by bytes written by hand from their documents: what stands before the IP header of every packet. */
import test from 'ava';
import { client, packetsOf, server } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { concat, type Packet, pcapFile } from '../support/packets.js';

const TURNS = [
  client('set foo 5 60 3\r\nbar\r\n'),
  server('STORED\r\n'),
  client('get foo nope\r\n'),
  server('VALUE foo 5 3\r\nbar\r\nEND\r\n'),
];

/** Destination and source address of an Ethernet frame. */
const MAC = '02 00 00 00 00 02 02 00 00 00 00 01';

const hex = (text: string) => Uint8Array.from(text.split(' '), (byte) => Number.parseInt(byte, 16));

interface Case {
  name: string;
  /** LINKTYPE_ value (tcpdump.org/linktypes.html). */
  linktype: number;
  /** Before an IPv4 and an IPv6 packet; one where nothing tells them apart. */
  before: [string] | [string, string];
}

const NFLOG = '02 00 00 00 08 00 01 00 08 00 01 00 08 00 05 00 00 00 00 02';
/** bsd/net/pktap.h: length 108, PTH_TYPE_PACKET, link type, interface name, and what is of no interest. */
const pktap = (linktype: string) =>
  `6c 00 00 00 01 00 00 00 ${linktype} 65 6e 30${' 00'.repeat(21)}${' 11'.repeat(72)}`;

const CASES: Case[] = [
  // RFC 3032, section 2.1: label, traffic class, bottom of stack, time to live; section 5: the type.
  {
    name: 'MPLS, one label',
    linktype: 1,
    before: [`${MAC} 88 47 00 01 01 ff`],
  },
  {
    name: 'MPLS, three labels in a VLAN',
    linktype: 1,
    before: [`${MAC} 81 00 00 05 88 47 00 01 00 ff 00 02 00 ff 00 03 01 ff`],
  },
  // RFC 5332, section 3.
  { name: 'MPLS, upstream-assigned label', linktype: 1, before: [`${MAC} 88 48 00 01 01 ff`] },
  // RFC 2516, section 4: version 1, type 1, code 0, session, length; RFC 1661, section 2: the protocol.
  {
    name: 'PPPoE session',
    linktype: 1,
    before: [`${MAC} 88 64 11 00 00 07 00 99 00 21`, `${MAC} 88 64 11 00 00 07 00 99 00 57`],
  },
  {
    name: 'PPPoE session in two VLANs',
    linktype: 1,
    before: [
      `${MAC} 88 a8 00 05 81 00 00 06 88 64 11 00 00 07 00 99 00 21`,
      `${MAC} 88 a8 00 05 81 00 00 06 88 64 11 00 00 07 00 99 00 57`,
    ],
  },
  // RFC 3032, section 4: MPLS in PPP.
  {
    name: 'MPLS in a PPPoE session',
    linktype: 1,
    before: [`${MAC} 88 64 11 00 00 07 00 99 02 81 00 01 01 ff`],
  },
  // IEEE 802.3, clause 3.2.6: a length; RFC 1042: AA AA 03, organisation 00-00-00, EtherType.
  {
    name: 'LLC and SNAP',
    linktype: 1,
    before: [`${MAC} 00 80 aa aa 03 00 00 00 08 00`, `${MAC} 00 80 aa aa 03 00 00 00 86 dd`],
  },
  {
    name: 'LLC and SNAP in a VLAN',
    linktype: 1,
    before: [
      `${MAC} 81 00 00 05 00 80 aa aa 03 00 00 00 08 00`,
      `${MAC} 81 00 00 05 00 80 aa aa 03 00 00 00 86 dd`,
    ],
  },
  // The other way round: RFC 1042 says an EtherType, and that of a tag is one.
  { name: 'a VLAN in SNAP', linktype: 1, before: [`${MAC} 00 80 aa aa 03 00 00 00 81 00 00 05 08 00`] },
  // IEEE 802.1H: what EtherTypes become on a bridge.
  { name: 'SNAP of a bridge', linktype: 1, before: [`${MAC} 00 80 aa aa 03 00 00 f8 08 00`] },
  // IEEE's number for IP.
  { name: 'LLC without SNAP', linktype: 1, before: [`${MAC} 00 80 06 06 03`] },
  // Three tags: more than one provider's in another's.
  {
    name: 'three VLANs',
    linktype: 1,
    before: [
      `${MAC} 91 00 00 01 88 a8 00 05 81 00 00 06 08 00`,
      `${MAC} 91 00 00 01 88 a8 00 05 81 00 00 06 86 dd`,
    ],
  },
  // RFC 1661 without framing.
  { name: 'PPP', linktype: 9, before: ['00 21', '00 57'] },
  // RFC 1662, section 3.1: all stations, unnumbered information.
  { name: 'PPP, HDLC-like', linktype: 9, before: ['ff 03 00 21', 'ff 03 00 57'] },
  // RFC 1661, section 6.5: the protocol field compressed; RFC 1662 with address and control left out (6.6).
  { name: 'PPP, compressed', linktype: 9, before: ['21', '57'] },
  { name: 'PPP, HDLC-like, compressed', linktype: 50, before: ['ff 03 21', 'ff 03 57'] },
  // LINKTYPE_PPP_HDLC: RFC 1547, section 4.3.1, where the first byte is 0F or 8F.
  { name: "Cisco's framing on a PPP link", linktype: 50, before: ['0f 00 08 00', '8f 00 86 dd'] },
  { name: "Cisco's HDLC", linktype: 104, before: ['0f 00 08 00', '0f 00 86 dd'] },
  // LINKTYPE_PPP_PPPD: 0 incoming, 1 outgoing, in place of the address.
  { name: 'PPP as pppd has it', linktype: 166, before: ['01 03 00 21', '00 03 00 57'] },
  // LINKTYPE_PPP_WITH_DIR: a byte with the direction first.
  { name: 'PPP with its direction', linktype: 204, before: ['00 ff 03 00 21', '01 ff 03 00 57'] },
  // LINKTYPE_PPP_ETHER: RFC 2516 from its header on.
  {
    name: 'PPPoE without Ethernet',
    linktype: 51,
    before: ['11 00 00 07 00 99 00 21', '11 00 00 07 00 99 00 57'],
  },
  { name: 'MPLS alone', linktype: 219, before: ['00 01 00 ff 00 02 01 ff'] },
  // LINKTYPE_NFLOG: family, version, resource id; values as length (its own 4 bytes included), type, padded to 4:
  // 1 packet header, 5 output device, 10 prefix, 9 the packet. Length 0x4c is as good as any: the packet ends it.
  {
    name: 'NFLOG',
    linktype: 239,
    before: [
      `${NFLOG} 06 00 0a 00 78 00 00 00 4c 00 09 00`,
      `0a${NFLOG.slice(2)} 06 00 0a 00 78 00 00 00 4c 00 09 00`,
    ],
  },
  {
    name: 'NFLOG of a big-endian host',
    linktype: 239,
    before: ['02 00 00 00 00 08 00 01 08 00 01 00 00 06 00 0a 78 00 00 00 00 4c 00 09'],
  },
  // Its prefix is as long as iptables takes it, 64 bytes.
  {
    name: 'NFLOG with a long prefix',
    linktype: 239,
    before: [`${NFLOG} 44 00 0a 00${' 78'.repeat(64)} 4c 00 09 00`],
  },
  {
    name: 'pktap over Ethernet',
    linktype: 258,
    before: [`${pktap('01 00 00 00')} ${MAC} 08 00`, `${pktap('01 00 00 00')} ${MAC} 86 dd`],
  },
  // DLT_NULL of macOS: AF_INET is 2, AF_INET6 is 30.
  {
    name: 'pktap over loopback',
    linktype: 258,
    before: [`${pktap('00 00 00 00')} 02 00 00 00`, `${pktap('00 00 00 00')} 1e 00 00 00`],
  },
  // DLT_RAW of macOS: utun.
  { name: 'pktap over a tunnel', linktype: 258, before: [pktap('0c 00 00 00')] },
  // linux/if_ether.h: ETH_P_802_2 is 4; what follows is LLC.
  {
    name: 'LLC and SNAP in a cooked packet',
    linktype: 113,
    before: ['00 00 00 01 00 06 02 00 00 00 00 01 00 00 00 04 aa aa 03 00 00 00 08 00'],
  },
  {
    name: 'MPLS in a cooked packet',
    linktype: 113,
    before: ['00 00 00 01 00 06 02 00 00 00 00 01 00 00 88 47 00 01 01 ff'],
  },
  {
    name: 'a PPPoE session in a cooked packet, version 2',
    linktype: 276,
    before: [
      '88 64 00 00 00 00 00 01 00 01 00 06 02 00 00 00 00 01 00 00 11 00 00 07 00 99 00 21',
      '88 64 00 00 00 00 00 01 00 01 00 06 02 00 00 00 00 01 00 00 11 00 00 07 00 99 00 57',
    ],
  },
];

function withHeader(version: 4 | 6, before: Uint8Array): Packet[] {
  return packetsOf(TURNS, { link: 'raw', version }).map(({ time, data }) => ({
    time,
    data: concat(before, data),
  }));
}

for (const { name, linktype, before } of CASES) {
  test(`${name}: the same events as without it`, (t) => {
    for (const version of [4, 6] as const) {
      const header = hex(before[version === 4 ? 0 : before.length - 1]!);
      const { counters, events } = recordInProcess(pcapFile(withHeader(version, header), { linktype }));
      t.deepEqual(
        events.map(({ op, status }) => `${op} ${status}`),
        ['set stored', 'get hit', 'get miss'],
        `IPv${version}`,
      );
      t.like(counters, { packets_seen: 10, packets_decoded: 10, skipped_not_ip: 0 });
    }
  });

  test(`${name}: cut anywhere, it is no packet of ours, and nothing breaks`, (t) => {
    for (const text of before) {
      const header = hex(text);
      const cut = Array.from(header, (_, size) => ({
        time: 0n,
        data: header.subarray(0, size),
        length: 1000,
      }));
      const { counters, events } = recordInProcess(pcapFile(cut, { linktype }));
      t.is(events.length, 0);
      t.is(counters.packets_decoded, 0);
      t.is(counters.skipped_cut_header + counters.skipped_not_ip + counters.skipped_malformed, header.length);
    }
  });
}

/** What is none of IP, however it looks. */
const OTHERS: [name: string, linktype: number, before: string][] = [
  // RFC 4385, section 3: a pseudowire's control word begins with 0.
  ['a pseudowire', 1, `${MAC} 88 47 00 01 01 ff 00 00 00 00 ${MAC} 08 00`],
  // RFC 2516, section 5: code 9 is discovery.
  ['PPPoE discovery', 1, `${MAC} 88 64 11 09 00 00 00 04 01 01`],
  // RFC 1661, section 3: LCP.
  ['LCP', 9, 'ff 03 c0 21'],
  // IEEE 802.1D: spanning tree.
  ['spanning tree', 1, `${MAC} 00 26 42 42 03`],
  // Cisco's organisation: discovery.
  ['another organisation', 1, `${MAC} 00 80 aa aa 03 00 00 0c 20 00`],
  ['a pktap record that is no packet', 258, pktap('01 00 00 00').replace('6c 00 00 00 01', '6c 00 00 00 02')],
  ['pktap in pktap', 258, `${pktap('02 01 00 00')} ${pktap('01 00 00 00')} ${MAC} 08 00`],
  ['a packet of nflog without a length', 239, '02 00 00 00 00 00 09 00'],
  [
    'an IP header further away than any link has it',
    239,
    `02 00 00 00 f4 00 0a 00${' 78'.repeat(240)} 4c 00 09 00`,
  ],
  ['tags without end', 1, `${MAC}${' 81 00 00 01'.repeat(20)} 08 00`],
  ['labels without end', 1, `${MAC} 88 47${' 00 01 00 ff'.repeat(40)} 00 01 01 ff`],
];

test('what is not IP is counted as that', (t) => {
  for (const [name, linktype, before] of OTHERS) {
    const { counters, events } = recordInProcess(pcapFile(withHeader(4, hex(before)), { linktype }));
    t.is(events.length, 0, name);
    t.like(counters, { packets_seen: 10, packets_decoded: 0, skipped_not_ip: 10 }, name);
  }
});

/**
 * Kuznetzov's pcap (struct pcap_sf_patched_pkthdr in sf-pcap.c of libpcap): another magic, and 8 bytes more in each
 * record's header: interface u32, protocol u16, kind u8, a pad.
 */
function patched(packets: readonly Packet[], bigEndian: boolean): Uint8Array {
  const plain = pcapFile(packets, { bigEndian });
  const parts: Uint8Array[] = [hex(bigEndian ? 'a1 b2 cd 34' : '34 cd b2 a1'), plain.subarray(4, 24)];
  let at = 24;
  for (const { data } of packets) {
    parts.push(
      plain.subarray(at, at + 16),
      hex(bigEndian ? '00 00 00 02 08 00 00 00' : '02 00 00 00 00 08 00 00'),
      data,
    );
    at += 16 + data.length;
  }
  return concat(...parts);
}

test("Kuznetzov's pcap: the same events as plain pcap", (t) => {
  const packets = packetsOf(TURNS, { cut: 'bytes' });
  const { events } = recordInProcess(pcapFile(packets));
  t.is(events.length, 3);
  for (const bigEndian of [false, true]) {
    for (const slotSize of [65536, 128 * 1024]) {
      const recorded = recordInProcess(patched(packets, bigEndian), { map: { slotSize } });
      t.deepEqual(recorded.events, events);
    }
  }
});
