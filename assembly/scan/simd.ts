/** Searches for bytes, 16 at a time. They may read up to 15 bytes past the end, and ignore them. */

/** Address of the first `byte` in [at, end), or `end`. */
// @ts-ignore: decorator
@inline
export function findByte(at: usize, end: usize, byte: u8): usize {
  const wanted = i8x16.splat(byte);
  while (at < end) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), wanted));
    if (found) return min(at + ctz(found), end);
    at += 16;
  }
  return end;
}

/** Address of the first line feed or NUL in [at, end), or `end`. */
// @ts-ignore: decorator
@inline
export function findLineEnd(at: usize, end: usize): usize {
  const feed = i8x16.splat(10);
  const nul = i8x16.splat(0);
  while (at < end) {
    const bytes = v128.load(at);
    const found = i8x16.bitmask(v128.or(i8x16.eq(bytes, feed), i8x16.eq(bytes, nul)));
    if (found) return min(at + ctz(found), end);
    at += 16;
  }
  return end;
}

/** Address of the first byte in [at, end) that is a space or below, or `end`. */
// @ts-ignore: decorator
@inline
export function findGap(at: usize, end: usize): usize {
  const space = i8x16.splat(32);
  while (at < end) {
    const found = i8x16.bitmask(i8x16.le_u(v128.load(at), space));
    if (found) return min(at + ctz(found), end);
    at += 16;
  }
  return end;
}
