/** Largest size an answer can declare, bytes: memcached's own limit of an item is a gigabyte. */
const SIZE_MAX = 2 ** 31;

/** Reads a size in decimal digits; negative where the bytes are none. */
export function readSize(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  let size = 0;
  for (let from = at; from < end; from++) {
    const digit = bytes[from]! - 48;
    if (digit < 0 || digit > 9) return -1;
    size = size * 10 + digit;
    if (size > SIZE_MAX) return -1;
  }
  return size;
}
