/** Builders of packets and pcap files, independent of everything in src and bench. */

export interface Packet {
  /** Nanoseconds since 1970. */
  time: bigint;
  data: Uint8Array;
  /** Bytes on the wire, where fewer were captured. */
  length?: number;
}

export interface FileOptions {
  bigEndian?: boolean;
  nanos?: boolean;
  linktype?: number;
  version?: [number, number];
}

/** A classic pcap file (pcap-savefile(5)). */
export function pcapFile(packets: readonly Packet[], options: FileOptions = {}): Uint8Array {
  const { bigEndian = false, nanos = false, linktype = 1, version = [2, 4] } = options;
  const little = !bigEndian;
  const size = packets.reduce((sum, { data }) => sum + 16 + data.length, 24);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, nanos ? 0xa1b23c4d : 0xa1b2c3d4, little);
  view.setUint16(4, version[0], little);
  view.setUint16(6, version[1], little);
  view.setUint32(16, 262144, little);
  view.setUint32(20, linktype, little);
  let at = 24;
  for (const { time, data, length } of packets) {
    view.setUint32(at, Number(time / 1000000000n), little);
    view.setUint32(at + 4, Number(time % 1000000000n) / (nanos ? 1 : 1000), little);
    view.setUint32(at + 8, data.length, little);
    view.setUint32(at + 12, length ?? data.length, little);
    bytes.set(data, at + 16);
    at += 16 + data.length;
  }
  return bytes;
}

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const u16 = (n: number) => [(n >>> 8) & 255, n & 255];
const u32 = (n: number) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
export const URG = 32;

export interface Segment {
  sourcePort: number;
  destinationPort: number;
  seq: number;
  ack: number;
  flags: number;
  /** Default 65535. */
  window?: number;
  /** Urgent pointer. */
  urgent?: number;
  /** Bytes of options, a multiple of 4. */
  options?: Uint8Array;
  payload?: Uint8Array;
}

export function tcp(s: Segment): Uint8Array {
  const options = s.options ?? new Uint8Array(0);
  return concat(
    u16(s.sourcePort),
    u16(s.destinationPort),
    u32(s.seq),
    u32(s.ack),
    [((20 + options.length) / 4) << 4, s.flags],
    u16(s.window ?? 65535),
    [0, 0],
    u16(s.urgent ?? 0),
    options,
    s.payload ?? [],
  );
}

export function udp(sourcePort: number, destinationPort: number, payload: Uint8Array): Uint8Array {
  return concat(u16(sourcePort), u16(destinationPort), u16(8 + payload.length), [0, 0], payload);
}

export interface Ip {
  /** Last byte of each address. */
  source: number;
  destination: number;
  protocol?: number;
  /** Bytes of IPv4 options, a multiple of 4. */
  options?: Uint8Array;
  /** Flags and fragment offset as they stand in the header. */
  fragment?: number;
  /** Identification; by default none for a datagram that must not be fragmented, as Linux sends it. */
  id?: number;
}

export function ipv4(ip: Ip, payload: Uint8Array): Uint8Array {
  const options = ip.options ?? new Uint8Array(0);
  const total = 20 + options.length + payload.length;
  const header = concat(
    [0x40 | ((20 + options.length) / 4), 0],
    // Segmentation offload leaves 0 where the length does not fit.
    u16(total > 65535 ? 0 : total),
    u16(ip.id ?? (ip.protocol === 17 && ip.fragment === undefined ? 0 : 1)),
    u16(ip.fragment ?? 0x4000),
    [64, ip.protocol ?? 6, 0, 0],
    [10, 0, 0, ip.source],
    [10, 0, 0, ip.destination],
    options,
  );
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += (header[i]! << 8) | header[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  header.set(u16(~sum & 0xffff), 10);
  return concat(header, payload);
}

/** `extensions`: (protocol number, header bytes from its second byte on) pairs, in order. */
export function ipv6(
  ip: Ip,
  payload: Uint8Array,
  extensions: readonly [number, Uint8Array][] = [],
): Uint8Array {
  const numbers = [...extensions.map(([number]) => number), ip.protocol ?? 6];
  const headers = extensions.map(([, rest], i) => concat([numbers[i + 1]!], rest));
  const size = headers.reduce((sum, header) => sum + header.length, 0) + payload.length;
  const address = (last: number) => [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
  return concat(
    [0x60, 0, 0, 0],
    u16(size > 65535 ? 0 : size),
    [numbers[0]!, 64],
    address(ip.source),
    address(ip.destination),
    ...headers,
    payload,
  );
}

export const LINKTYPES = { null: 0, ethernet: 1, raw: 101, loop: 108, sll: 113, sll2: 276 } as const;
export type Link = keyof typeof LINKTYPES;

/** Puts a link header before an IP packet. `tags` are VLAN tags: (TPID, TCI). */
export function link(kind: Link, ip: Uint8Array, tags: readonly [number, number][] = []): Uint8Array {
  const type = ip[0]! >> 4 === 6 ? 0x86dd : 0x0800;
  const family = ip[0]! >> 4 === 6 ? 30 : 2;
  const tagBytes = tags.map(([tpid, tci]) => concat(u16(tpid), u16(tci)));
  switch (kind) {
    case 'ethernet':
      return concat([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1], ...tagBytes, u16(type), ip);
    case 'raw':
      return ip;
    case 'sll':
      return concat([0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], u16(type), ip);
    case 'sll2':
      return concat(u16(type), [0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], ip);
    case 'null':
      return concat([family, 0, 0, 0], ip);
    case 'loop':
      return concat([0, 0, 0, family], ip);
  }
}
