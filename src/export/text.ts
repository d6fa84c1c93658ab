/**
 * Numbers as digits and constant texts, written into a buffer. Strings would cost more than all the rest, and single
 * bytes cost twice as much as the 32-bit words that are stored here. Every function returns where the next byte goes,
 * and may write up to PAST bytes behind that; the caller makes room.
 */

/** Bytes behind the end of what was written that may be overwritten. */
export const PAST = 4;
export const ZERO = 0x30;
export const COMMA = 0x2c;
export const LINE_FEED = 0x0a;
const MINUS = 0x2d;
/** Bytes of the longest whole number: sign and 19 digits, or 20 digits. */
export const DIGITS_MAX = 20;

/** The bytes of texts of one length, as a little-endian number for each. */
function packed(texts: number, textOf: (index: number) => string): Uint32Array {
  return Uint32Array.from({ length: texts }, (_, index) =>
    [...textOf(index)].reduce((word, char, i) => word | (char.charCodeAt(0) << (8 * i)), 0),
  );
}

/** 0000 to 9999. */
const FOUR_DIGITS = packed(10_000, (index) => String(index).padStart(4, '0'));
/** 00 to ff. */
const HEX = packed(256, (index) => index.toString(16).padStart(2, '0'));

/** A text that is written again and again, as words with zeros behind the last byte. */
export interface Literal {
  words: Uint32Array;
  length: number;
}

/** Makes a literal of a text of single-byte characters. */
export function literal(text: string): Literal {
  const words = new Uint32Array(Math.ceil(text.length / 4));
  new Uint8Array(words.buffer).set(Buffer.from(text, 'latin1'));
  return { words, length: text.length };
}

export function putLiteral(out: DataView, at: number, { words, length }: Literal): number {
  for (let i = 0; i < words.length; i++) out.setUint32(at + 4 * i, words[i]!, true);
  return at + length;
}

/** A whole number from 0 to 9999. */
function putShort(out: DataView, at: number, value: number): number {
  const digits = FOUR_DIGITS[value]!;
  const zeros = (value < 1000 ? 1 : 0) + (value < 100 ? 1 : 0) + (value < 10 ? 1 : 0);
  out.setUint32(at, digits >>> (8 * zeros), true);
  return at + 4 - zeros;
}

/** Eight digits of a number below 10^8, with zeros in front. */
function putEight(out: DataView, at: number, value: number): number {
  const upper = (value / 10_000) | 0;
  out.setUint32(at, FOUR_DIGITS[upper]!, true);
  out.setUint32(at + 4, FOUR_DIGITS[value - 10_000 * upper]!, true);
  return at + 8;
}

/** A whole number from 0 to 10^8 − 1. It is an integer of 32 bits here: to divide doubles takes longer. */
function putBelowEight(out: DataView, at: number, value: number): number {
  if (value < 10_000) return putShort(out, at, value);
  const upper = (value / 10_000) | 0;
  const end = putShort(out, at, upper);
  out.setUint32(end, FOUR_DIGITS[value - 10_000 * upper]!, true);
  return end + 4;
}

/** A whole number from 0 to 2^32 − 1. */
export function putUint32(out: DataView, at: number, value: number): number {
  if (value < 100_000_000) return putBelowEight(out, at, value | 0);
  const upper = Math.floor(value / 100_000_000);
  return putEight(out, putShort(out, at, upper | 0), (value - 100_000_000 * upper) | 0);
}

/** A whole number from 0 to 10^9 − 1 as nine digits, zeros in front. */
function putNine(out: DataView, at: number, value: number): number {
  const whole = value | 0;
  const first = (whole / 100_000_000) | 0;
  out.setUint8(at, ZERO + first);
  return putEight(out, at + 1, whole - 100_000_000 * first);
}

/** A whole number from 0 to 2^53 − 1. */
export function putNumber(out: DataView, at: number, value: number): number {
  if (value < 2 ** 32) return putUint32(out, at, value);
  const billions = Math.floor(value / 1e9);
  return putNine(out, putUint32(out, at, billions), value - billions * 1e9);
}

/** A double as JSON has it: beyond 2^53 not all digits are known, and there may be an exponent. */
export function putDouble(out: DataView, at: number, value: number): number {
  return value < 2 ** 53 ? putNumber(out, at, value) : putAscii(out, at, String(value));
}

/** A 64-bit number of two words. */
export function putUint64(out: DataView, at: number, low: number, high: number): number {
  if (high === 0) return putUint32(out, at, low);
  if (high < 2 ** 21) return putNumber(out, at, high * 2 ** 32 + low);
  return putAscii(out, at, ((BigInt(high) << 32n) + BigInt(low)).toString());
}

/** A 64-bit number in two's complement of two words. */
export function putInt64(out: DataView, at: number, low: number, high: number): number {
  if (high < 2 ** 31) return putUint64(out, at, low, high);
  out.setUint8(at, MINUS);
  const negativeLow = -low >>> 0;
  return putUint64(out, at + 1, negativeLow, (~high + (negativeLow === 0 ? 1 : 0)) >>> 0);
}

/** A key's hash as 16 hex digits. */
export function putHash(out: DataView, at: number, low: number, high: number): number {
  putHex(out, at, high);
  putHex(out, at + 8, low);
  return at + 16;
}

function putHex(out: DataView, at: number, word: number): void {
  out.setUint32(at, HEX[word >>> 24]! | (HEX[(word >>> 16) & 0xff]! << 16), true);
  out.setUint32(at + 4, HEX[(word >>> 8) & 0xff]! | (HEX[word & 0xff]! << 16), true);
}

function putAscii(out: DataView, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out.setUint8(at + i, text.charCodeAt(i));
  return at + text.length;
}

/** Splits Unix nanoseconds into seconds and the rest: mostly the second is the one of the time before. */
export class Clock {
  seconds = 0;
  nanos = 0;
  /** The seconds as digits. */
  #digits = literal('0');
  /** Where the second begins, as words. */
  #high = 0;
  #low = 0;

  set(low: number, high: number): void {
    const nanos = (high - this.#high) * 2 ** 32 + (low - this.#low);
    if (nanos >= 0 && nanos < 1e9) this.nanos = nanos;
    else this.#turn(low, high);
  }

  #turn(low: number, high: number): void {
    // Long division by 10^9, 16 bits at a time: no step exceeds 2^53.
    const first = Math.floor(high / 1e9);
    const upper = (high - first * 1e9) * 2 ** 16 + (low >>> 16);
    const second = Math.floor(upper / 1e9);
    const lower = (upper - second * 1e9) * 2 ** 16 + (low & 0xffff);
    const third = Math.floor(lower / 1e9);
    this.seconds = first * 2 ** 32 + second * 2 ** 16 + third;
    this.nanos = lower - third * 1e9;
    this.#high = low >= this.nanos ? high : high - 1;
    this.#low = (low - this.nanos) >>> 0;
    this.#digits = literal(String(this.seconds));
  }

  /** Writes the second of the time that was set. */
  putSeconds(out: DataView, at: number): number {
    return putLiteral(out, at, this.#digits);
  }

  /** Writes the time that was set, in nanoseconds. */
  putNanoseconds(out: DataView, at: number): number {
    if (this.seconds === 0) return putUint32(out, at, this.nanos);
    return putNine(out, this.putSeconds(out, at), this.nanos);
  }
}
