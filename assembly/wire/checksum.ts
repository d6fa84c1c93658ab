/**
 * The checksum of TCP (RFC 9293, section 3.1; RFC 1071). Packets captured on their sender may have unfinished
 * ones, and generated files none, so that a wrong checksum alone proves nothing.
 */
import { PROTOCOL_TCP } from './ip';

/** Adds bytes, fewer than 2^16, to a sum. */
function addBytes(sum: u64, at: usize, size: u32): u64 {
  const end = at + size;
  for (; at + 8 <= end; at += 8) {
    const word = load<u64>(at);
    sum += (word & 0xffffffff) + (word >> 32);
  }
  for (; at + 4 <= end; at += 4) sum += load<u32>(at);
  if (at + 2 <= end) {
    sum += load<u16>(at);
    at += 2;
  }
  return at < end ? sum + load<u8>(at) : sum;
}

/**
 * Whether the checksum of the segment of `size` bytes at `tcp` is right: then the sum over its pseudo-header
 * and all its bytes is 0xffff, in either byte order. `addresses` is the sum of both addresses.
 */
export function isRight(addresses: u64, tcp: usize, size: u32): bool {
  const front = addresses + <u64>bswap<u16>(<u16>PROTOCOL_TCP) + <u64>bswap<u32>(size);
  let sum = addBytes(front, tcp, size);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}
