/** Cuts Ethernet frames with IPv4 or IPv6 into fragments (RFC 791, RFC 8200). */
import { concat, type Packet } from './packets.js';

const ETHERNET = 14;

/** A piece of a datagram: bytes after the IP header, from `offset` on, a multiple of 8. */
export interface Piece {
  offset: number;
  bytes: Uint8Array;
  /** Whether others follow behind it. */
  more: boolean;
}

/** Bytes behind the IP header of a frame, and what begins it. */
export function datagramOf({ data }: Packet): { head: Uint8Array; body: Uint8Array } {
  const size = ETHERNET + (data[ETHERNET]! >> 4 === 6 ? 40 : 20);
  return { head: data.subarray(0, size), body: data.subarray(size) };
}

/** One fragment of a frame's datagram. */
export function fragment(packet: Packet, id: number, { offset, bytes, more }: Piece): Packet {
  const { head } = datagramOf(packet);
  const out = Uint8Array.from(head);
  const view = new DataView(out.buffer, ETHERNET);
  if (out[ETHERNET]! >> 4 === 4) {
    view.setUint16(2, 20 + bytes.length);
    view.setUint16(4, id & 0xffff);
    view.setUint16(6, (more ? 0x2000 : 0) | (offset >> 3));
    return { ...packet, data: concat(out, bytes) };
  }
  const extension = new Uint8Array(8);
  const fields = new DataView(extension.buffer);
  extension[0] = out[ETHERNET + 6]!;
  fields.setUint16(2, offset | (more ? 1 : 0));
  fields.setUint32(4, id);
  view.setUint16(4, 8 + bytes.length);
  out[ETHERNET + 6] = 44;
  return { ...packet, data: concat(out, extension, bytes) };
}

/** All of a frame's datagram, in pieces of `size` bytes, a multiple of 8. */
export function fragments(packet: Packet, id: number, size: number): Packet[] {
  const { body } = datagramOf(packet);
  const out: Packet[] = [];
  for (let offset = 0; offset < body.length; offset += size) {
    const more = offset + size < body.length;
    out.push(fragment(packet, id, { offset, bytes: body.subarray(offset, offset + size), more }));
  }
  return out;
}
