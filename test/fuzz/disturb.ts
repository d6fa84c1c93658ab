/**
 * Mutation of packets after they were framed: bytes of their headers, whole packets out, twice or elsewhere,
 * IP options, extension headers, tunnels, and fragments in any order. The heads of the records stay true:
 * `files.ts` is for what is wrong there.
 */
import { between, oneOf } from '../support/random.js';
import { corrupt, mutate } from './mutate.js';
import { ipSize, RECORD } from './records.js';
import type { Random } from './tokens.js';

/** Bytes in which the headers of a packet lie. */
const HEADERS = 64;
const PACKET_MAX = 65_600;

/** What happens to packets, as shares of them. */
interface Trouble {
  corrupted: number;
  mutated: number;
  lost: number;
  doubled: number;
  late: number;
  fragmented: number;
  wrapped: number;
  /** Of those in fragments, that do not come whole. */
  torn: number;
}
const NONE: Trouble = {
  corrupted: 0,
  mutated: 0,
  lost: 0,
  doubled: 0,
  late: 0,
  fragmented: 0,
  wrapped: 0,
  torn: 0.15,
};
const TROUBLES: readonly Trouble[] = [
  { ...NONE, corrupted: 0.15 },
  { ...NONE, mutated: 0.1 },
  { ...NONE, fragmented: 0.3 },
  // More datagrams than are put together at a time.
  { ...NONE, fragmented: 0.9, torn: 0.9 },
  { ...NONE, wrapped: 0.2 },
  {
    corrupted: 0.05,
    mutated: 0.05,
    lost: 0.05,
    doubled: 0.05,
    late: 0.1,
    fragmented: 0.1,
    wrapped: 0.05,
    torn: 0.15,
  },
];

/** IPv6 extension headers but the fragment header. */
const EXTENSIONS = [0, 43, 51, 60, 135];
/** Protocols of what is in a tunnel, or not there at all. */
const OTHER_PROTOCOLS = [1, 4, 41, 47, 50, 58, 132, 255];

export class Disturber {
  readonly #out: Buffer;
  readonly #packet = Buffer.alloc(PACKET_MAX);
  #held: Buffer[] = [];
  #size = 0;
  #id = 0;

  constructor(capacity: number) {
    this.#out = Buffer.alloc(capacity);
  }

  /** Forgets what it had before. */
  reset(): void {
    this.#id = 0;
    this.#held = [];
  }

  /** The records in trouble: a view, until the next call. */
  disturb(random: Random, records: Buffer): Buffer {
    const trouble = oneOf(random, TROUBLES);
    this.#size = 0;
    for (let at = 0; at < records.length; ) {
      const end = at + RECORD + records.readUInt32LE(at + 8);
      this.#take(random, trouble, records.subarray(at, at + RECORD), records.subarray(at + RECORD, end));
      at = end;
      if (this.#held.length > 0 && random() < 0.2) this.#release(between(random, 0, this.#held.length - 1));
    }
    while (this.#held.length > 0) this.#release(between(random, 0, this.#held.length - 1));
    return this.#out.subarray(0, this.#size);
  }

  #take(random: Random, trouble: Trouble, head: Buffer, whole: Buffer): void {
    if (random() < trouble.lost) return;
    const packet = this.#packet;
    let size = whole.copy(packet);
    if (random() < trouble.wrapped) size = wrap(random, packet, size);
    if (size > 0 && random() < trouble.corrupted) {
      for (let n = between(random, 1, 3); n > 0; n--) corrupt(random, packet, 0, Math.min(size, HEADERS));
    }
    if (size > 0 && random() < trouble.mutated) size = mutate(random, packet, 0, size);
    if (random() < trouble.fragmented) {
      this.#fragment(random, trouble, head, packet.subarray(0, size));
      return;
    }
    const wire = Math.max(0, head.readUInt32LE(12) + size - whole.length) >>> 0;
    if (random() < trouble.late) this.#held.push(recordOf(head, packet.subarray(0, size), wire));
    else this.#write(head, packet.subarray(0, size), wire);
    if (random() < trouble.doubled) this.#write(head, packet.subarray(0, size), wire);
  }

  /** In pieces, which may be missing, twice, overlapping, and in any order. */
  #fragment(random: Random, { torn }: Trouble, head: Buffer, packet: Buffer): void {
    const version = (packet[0] ?? 0) >> 4 === 6 ? 6 : 4;
    const ip = ipSize(version);
    const step = 8 * (random() < 0.8 ? between(random, 1, 185) : between(random, 1, 4));
    const id = random() < 0.9 ? ++this.#id : this.#id;
    const pieces: Buffer[] = [];
    // No more than a hundred of them.
    const least = Math.max(step, 8 * Math.ceil(packet.length / 800));
    for (let from = ip; from < packet.length; ) {
      const overlap = random() < 0.03 ? 8 : 0;
      const end = Math.min(packet.length, from + least + overlap);
      pieces.push(pieceOf(version, packet, id, from - ip, end));
      from += least;
    }
    if (random() < 0.3) pieces.reverse();
    const wrong = random() < torn;
    for (const piece of pieces) {
      if (wrong && random() < 0.2) continue;
      if (wrong && random() < 0.2) corrupt(random, piece, 0, Math.min(piece.length, HEADERS));
      if (random() < 0.1) this.#held.push(recordOf(head, piece, piece.length));
      else this.#write(head, piece, piece.length);
      if (random() < 0.03) this.#write(head, piece, piece.length);
    }
  }

  #release(index: number): void {
    const [record] = this.#held.splice(index, 1);
    if (this.#size + record!.length > this.#out.length) return;
    this.#out.set(record!, this.#size);
    this.#size += record!.length;
  }

  #write(head: Buffer, packet: Buffer, wire: number): void {
    if (this.#size + RECORD + packet.length > this.#out.length) return;
    head.copy(this.#out, this.#size);
    this.#out.writeUInt32LE(packet.length, this.#size + 8);
    this.#out.writeUInt32LE(wire, this.#size + 12);
    packet.copy(this.#out, this.#size + RECORD);
    this.#size += RECORD + packet.length;
  }
}

function recordOf(head: Buffer, packet: Buffer, wire: number): Buffer {
  const record = Buffer.concat([head, packet]);
  record.writeUInt32LE(packet.length, 8);
  record.writeUInt32LE(wire, 12);
  return record;
}

/** The fragment of a packet that holds what is `offset` bytes behind its IP header, up to `end` of the packet. */
function pieceOf(version: number, packet: Buffer, id: number, offset: number, end: number): Buffer {
  const ip = ipSize(version);
  const more = end < packet.length;
  const body = packet.subarray(ip + offset, end);
  if (version === 4) {
    const piece = Buffer.concat([packet.subarray(0, ip), body]);
    piece.writeUInt16BE(piece.length & 0xffff, 2);
    piece.writeUInt16BE(id & 0xffff, 4);
    piece.writeUInt16BE((more ? 0x2000 : 0) | ((offset >> 3) & 0x1fff), 6);
    return piece;
  }
  const piece = Buffer.concat([packet.subarray(0, ip), Buffer.alloc(8), body]);
  if (piece.length < ip + 8) return piece;
  piece.writeUInt16BE((piece.length - ip) & 0xffff, 4);
  piece[ip] = piece[6]!;
  piece[6] = 44;
  piece.writeUInt16BE((offset & 0xfff8) | (more ? 1 : 0), ip + 2);
  piece.writeUInt32BE(id >>> 0, ip + 4);
  return piece;
}

/** Puts something between the IP header and the transport's, in place; returns the new size. */
function wrap(random: Random, packet: Buffer, size: number): number {
  const version = packet[0]! >> 4 === 6 ? 6 : 4;
  const ip = ipSize(version);
  if (size < ip || size + 80 > packet.length) return size;
  if (random() < 0.2) {
    packet[version === 6 ? 6 : 9] = oneOf(random, OTHER_PROTOCOLS);
    return size;
  }
  if (version === 4) {
    // Options, of which nothing is read.
    const options = 4 * between(random, 1, 10);
    packet.copyWithin(ip + options, ip, size);
    packet.fill(1, ip, ip + options);
    packet[0] = 0x45 + options / 4;
    packet.writeUInt16BE((packet.readUInt16BE(2) + options) & 0xffff, 2);
    return size + options;
  }
  for (let n = between(random, 1, random() < 0.9 ? 3 : 9); n > 0; n--) {
    const next = oneOf(random, EXTENSIONS);
    packet.copyWithin(ip + 8, ip, size);
    packet.fill(0, ip, ip + 8);
    packet[ip] = packet[6]!;
    packet[6] = next;
    if (random() < 0.05) packet[ip + 1] = between(random, 0, 255);
    packet.writeUInt16BE((packet.readUInt16BE(4) + 8) & 0xffff, 4);
    size += 8;
  }
  return size;
}
