/** Packets to whole byte streams, the slow and obvious way. */
import type { Packet } from '../support/packets.js';

/** One direction of a connection: all its bytes, and for each the time and number of the packet that brought it. */
export interface Stream {
  text: string;
  time: bigint[];
  ordinal: number[];
}

export interface Connection {
  client: Stream;
  server: Stream;
}

interface Segment {
  seq: number;
  payload: Uint8Array;
  time: bigint;
  ordinal: number;
}

interface Half {
  initial: number;
  segments: Segment[];
}

/** Ethernet without tags, IPv4 or IPv6 without options; what the property tests send. */
function parse(data: Uint8Array) {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const v6 = view.getUint16(12) === 0x86dd;
  const ip = 14;
  const tcp = v6 ? ip + 40 : ip + 20;
  const total = v6 ? view.getUint16(ip + 4) + 40 : view.getUint16(ip + 2);
  const end = total === 0 || (v6 && total === 40 && data.length > 100) ? data.length : ip + total;
  const payload = data.subarray(tcp + (data[tcp + 12]! >> 4) * 4, end);
  const addresses = v6
    ? [data.slice(ip + 8, ip + 24), data.slice(ip + 24, ip + 40)]
    : [data.slice(ip + 12, ip + 16), data.slice(ip + 16, ip + 20)];
  return {
    source: `${addresses[0]}:${view.getUint16(tcp)}`,
    destination: `${addresses[1]}:${view.getUint16(tcp + 2)}`,
    seq: view.getUint32(tcp + 4),
    syn: (data[tcp + 13]! & 2) !== 0,
    ack: (data[tcp + 13]! & 16) !== 0,
    payload,
  };
}

const NO_SEGMENT = {
  source: '',
  destination: '',
  seq: 0,
  syn: false,
  ack: false,
  payload: new Uint8Array(0),
};

function join({ initial, segments }: Half): Stream {
  const place = (segment: Segment) => (segment.seq - initial - 1) >>> 0;
  const size = segments.reduce((end, segment) => Math.max(end, place(segment) + segment.payload.length), 0);
  const bytes = new Uint8Array(size);
  const time = new Array<bigint>(size);
  const ordinal = new Array<number>(size);
  for (const segment of segments) {
    const at = place(segment);
    segment.payload.forEach((byte, i) => {
      if (ordinal[at + i] !== undefined) return;
      bytes[at + i] = byte;
      time[at + i] = segment.time;
      ordinal[at + i] = segment.ordinal;
    });
  }
  return { text: Buffer.from(bytes).toString('latin1'), time, ordinal };
}

/** Every connection whose SYNs are in the capture. Packet numbers count all packets, from 0. */
export function connections(packets: readonly Packet[]): Connection[] {
  const halves = new Map<string, Half>();
  const pairs: [string, string][] = [];
  const parsed = packets.map(({ data }) => (data[23] === 17 && data[12] === 8 ? NO_SEGMENT : parse(data)));
  for (const p of parsed) {
    if (!p.syn) continue;
    const key = `${p.source}>${p.destination}`;
    if (halves.has(key)) continue;
    halves.set(key, { initial: p.seq, segments: [] });
    if (!p.ack) pairs.push([key, `${p.destination}>${p.source}`]);
  }
  parsed.forEach((p, ordinal) => {
    const half = halves.get(`${p.source}>${p.destination}`);
    if (p.payload.length && half)
      half.segments.push({ seq: p.seq, payload: p.payload, time: packets[ordinal]!.time, ordinal });
  });
  return pairs.map(([client, server]) => ({
    client: join(halves.get(client)!),
    server: join(halves.get(server) ?? { initial: 0, segments: [] }),
  }));
}
