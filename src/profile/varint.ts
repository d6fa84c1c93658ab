/**
 * Decodes whole columns of varints: FORMAT.md, "Encodings". Every function reads exactly `count` values, and
 * throws BlockError where these do not fill `bytes` exactly or exceed their type.
 *
 * A read past the end of a typed array returns undefined, which ends a varint. So the loops need no bounds
 * checks, and the position is checked once at the end.
 */
import { BlockError } from './damage.js';

/**
 * Provides memory for a column of so many bytes, at an offset that is a multiple of 8. Its content may be undefined.
 */
export type Allocate = (bytes: number) => { buffer: ArrayBufferLike; offset: number };

/** New memory for each column, which is zeros. */
export const allocateNew = (bytes: number) => ({ buffer: new ArrayBuffer(bytes), offset: 0 });

/** Values below 2^32. */
export function readUint32s(bytes: Uint8Array, count: number, allocate: Allocate = allocateNew): Uint32Array {
  const { buffer, offset } = allocate(count * 4);
  const out = new Uint32Array(buffer, offset, count);
  let at = 0;
  let tooLarge = 0;
  for (let i = 0; i < count; i++) {
    let byte = bytes[at++]!;
    if (byte < 0x80) {
      out[i] = byte;
      continue;
    }
    let value = byte & 0x7f;
    byte = bytes[at++]!;
    value |= (byte & 0x7f) << 7;
    if (byte >= 0x80) {
      byte = bytes[at++]!;
      value |= (byte & 0x7f) << 14;
      if (byte >= 0x80) {
        byte = bytes[at++]!;
        value |= (byte & 0x7f) << 21;
        if (byte >= 0x80) {
          byte = bytes[at++]!;
          value |= byte << 28;
          // The fifth byte has four bits left, and no sixth byte may follow.
          tooLarge |= byte & 0xf0;
        }
      }
    }
    out[i] = value;
  }
  if (tooLarge) throw new BlockError('a number has more than 32 bits');
  checkEnd(at, bytes);
  return out;
}

/** Values as doubles: exact below 2^53, rounded above. */
export function readDoubles(
  bytes: Uint8Array,
  count: number,
  allocate: Allocate = allocateNew,
): Float64Array {
  const { buffer, offset } = allocate(count * 8);
  const out = new Float64Array(buffer, offset, count);
  let at = 0;
  let tooLong = false;
  for (let i = 0; i < count; i++) {
    let byte = bytes[at++]!;
    if (byte < 0x80) {
      out[i] = byte;
      continue;
    }
    let value = byte & 0x7f;
    byte = bytes[at++]!;
    value |= (byte & 0x7f) << 7;
    if (byte >= 0x80) {
      byte = bytes[at++]!;
      value |= (byte & 0x7f) << 14;
      if (byte >= 0x80) {
        byte = bytes[at++]!;
        value |= (byte & 0x7f) << 21;
        for (let shift = 28; byte >= 0x80; shift += 7) {
          byte = bytes[at++]!;
          value += (byte & 0x7f) * 2 ** shift;
          if (shift === 63 && byte > 1) {
            tooLong = true;
            break;
          }
        }
      }
    }
    out[i] = value;
  }
  if (tooLong) throw tooManyBits();
  checkEnd(at, bytes);
  return out;
}

/** A varint as two 32-bit words, low and high, and the position of the next one. */
interface Words {
  low: number;
  high: number;
  at: number;
}

/**
 * The one that all use. A new one has small integers in its fields, and turns into another kind of object with the first
 * large number: the engine would drop its code for a loop each time.
 */
const words: Words = { low: 0, high: 0, at: 0 };

/** Reads the varint at `words.at` into `words`. */
function readWords(bytes: Uint8Array): void {
  let at = words.at;
  let byte = bytes[at++]!;
  let low = byte & 0x7f;
  let high = 0;
  for (let shift = 7; byte >= 0x80; shift += 7) {
    byte = bytes[at++]!;
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >>> 4;
    } else high |= bits << (shift - 32);
    if (shift === 63 && byte > 1) throw tooManyBits();
  }
  words.low = low;
  words.high = high;
  words.at = at;
}

/** Decodes a zigzag number to two's complement. */
function undoZigzag(): void {
  const sign = -(words.low & 1);
  words.low = ((words.low >>> 1) | (words.high << 31)) ^ sign;
  words.high = (words.high >>> 1) ^ sign;
}

/** Unsigned 64-bit values, exact. */
export function readUint64s(
  bytes: Uint8Array,
  count: number,
  allocate: Allocate = allocateNew,
): BigUint64Array {
  const { buffer, offset } = allocate(count * 8);
  const target = new Uint32Array(buffer, offset, 2 * count);
  words.at = 0;
  for (let i = 0; i < count; i++) {
    readWords(bytes);
    target[2 * i] = words.low;
    target[2 * i + 1] = words.high;
  }
  checkEnd(words.at, bytes);
  return new BigUint64Array(buffer, offset, count);
}

/** Signed 64-bit values in zigzag, exact. */
export function readInt64s(
  bytes: Uint8Array,
  count: number,
  allocate: Allocate = allocateNew,
): BigInt64Array {
  const { buffer, offset } = allocate(count * 8);
  const target = new Uint32Array(buffer, offset, 2 * count);
  words.at = 0;
  for (let i = 0; i < count; i++) {
    readWords(bytes);
    undoZigzag();
    target[2 * i] = words.low;
    target[2 * i + 1] = words.high;
  }
  checkEnd(words.at, bytes);
  return new BigInt64Array(buffer, offset, count);
}

/**
 * Decodes zigzag deltas, each added to the value before, the first to `base`. The sums are exact modulo 2^64,
 * so that deltas of any size work.
 */
export function readSums(
  bytes: Uint8Array,
  count: number,
  base: bigint,
  allocate: Allocate = allocateNew,
): BigUint64Array {
  const { buffer, offset } = allocate(count * 8);
  const target = new Uint32Array(buffer, offset, 2 * count);
  let low = Number(base & 0xffffffffn);
  let high = Number(base >> 32n);
  let at = 0;
  for (let i = 0; i < count; i++) {
    // Nearly all deltas fit into 28 bits; they are read here, without the object.
    let value = bytes[at]!;
    let size = 1;
    if (value >= 0x80) {
      let byte = bytes[at + 1]!;
      value = (value & 0x7f) | ((byte & 0x7f) << 7);
      for (size = 2; byte >= 0x80 && size < 4; size++) {
        byte = bytes[at + size]!;
        value |= (byte & 0x7f) << (7 * size);
      }
      if (byte >= 0x80) size = 0;
    }
    if (size === 0) {
      words.at = at;
      readWords(bytes);
      undoZigzag();
      const sum = low + (words.low >>> 0);
      low = sum >>> 0;
      high = (high + words.high + (sum > low ? 1 : 0)) >>> 0;
      at = words.at;
    } else {
      at += size;
      const sum = low + ((value >>> 1) ^ -(value & 1));
      low = sum >>> 0;
      if (sum !== low) high = (high + (sum < 0 ? -1 : 1)) >>> 0;
    }
    target[2 * i] = low;
    target[2 * i + 1] = high;
  }
  checkEnd(at, bytes);
  return new BigUint64Array(buffer, offset, count);
}

/** Fixed 64-bit values, little-endian. */
export function readWords64(
  bytes: Uint8Array,
  count: number,
  allocate: Allocate = allocateNew,
): BigUint64Array {
  checkEnd(count * 8, bytes);
  const { buffer, offset } = allocate(count * 8);
  // Copied, because a view needs an aligned offset.
  new Uint8Array(buffer, offset, count * 8).set(bytes);
  return new BigUint64Array(buffer, offset, count);
}

/** Values of one byte. */
export function readBytes(bytes: Uint8Array, count: number): Uint8Array {
  checkEnd(count, bytes);
  return bytes;
}

function checkEnd(at: number, bytes: Uint8Array): void {
  if (at > bytes.length) throw new BlockError('a column ends too early');
  if (at < bytes.length) throw new BlockError('a column has more than its rows');
}

function tooManyBits(): BlockError {
  return new BlockError('a number has more than 64 bits');
}
