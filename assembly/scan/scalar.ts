/** Searches for bytes, one at a time: for machines without SIMD, and to compare with simd.ts. */

/** Address of the first `byte` in [at, end), or `end`. */
// @ts-ignore: decorator
@inline
export function findByte(at: usize, end: usize, byte: u8): usize {
  while (at < end && load<u8>(at) != byte) at++;
  return at;
}

/** Address of the first line feed or NUL in [at, end), or `end`. */
// @ts-ignore: decorator
@inline
export function findLineEnd(at: usize, end: usize): usize {
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 10 || byte == 0) break;
  }
  return at;
}

/** Address of the first byte in [at, end) that is a space or below, or `end`. */
// @ts-ignore: decorator
@inline
export function findGap(at: usize, end: usize): usize {
  while (at < end && load<u8>(at) > 32) at++;
  return at;
}
