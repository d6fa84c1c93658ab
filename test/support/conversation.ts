import { ACK, FIN, ipv4, ipv6, type Link, link, type Packet, PSH, SYN, tcp } from './packets.js';
import { between, seeded } from './random.js';

/** What one side says before the other speaks again. */
export interface Turn {
  from: 'client' | 'server';
  bytes: Uint8Array;
}

/**
 * How turns become segments. `whole`: one each; `bytes`: one byte a segment, of a turn longer than 256 KiB its
 * first and last 64 KiB; `random`: cut anywhere;
 * `reversed`: cut, and each turn's segments captured backwards, a window of them at a time; `merged`:
 * neighbouring turns of one side in super-packets of up to 64 KiB.
 */
export const CUTS = ['whole', 'bytes', 'random', 'reversed', 'merged'] as const;
export type Cut = (typeof CUTS)[number];

export interface TransportOptions {
  cut?: Cut;
  seed?: number;
  /** SYN, SYN-ACK, ACK first. Default true. */
  handshake?: boolean;
  /** FINs at the end. Default true. */
  fin?: boolean;
  clientPort?: number;
  serverPort?: number;
  clientSeq?: number;
  serverSeq?: number;
  /** Unix nanoseconds of the first packet; a multiple of 1000. */
  start?: bigint;
  /** Nanoseconds between packets; a multiple of 1000. */
  step?: bigint;
  link?: Link;
  version?: 4 | 6;
  tags?: readonly [number, number][];
  tcpOptions?: Uint8Array;
}

/** 2026-01-01T00:00:00Z. */
export const START = 1_767_225_600_000_000_000n;
const SUPER_PACKET = 65_000;
/** Bytes captured backwards at most: what a sender has under way, and less than a receiver keeps. */
const WINDOW = 256 << 10;
/** Segments captured backwards at most: fewer than a hole of the capture is waited for. */
const REVERSED_MAX = 48;

function merge(turns: readonly Turn[]): Turn[] {
  const out: Turn[] = [];
  for (const turn of turns) {
    const last = out.at(-1);
    if (last && last.from === turn.from) {
      const bytes = new Uint8Array(last.bytes.length + turn.bytes.length);
      bytes.set(last.bytes);
      bytes.set(turn.bytes, last.bytes.length);
      last.bytes = bytes;
    } else out.push({ ...turn });
  }
  return out;
}

/** What of a long turn is cut into bytes at either end: within a value of a megabyte every byte is like the next. */
const EDGE = 64 << 10;

/** Offsets at which a turn of so many bytes is cut, 0 first. */
function cutsOf(cut: Cut, size: number, random: () => number): number[] {
  const limit = cut === 'merged' ? SUPER_PACKET : 60_000;
  const at = [0];
  for (;;) {
    const from = at.at(-1)!;
    const inside = size > 4 * EDGE && from >= EDGE && from < size - EDGE;
    const step =
      cut === 'bytes'
        ? inside
          ? Math.min(1448, size - EDGE - from)
          : 1
        : cut === 'random' || cut === 'reversed'
          ? between(random, 1, Math.min(limit, random() < 0.5 ? 20 : 1500))
          : limit;
    if (from + step >= size) return at;
    at.push(from + step);
  }
}

/** The packets of one connection that carries the turns. Times grow; capture order may differ by cut. */
export function packetsOf(turns: readonly Turn[], options: TransportOptions = {}): Packet[] {
  const {
    cut = 'whole',
    seed = 1,
    handshake = true,
    fin = true,
    clientPort = 40000,
    serverPort = 11211,
  } = options;
  const {
    start = START,
    step = 10_000n,
    link: kind = 'ethernet',
    version = 4,
    tags = [],
    tcpOptions,
  } = options;
  const random = seeded(seed);
  const seq = { client: options.clientSeq ?? 1000, server: options.serverSeq ?? 900_000 };
  const packets: Packet[] = [];
  let time = start;
  const send = (from: 'client' | 'server', flags: number, payload: Uint8Array, at = seq[from]) => {
    const client = from === 'client';
    const segment = tcp({
      sourcePort: client ? clientPort : serverPort,
      destinationPort: client ? serverPort : clientPort,
      seq: at >>> 0,
      ack: flags & ACK ? seq[client ? 'server' : 'client'] >>> 0 : 0,
      flags,
      payload,
      ...(tcpOptions && { options: tcpOptions }),
    });
    const ip = { source: client ? 2 : 1, destination: client ? 1 : 2 };
    packets.push({ time, data: link(kind, version === 4 ? ipv4(ip, segment) : ipv6(ip, segment), tags) });
    time += step;
  };
  const none = new Uint8Array(0);
  if (handshake) {
    send('client', SYN, none);
    seq.client++;
    send('server', SYN | ACK, none);
    seq.server++;
    send('client', ACK, none);
  }
  for (const turn of cut === 'merged' ? merge(turns) : turns) {
    if (turn.bytes.length === 0) continue;
    const starts = cutsOf(cut, turn.bytes.length, random);
    const base = seq[turn.from];
    const sent = starts.map((from, i): [number, Uint8Array] => [
      from,
      turn.bytes.subarray(from, starts[i + 1]),
    ]);
    let first = packets.length;
    let window = 0;
    sent.forEach(([from, payload], i) => {
      send(turn.from, PSH | ACK, payload, base + from);
      const isMore = i + 1 < sent.length && starts[i + 1]! - window < WINDOW;
      if (cut !== 'reversed' || (isMore && packets.length - first < REVERSED_MAX)) return;
      // Captured backwards, stamped as they were sent: what a capture on several queues may look like.
      packets.push(...packets.splice(first).reverse());
      first = packets.length;
      window = starts[i + 1]!;
    });
    seq[turn.from] = (base + turn.bytes.length) >>> 0;
  }
  if (fin) {
    send('client', FIN | ACK, none);
    seq.client++;
    send('server', FIN | ACK, none);
    seq.server++;
    send('client', ACK, none);
  }
  return packets;
}

/** Interleaves captures by time; equal times keep their order. */
export function interleave(...captures: readonly Packet[][]): Packet[] {
  return captures.flat().sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

/** Moves packets by up to `window` places within their capture; the first `keep` stay. */
export function shuffleWithin(packets: readonly Packet[], window: number, seed: number, keep = 0): Packet[] {
  const random = seeded(seed);
  return packets
    .map((packet, i) => ({ packet, place: i < keep ? i - window - 1 : i + random() * window }))
    .sort((a, b) => a.place - b.place)
    .map(({ packet }) => packet);
}

/** Bytes of a text in which every character is one byte. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export const client = (text: string): Turn => ({ from: 'client', bytes: ascii(text) });
export const server = (text: string): Turn => ({ from: 'server', bytes: ascii(text) });
