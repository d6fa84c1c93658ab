/**
 * The checksum of TCP (RFC 9293, section 3.1; RFC 1071). A capture of what a host sends shows unfinished ones,
 * and files may have none: a wrong one proves nothing by itself.
 */
import { high0, high1, low0, low1 } from '../flow/table';
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

// @ts-ignore: decorator
@inline
function addWord(sum: u64, word: u64): u64 {
  return sum + (word & 0xffffffff) + (word >> 32);
}

/** Sum of the addresses of the packet at hand, the protocol and the length. Order of bytes as in memory. */
export function pseudoHeader(length: u32): u64 {
  const rest = addWord(addWord(addWord(addWord(0, high0), low0), high1), low1);
  return rest + <u64>bswap<u16>(<u16>PROTOCOL_TCP) + <u64>bswap<u32>(length);
}

/** Adds the halves of a sum until it has 16 bits. */
export function fold(sum: u64): u32 {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return <u32>sum;
}

/** What a sum over all, the checksum included, comes to where that is right. */
export const RIGHT: u32 = 0xffff;
