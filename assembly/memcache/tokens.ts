/**
 * Tokens of a line, separated by one or more spaces and nothing else (process_request in memcached's
 * proto_parser.c).
 */
import { findByte } from '../scan';

const SPACE: u8 = 0x20;

/** End of the token found by the last `nextToken`. */
export let tokenEnd: usize = 0;

/** Start of the next token in [at, end), or `end` where there is none. Spaces alone separate. */
// @ts-ignore: decorator
@inline
export function nextToken(at: usize, end: usize): usize {
  while (at < end && load<u8>(at) == SPACE) at++;
  tokenEnd = findByte(at, end, SPACE);
  return at;
}

/** The first 8 bytes of a token, little-endian, with zeros after its end. */
// @ts-ignore: decorator
@inline
export function word(at: usize, end: usize): u64 {
  const size = end - at;
  return size >= 8 ? load<u64>(at) : load<u64>(at) & ((<u64>1 << (<u64>size << 3)) - 1);
}
