/** The checksum of TCP (RFC 9293, section 3.1), which a receiver checks. */

/** Fills the TCP checksum of a packet whose last `size` bytes are the segment: right, wrong or zero. */
export function checksummed(packet: Uint8Array, size: number, how?: 'wrong' | 'zero'): Uint8Array {
  const out = Uint8Array.from(packet);
  const v6 = out[0]! >> 4 === 6;
  const at = out.length - size;
  if (how === 'zero') return out;
  let sum = 6 + size;
  const add = (from: number, to: number) => {
    for (let i = from; i < to; i += 2) sum += (out[i]! << 8) | (i + 1 < to ? out[i + 1]! : 0);
  };
  add(v6 ? 8 : 12, v6 ? 40 : 20);
  add(at, out.length);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  const right = ~sum & 0xffff;
  new DataView(out.buffer).setUint16(at + 16, how === 'wrong' ? right ^ 0x1234 : right);
  return out;
}
