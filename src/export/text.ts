/**
 * Numbers as digits, written into a buffer by hand: a string for each would cost more than all the rest. Every
 * function returns where the next byte goes; whoever calls has made room.
 */

const ZERO = 0x30;
const MINUS = 0x2d;
/** 00 to 99, two bytes each. */
const PAIRS = Uint8Array.from(
  { length: 200 },
  (_, i) => ZERO + (i & 1 ? (i >> 1) % 10 : Math.floor((i >> 1) / 10)),
);
/** 00 to ff, two bytes each. */
const HEX = Uint8Array.from({ length: 512 }, (_, i) =>
  (i >> 1)
    .toString(16)
    .padStart(2, '0')
    .charCodeAt(i & 1),
);
/** Bytes of the longest whole number: sign and 19 digits, or 20 digits. */
export const DIGITS_MAX = 20;

/** A whole number from 0 to 2^32 − 1. */
export function putUint32(out: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    out[at] = ZERO + value;
    return at + 1;
  }
  if (value >= 1e9) {
    const billions = Math.floor(value / 1e9);
    out[at] = ZERO + billions;
    return putNine(out, at + 1, value - billions * 1e9);
  }
  return putBelowBillion(out, at, value | 0);
}

/** From 10 to 10^9 − 1: all steps are of 32-bit integers, which is why what is larger is dealt with apart. */
function putBelowBillion(out: Uint8Array, at: number, value: number): number {
  const end = at + countDigits(value);
  let rest = value;
  let to = end;
  while (rest >= 100) {
    const left = (rest / 100) | 0;
    const pair = 2 * (rest - 100 * left);
    out[--to] = PAIRS[pair + 1]!;
    out[--to] = PAIRS[pair]!;
    rest = left;
  }
  out[--to] = PAIRS[2 * rest + 1]!;
  if (rest >= 10) out[--to] = PAIRS[2 * rest]!;
  return end;
}

function countDigits(value: number): number {
  if (value < 10_000) {
    if (value < 100) return 2;
    return value < 1000 ? 3 : 4;
  }
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return 9;
}

/** A whole number from 0 to 10^9 − 1 as nine digits, zeros in front. */
export function putNine(out: Uint8Array, at: number, value: number): number {
  let rest = value | 0;
  for (let to = at + 7; to > at; to -= 2) {
    const left = (rest / 100) | 0;
    const pair = 2 * (rest - 100 * left);
    out[to + 1] = PAIRS[pair + 1]!;
    out[to] = PAIRS[pair]!;
    rest = left;
  }
  out[at] = ZERO + rest;
  return at + 9;
}

/** A whole number from 0 to 2^53 − 1. */
export function putNumber(out: Uint8Array, at: number, value: number): number {
  if (value < 2 ** 31) return putUint32(out, at, value | 0);
  const billions = Math.floor(value / 1e9);
  return putNine(out, putUint32(out, at, billions), value - billions * 1e9);
}

/** A double as JSON has it: beyond 2^53 not all digits are known, and there may be an exponent. */
export function putDouble(out: Uint8Array, at: number, value: number): number {
  return value < 2 ** 53 ? putNumber(out, at, value) : putAscii(out, at, String(value));
}

/** A 64-bit number of two words. */
export function putUint64(out: Uint8Array, at: number, low: number, high: number): number {
  if (high === 0) return putUint32(out, at, low);
  if (high < 2 ** 21) return putNumber(out, at, high * 2 ** 32 + low);
  return putAscii(out, at, ((BigInt(high) << 32n) + BigInt(low)).toString());
}

/** A 64-bit number in two's complement of two words. */
export function putInt64(out: Uint8Array, at: number, low: number, high: number): number {
  if (high < 2 ** 31) return putUint64(out, at, low, high);
  out[at] = MINUS;
  const negativeLow = -low >>> 0;
  return putUint64(out, at + 1, negativeLow, (~high + (negativeLow === 0 ? 1 : 0)) >>> 0);
}

/** A key's hash as 16 hex digits. */
export function putHash(out: Uint8Array, at: number, low: number, high: number): number {
  putHex(out, at, high);
  putHex(out, at + 8, low);
  return at + 16;
}

function putHex(out: Uint8Array, at: number, word: number): void {
  const first = (word >>> 24) << 1;
  const second = (word >>> 15) & 0x1fe;
  const third = (word >>> 7) & 0x1fe;
  const fourth = (word << 1) & 0x1fe;
  out[at] = HEX[first]!;
  out[at + 1] = HEX[first + 1]!;
  out[at + 2] = HEX[second]!;
  out[at + 3] = HEX[second + 1]!;
  out[at + 4] = HEX[third]!;
  out[at + 5] = HEX[third + 1]!;
  out[at + 6] = HEX[fourth]!;
  out[at + 7] = HEX[fourth + 1]!;
}

/** Bytes of a text made once; short ones are quicker copied by hand. */
export function putBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  const { length } = bytes;
  if (length > 64) out.set(bytes, at);
  else for (let i = 0; i < length; i++) out[at + i] = bytes[i]!;
  return at + length;
}

export function putAscii(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Splits Unix nanoseconds into seconds and the rest: mostly the second is the one of the time before. */
export class Clock {
  seconds = 0;
  nanos = 0;
  /** The seconds as digits, and how many these are. */
  readonly #digits = new Uint8Array(DIGITS_MAX);
  #length = 1;
  /** Where the second begins, as words; the low word has room for all of it. */
  #high = -1;
  #low = 0;

  set(low: number, high: number): void {
    const nanos = low - this.#low;
    if (high === this.#high && nanos >= 0 && nanos < 1e9) {
      this.nanos = nanos;
      return;
    }
    // Long division by 10^9, 16 bits at a time: no step exceeds 2^53.
    const first = Math.floor(high / 1e9);
    const upper = (high - first * 1e9) * 2 ** 16 + (low >>> 16);
    const second = Math.floor(upper / 1e9);
    const lower = (upper - second * 1e9) * 2 ** 16 + (low & 0xffff);
    const third = Math.floor(lower / 1e9);
    this.seconds = first * 2 ** 32 + second * 2 ** 16 + third;
    this.nanos = lower - third * 1e9;
    this.#high = low >= this.nanos ? high : -1;
    this.#low = low - this.nanos;
    this.#length = putNumber(this.#digits, 0, this.seconds);
  }

  /** Writes the second of the time that was set. */
  putSeconds(out: Uint8Array, start: number): number {
    for (let i = 0; i < this.#length; i++) out[start + i] = this.#digits[i]!;
    return start + this.#length;
  }

  /** Writes the time that was set, in nanoseconds. */
  putNanoseconds(out: Uint8Array, start: number): number {
    if (this.seconds === 0) return putUint32(out, start, this.nanos);
    return putNine(out, this.putSeconds(out, start), this.nanos);
  }
}
