/** Valid capture files of random packets: classic pcap and pcapng in every form the parser reads. */
import { LINKTYPES, type Link, link, type Packet, pcapFile } from '../support/packets.js';
import { Section } from '../support/pcapng.js';
import { between, oneOf } from '../support/random.js';
import { RECORD } from './records.js';
import type { Random } from './tokens.js';

const LINKS = Object.keys(LINKTYPES) as Link[];
/** if_tsresol, left out where undefined: powers of ten and of two, and some nobody has. */
const RESOLUTIONS = [
  undefined,
  undefined,
  6,
  9,
  3,
  0,
  0x80 | 10,
  0x80 | 20,
  0x80 | 30,
  0x80 | 63,
  12,
  127,
  255,
];
/** Blocks that are passed over: name resolution, secrets, custom ones, and such as there are none of. */
const OTHER_BLOCKS = [4, 9, 10, 0xbad, 0x40000bad, 0x7fffffff, 0xffffffff];

const MANY_INTERFACES = 1030;

/** A file, and where its records or blocks begin, the end last. */
export interface CaptureFile {
  bytes: Uint8Array;
  borders: number[];
  isPcapng: boolean;
}

/** A file of the packets in records of raw IP (`records.ts`). */
export function captureFile(random: Random, records: Buffer): CaptureFile {
  const packets = packetsOf(records);
  const isPcapng = random() < 0.55;
  const bytes = isPcapng ? pcapngOf(random, packets) : pcapOf(random, packets);
  return { bytes, borders: isPcapng ? blocksOf(bytes) : recordsOf(bytes), isPcapng };
}

/** Raw IP packets. */
function packetsOf(records: Buffer): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < records.length; ) {
    const captured = records.readUInt32LE(at + 8);
    packets.push({
      time: BigInt(records.readUInt32LE(at)) * 1_000_000_000n + BigInt(records.readUInt32LE(at + 4)) * 1000n,
      data: records.subarray(at + RECORD, at + RECORD + captured),
      length: records.readUInt32LE(at + 12),
    });
    at += RECORD + captured;
  }
  return packets;
}

/** The packet behind a link header. */
function linked(random: Random, kind: Link, { time, data, length = 0 }: Packet): Packet {
  const tags: [number, number][] = [];
  if (random() < 0.1) {
    for (let n = between(random, 1, random() < 0.9 ? 2 : 6); n > 0; n--)
      tags.push([oneOf(random, [0x8100, 0x88a8, 0x9100]), between(random, 0, 0xffff)]);
  }
  const framed = data.length === 0 ? data : link(kind, data, tags);
  return { time, data: framed, length: (length + framed.length - data.length) >>> 0 };
}

function pcapOf(random: Random, packets: readonly Packet[]): Uint8Array {
  const kind = oneOf(random, LINKS);
  return pcapFile(
    packets.map((packet) => linked(random, kind, packet)),
    { bigEndian: random() < 0.4, nanos: random() < 0.4, linktype: LINKTYPES[kind] },
  );
}

interface Interface {
  kind: Link;
  /** Units in a second of its times. */
  units: bigint;
  offset: bigint;
}

function pcapngOf(random: Random, packets: readonly Packet[]): Uint8Array {
  const sections: Uint8Array[] = [];
  const most = Math.ceil(packets.length / between(random, 1, 3));
  for (let from = 0; from < packets.length || sections.length === 0; from += Math.max(1, most)) {
    sections.push(sectionOf(random, packets.slice(from, from + most)));
  }
  return Buffer.concat(sections);
}

function sectionOf(random: Random, packets: readonly Packet[]): Uint8Array {
  const section = new Section(random() < 0.4);
  const interfaces: Interface[] = [];
  const add = () => {
    const kind = oneOf(random, LINKS);
    const resolution = oneOf(random, RESOLUTIONS);
    const offset = oneOf(random, [undefined, undefined, undefined, 0n, 1_000_000_000n, -1n]);
    section.interface(LINKTYPES[kind], {
      ...(resolution !== undefined && { resolution }),
      ...(offset !== undefined && { offset }),
      snaplen: oneOf(random, [0, 0, 262144, 200]),
    });
    interfaces.push({ kind, units: unitsOf(resolution ?? 6), offset: offset ?? 0n });
  };
  // Now and then more than the parser remembers.
  for (let n = random() < 0.995 ? between(random, 1, 3) : MANY_INTERFACES; n > 0; n--) add();
  const dropped = interfaces.map(() => 0n);
  for (const packet of packets) {
    const pick = random();
    if (pick < 0.02) add();
    else if (pick < 0.06) section.block(oneOf(random, OTHER_BLOCKS), Buffer.alloc(between(random, 0, 90), 7));
    else if (pick < 0.08) {
      const id = between(random, 0, interfaces.length - 1);
      dropped[id] = (dropped[id] ?? 0n) + BigInt(between(random, 0, 3));
      section.statistics(id, [
        [4, 100n],
        [5, dropped[id]!],
        [7, 1n],
      ]);
    }
    const id = random() < 0.6 ? 0 : between(random, 0, interfaces.length - 1);
    const { kind, units, offset } = interfaces[id]!;
    const framed = linked(random, kind, packet);
    const ticks = BigInt.asUintN(64, ((packet.time - offset * 1_000_000_000n) * units) / 1_000_000_000n);
    const form = random();
    if (form < 0.05 && id === 0) section.simple(framed);
    else if (form < 0.15) section.obsolete(id, ticks, framed);
    else {
      const options =
        random() < 0.1 ? Buffer.concat([section.option(2, [0, 0, 0, 1]), section.option(0, [])]) : undefined;
      section.enhanced(id, ticks, framed, options);
    }
  }
  return section.bytes();
}

function unitsOf(resolution: number): bigint {
  const n = BigInt(resolution & 127);
  return resolution & 128 ? 2n ** n : 10n ** n;
}

/** Where the records of a classic pcap file begin, and the last ends. */
function recordsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = bytes[3] === 0xa1;
  const borders = [];
  for (let at = 24; at < bytes.length; at += 16 + view.getUint32(at + 8, little)) borders.push(at);
  return [...borders, bytes.length];
}

/** The same of the blocks of a pcapng file. */
function blocksOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let little = true;
  const borders = [];
  for (let at = 0; at < bytes.length; at += view.getUint32(at + 4, little)) {
    if (view.getUint32(at) === 0x0a0d0d0a) little = bytes[at + 8] === 0x4d;
    borders.push(at);
  }
  return [...borders, bytes.length];
}
