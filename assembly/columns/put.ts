/**
 * The growing columns of the open block. Each has `column_size` bytes of memory of its own, so that values
 * can be appended to every column. Encodings are those of src/profile/FORMAT.md.
 *
 *   columns:   | shape ....... | time ........ | ordinal ..... | …
 */
import { config, reserve } from '../instance';
import { COLUMN_COUNT } from '../layout';

/** Addresses behind the last byte of each column, u32 each. */
let ends: usize = 0;

export function createColumns(): void {
  ends = reserve(COLUMN_COUNT * 4);
}

export function emptyColumns(): void {
  for (let column: u32 = 0; column < COLUMN_COUNT; column++) {
    store<u32>(ends + (column << 2), <u32>columnBase(column));
  }
}

/** Address of a column's first byte. */
// @ts-ignore: decorator
@inline
export function columnBase(column: u32): usize {
  return <usize>config.columns + <usize>column * config.columnSize;
}

/** Bytes in a column. */
export function columnBytes(column: u32): u32 {
  return load<u32>(ends + (column << 2)) - <u32>columnBase(column);
}

/** Bytes in all columns. */
export function allBytes(): u32 {
  let sum: u32 = 0;
  for (let column: u32 = 0; column < COLUMN_COUNT; column++) sum += columnBytes(column);
  return sum;
}

/** Appends a varint to a column in which most values have the same length, so that branches are predicted. */
// @ts-ignore: decorator
@inline
export function put(column: u32, value: u64): void {
  const end = ends + (column << 2);
  const at = <usize>load<u32>(end);
  if (value < 0x80) {
    store<u8>(at, <u8>value);
    store<u32>(end, <u32>(at + 1));
    return;
  }
  if (value < 0x4000) {
    store<u16>(at, <u16>((value & 0x7f) | 0x80 | ((value >> 7) << 8)));
    store<u32>(end, <u32>(at + 2));
    return;
  }
  store<u32>(end, <u32>putLong(at, value));
}

/**
 * Appends a varint to a column in which values of one to three bytes alternate. There is no branch between
 * these lengths, because about half of its predictions would be wrong. Up to three bytes after the value are
 * overwritten; a column has room for values of ten bytes.
 */
// @ts-ignore: decorator
@inline
export function putMixed(column: u32, value: u64): void {
  const end = ends + (column << 2);
  const at = <usize>load<u32>(end);
  if (value >= 0x200000) {
    store<u32>(end, <u32>putLong(at, value));
    return;
  }
  const low = <u32>value;
  const second = <u32>(low >= 0x80);
  const third = <u32>(low >= 0x4000);
  const groups = (low & 0x7f) | ((low & 0x3f80) << 1) | ((low & 0x1fc000) << 2);
  store<u32>(at, groups | (second << 7) | (third << 15));
  store<u32>(end, <u32>at + 1 + second + third);
}

function putLong(at: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(at++, <u8>(value | 0x80));
    value >>= 7;
  }
  store<u8>(at++, <u8>value);
  return at;
}

/** Zigzag encoding of a signed number. */
// @ts-ignore: decorator
@inline
export function zigzag(value: i64): u64 {
  return <u64>((value << 1) ^ (value >> 63));
}

/** Appends 64 bits, little-endian. */
// @ts-ignore: decorator
@inline
export function putWord(column: u32, value: u64): void {
  const end = ends + (column << 2);
  const at = <usize>load<u32>(end);
  store<u64>(at, value);
  store<u32>(end, <u32>(at + 8));
}
