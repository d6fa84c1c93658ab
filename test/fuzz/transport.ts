/**
 * From dialogues to packets as a capture may hold them: cut anywhere, lost, doubled, out of order,
 * overlapping, begun in the middle.
 */

import { ACK, FIN, PSH, RST, SYN } from '../support/packets.js';
import { between, oneOf } from '../support/random.js';
import { CLIENT, type Dialogue, SERVER } from './dialogue.js';
import type { Records } from './records.js';
import type { Random } from './tokens.js';

const SERVER_PORT = 11211;
const TCP = 6;

/** What happens to the packets of one connection, as shares of them. */
interface Weather {
  lost: number;
  doubled: number;
  late: number;
  overlapping: number;
  odd: number;
  cut: number;
}
const CALM: Weather = { lost: 0, doubled: 0, late: 0, overlapping: 0, odd: 0, cut: 0 };
const WEATHERS: readonly Weather[] = [
  { ...CALM, late: 0.15 },
  { ...CALM, doubled: 0.1, overlapping: 0.1 },
  { ...CALM, lost: 0.06 },
  { ...CALM, cut: 0.5 },
  { lost: 0.05, doubled: 0.05, late: 0.1, overlapping: 0.08, odd: 0.05, cut: 0.03 },
  { lost: 0.2, doubled: 0.2, late: 0.3, overlapping: 0.2, odd: 0.2, cut: 0.1 },
];

/** What segments of a connection carry; `mixed`: now and then none, or stamps elsewhere. */
type Options = 'none' | 'stamps' | 'mixed';
/** As many bytes as time stamps take, but the first ends the list. */
const NO_OPTIONS = new Array<number>(12).fill(0);
/** Jumps of a clock: what is newer and what is older turns over between the two largest. */
const FAR = [1000, -1000, 0x7fffffff, 0x80000000];

interface Segment {
  side: number;
  seq: number;
  ack: number;
  flags: number;
  from: number;
  to: number;
}

/** Carries dialogues over TCP. */
export class Wire {
  readonly #records: Records;
  #client = 0;
  #port = 0;
  #version = 4;
  #weather = CALM;
  /** Options a side's segments carry. */
  #options: Options = 'none';
  /** What each side's time stamps show next. */
  readonly #clock = [0, 0];
  readonly #initial = [0, 0];
  readonly #held: { segment: Segment; after: number }[] = [];

  constructor(records: Records) {
    this.#records = records;
  }

  /** Writes the packets of one connection: between ends that had one before, or others. */
  carry(random: Random, dialogue: Dialogue): void {
    this.#client = between(random, 2, 4);
    // Now and then both ends are server ports.
    this.#port = random() < 0.02 ? 11212 : 40_000 + between(random, 0, random() < 0.5 ? 7 : 63);
    this.#version = random() < 0.85 ? 4 : 6;
    this.#weather = random() < 0.45 ? CALM : oneOf(random, WEATHERS);
    const options = random();
    this.#options = options < 0.4 ? 'none' : options < 0.9 ? 'stamps' : 'mixed';
    for (const side of [CLIENT, SERVER]) {
      // Clocks that wrap, and one that shows 0, which counts as no stamp.
      this.#clock[side] = random() < 0.7 ? between(random, 1, 1e9) : -between(random, 0, 40);
      this.#initial[side] = random() < 0.8 ? between(random, 0, 1e6) : 0xffffffff - between(random, 0, 2000);
    }
    const segments = this.#segments(random, dialogue);
    const begin = random();
    const skipped = begin < 0.85 ? 0 : between(random, 1, Math.max(1, segments.length - 1));
    for (let i = skipped; i < segments.length; i++) this.#send(random, segments[i]!, dialogue);
    for (const { segment } of this.#held) this.#write(random, segment, dialogue);
    this.#held.length = 0;
  }

  #segments(random: Random, { turns }: Dialogue): Segment[] {
    const out: Segment[] = [];
    const at = [1, 1];
    const add = (side: number, flags: number, from: number, to: number, offset: number) =>
      out.push({
        side,
        seq: this.#initial[side]! + offset,
        ack: this.#initial[1 - side]! + at[1 - side]!,
        flags,
        from,
        to,
      });
    const greeting = random();
    if (greeting < 0.9) {
      if (greeting < 0.88) add(CLIENT, SYN, 0, 0, 0);
      if (greeting > 0.03) add(SERVER, SYN | ACK, 0, 0, 0);
      add(CLIENT, ACK, 0, 0, 1);
    }
    const cut = random();
    const most =
      cut < 0.35 ? 60_000 : cut < 0.6 ? 1448 : cut < 0.9 ? between(random, 1, 60) : between(random, 1, 4);
    for (const { side, from, to } of turns) {
      // No more than a few hundred packets, however small they are.
      const limit = Math.max(most, Math.ceil((to - from) / 80));
      for (let start = from; start < to; ) {
        const end = Math.min(to, start + (limit > 60 ? limit : between(random, 1, limit)));
        add(side, PSH | ACK, start, end, 1 + start);
        start = end;
      }
      at[side] = 1 + to;
      if (random() < 0.1) add(1 - side, ACK, 0, 0, at[1 - side]!);
    }
    const end = random();
    if (end < 0.5) {
      add(CLIENT, FIN | ACK, 0, 0, at[CLIENT]!++);
      add(SERVER, FIN | ACK, 0, 0, at[SERVER]!++);
      add(CLIENT, ACK, 0, 0, at[CLIENT]!);
    } else if (end < 0.6) add(between(random, 0, 1), RST, 0, 0, at[CLIENT]! + (random() < 0.5 ? 0 : 5));
    return out;
  }

  #send(random: Random, segment: Segment, dialogue: Dialogue): void {
    const { lost, doubled, late, overlapping, odd } = this.#weather;
    if (random() < lost) return;
    if (random() < late) {
      const after = random() < 0.95 ? between(random, 1, 6) : between(random, 6, 90);
      this.#held.push({ segment, after });
      return;
    }
    this.#write(random, segment, dialogue);
    if (random() < doubled) this.#write(random, segment, dialogue);
    if (random() < overlapping) this.#write(random, this.#overlap(random, segment, dialogue), dialogue);
    if (random() < odd) this.#write(random, strange(random, segment), dialogue);
    for (let i = this.#held.length - 1; i >= 0; i--) {
      if (--this.#held[i]!.after <= 0) this.#write(random, this.#held.splice(i, 1)[0]!.segment, dialogue);
    }
  }

  /** The segment once more, begun earlier and ended later or sooner. */
  #overlap(random: Random, segment: Segment, { size }: Dialogue): Segment {
    const from = Math.max(0, segment.from - between(random, 0, 30));
    const to = Math.max(from, Math.min(size[segment.side]!, segment.to + between(random, -20, 40)));
    return { ...segment, seq: segment.seq - (segment.from - from), from, to };
  }

  #write(random: Random, segment: Segment, { said }: Dialogue): void {
    const { side, from, to, flags, seq, ack } = segment;
    const options = this.#optionsOf(random, side, flags);
    const size = options.length;
    const envelope = {
      version: this.#version,
      protocol: TCP,
      source: side === CLIENT ? this.#client : 1,
      destination: side === CLIENT ? 1 : this.#client,
    };
    const tcp = this.#records.begin(random, envelope, 20 + size + to - from, this.#weather.cut);
    if (tcp < 0) return;
    const { bytes } = this.#records;
    bytes.fill(0, tcp, tcp + 20);
    bytes.writeUInt16BE(side === CLIENT ? this.#port : SERVER_PORT, tcp);
    bytes.writeUInt16BE(side === CLIENT ? SERVER_PORT : this.#port, tcp + 2);
    bytes.writeUInt32BE(seq >>> 0, tcp + 4);
    bytes.writeUInt32BE(flags & ACK ? ack >>> 0 : 0, tcp + 8);
    bytes[tcp + 12] = (20 + size) << 2;
    // Congestion flags, and the one beside the header's size, mean nothing to a receiver of bytes.
    bytes[tcp + 13] = flags | (random() < 0.02 ? 0xc0 : 0);
    if (random() < 0.02) bytes[tcp + 12]! |= 1;
    const window = random();
    bytes.writeUInt16BE(
      window < 0.9 ? 502 : window < 0.93 ? 0 : window < 0.96 ? 1 : between(random, 0, 65535),
      tcp + 14,
    );
    bytes.set(options, tcp + 20);
    said[side]!.copy(bytes, tcp + 20 + size, from, to);
  }

  /** The options of a side's next segment: its clock goes on, or backwards, or far from where it was. */
  #optionsOf(random: Random, side: number, flags: number): readonly number[] {
    if (this.#options === 'none') return random() < 0.05 ? NO_OPTIONS : [];
    if (this.#options === 'mixed' && random() < 0.3) return random() < 0.5 ? [] : NO_OPTIONS;
    const step = random();
    this.#clock[side]! +=
      step < 0.94 ? between(random, 0, 2) : step < 0.97 ? -between(random, 1, 3) : oneOf(random, FAR);
    const stamp = this.#clock[side]! >>> 0;
    const stamps = [8, 10, stamp >>> 24, (stamp >>> 16) & 255, (stamp >>> 8) & 255, stamp & 255, 0, 0, 0, 0];
    const order = this.#options === 'mixed' && random() < 0.2;
    const options = order ? [...stamps, 1, 1] : [1, 1, ...stamps];
    // Selective acknowledgements permitted, a window scale of 7.
    return flags & SYN ? [...options, 4, 2, 1, 3, 3, 7, 1, 1] : options;
  }
}

/** A segment that no decent host sends just then. */
function strange(random: Random, segment: Segment): Segment {
  const flags = oneOf(random, [0, FIN, SYN, SYN | ACK, RST, RST | ACK, FIN | ACK, SYN | FIN, 0xff]);
  switch (between(random, 0, 4)) {
    case 0:
      return { ...segment, flags };
    case 1:
      return { ...segment, flags, from: 0, to: 0 };
    case 2:
      return {
        ...segment,
        seq: segment.seq + oneOf(random, [-1, 1, 1000, 0x3fffffff, 0x40000001, 0x7fffffff, 0x80000000]),
      };
    case 3:
      return {
        ...segment,
        ack: segment.ack + oneOf(random, [-1, 1, 7, 1000, 0x3fffffff, 0x40000001, 0x80000000]),
      };
    default:
      // Other bytes at the same place.
      return { ...segment, from: 0, to: Math.min(segment.to, segment.to - segment.from) };
  }
}
