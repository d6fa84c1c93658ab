/**
 * The checksum of TCP (RFC 9293, section 3.1; RFC 1071). A capture of what a host sends shows unfinished ones,
 * and files may have none: a wrong one proves nothing by itself.
 */
import { PROTOCOL_TCP } from './ip';

/** Adds the bytes, which begin at an even place of what is summed, to a sum. */
export function addBytes(sum: u64, at: usize, size: u32): u64 {
  const end = at + size;
  for (; at + 4 <= end; at += 4) sum += load<u32>(at);
  if (at + 2 <= end) {
    sum += load<u16>(at);
    at += 2;
  }
  return at < end ? sum + load<u8>(at) : sum;
}

/** Adds protocol and length, in the order of bytes as in memory, to the sum of the addresses. */
export function pseudoHeader(addresses: u64, length: u32): u64 {
  return addresses + <u64>bswap<u16>(<u16>PROTOCOL_TCP) + <u64>bswap<u32>(length);
}

/** Adds the halves of a sum until it has 16 bits. */
export function fold(sum: u64): u32 {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return <u32>sum;
}

/** What a sum over all, the checksum included, comes to where that is right. */
export const RIGHT: u32 = 0xffff;
