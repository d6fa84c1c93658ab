/** Mutation of bytes: what no grammar thinks of. */
import { between, oneOf } from '../support/random.js';
import { type Random, WORDS } from './tokens.js';

/** Bytes that mean something to the parser. */
const MEANINGFUL = [0, 10, 13, 32, 0x30, 0x39, 0x53, 0x80, 0x81, 0xff];
/** Numbers at which arithmetic of 8, 16 and 32 bits turns over, or a bound of the parser or of memcached lies. */
const INTERESTING = [
  ...[0, 1, 2, 3, 4, 7, 8, 15, 16, 19, 20, 24, 0x7f, 0x80, 0xfa, 0xfb, 0xff],
  ...[0x100, 0x7fe, 0x7ff, 0x800, 0x801, 0x3fff, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x10000, 0x3ffff, 0x40000],
  ...[
    0x100000, 0x3fffffff, 0x40000000, 0x40000001, 0x7ffffffe, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
  ],
];
/** The same as they stand in text. */
const DECIMALS = [
  ...INTERESTING.map(String),
  '-1',
  '4294967296',
  '18446744073709551615',
  '18446744073709551616',
];

/** Bytes of earlier inputs, to be spliced into others. */
const donors = Array.from({ length: 16 }, () => Buffer.alloc(0));

/** Remembers bytes as a donor. */
export function donate(random: Random, bytes: Uint8Array): void {
  donors[between(random, 0, donors.length - 1)] = Buffer.from(bytes.subarray(0, 4096));
}

/** Forgets them all, so that a seed makes the same again. */
export function forgetDonors(): void {
  donors.fill(Buffer.alloc(0));
}

/** Overwrites a few bytes of [from, to), which stays as long as it is. */
export function corrupt(random: Random, bytes: Buffer, from: number, to: number): void {
  const at = between(random, from, to - 1);
  const left = to - at;
  switch (between(random, 0, 5)) {
    case 0:
      bytes[at] = oneOf(random, MEANINGFUL);
      break;
    case 1:
      bytes[at]! ^= 1 << between(random, 0, 7);
      break;
    case 2:
      bytes[at] = between(random, 0, 255);
      break;
    case 3:
      number(random, bytes, at, left);
      break;
    case 4:
      // A step up or down, which turns over.
      bytes[at]! += between(random, -16, 16);
      break;
    default:
      bytes.fill(oneOf(random, MEANINGFUL), at, at + Math.min(left, between(random, 1, 8)));
  }
}

/** One of the interesting numbers at `at`, of which `left` bytes may be written. */
function number(random: Random, bytes: Buffer, at: number, left: number): void {
  const size = Math.min(left, oneOf(random, [1, 2, 2, 4, 4]));
  const value = oneOf(random, INTERESTING) % 2 ** (8 * size);
  if (random() < 0.5) bytes.writeUIntBE(value, at, size);
  else bytes.writeUIntLE(value, at, size);
}

/** Mutates [from, to) once to four times, in `bytes` as far as it reaches; returns where it ends then. */
export function mutate(random: Random, bytes: Buffer, from: number, to: number): number {
  for (let times = between(random, 1, 4); times > 0 && to > from; times--) to = once(random, bytes, from, to);
  return to;
}

function once(random: Random, bytes: Buffer, from: number, to: number): number {
  const at = between(random, from, to - 1);
  const size = Math.min(between(random, 1, random() < 0.9 ? 8 : 300), to - at);
  switch (between(random, 0, 8)) {
    case 0:
      // Out.
      bytes.copyWithin(at, at + size, to);
      return to - size;
    case 1: {
      // Once more, or many times.
      const times = random() < 0.9 ? 1 : between(random, 2, 40);
      if (bytes.length - to < times * size) return to;
      bytes.copyWithin(at + times * size, at, to);
      for (let i = 1; i < times; i++) bytes.copyWithin(at + i * size, at, at + size);
      return to + times * size;
    }
    case 2:
      return insert(random, bytes, at, to, Buffer.from(oneOf(random, WORDS), 'latin1'));
    case 3:
      return insert(random, bytes, at, to, Buffer.from(oneOf(random, DECIMALS), 'latin1'));
    case 4:
      // What is before, here.
      bytes.copyWithin(at, from, Math.min(from + size, to));
      return to;
    case 5: {
      const donor = oneOf(random, donors);
      const begin = between(random, 0, donor.length);
      const part = donor.subarray(begin, begin + between(random, 1, random() < 0.8 ? 64 : 4096));
      // In between, or in place of what follows.
      if (random() < 0.5) return insert(random, bytes, at, to, part);
      part.copy(bytes, at, 0, to - at);
      return to;
    }
    default:
      corrupt(random, bytes, from, to);
      return to;
  }
}

/** Puts bytes in at `at`, moving the rest; none where there is no room. */
function insert(random: Random, bytes: Buffer, at: number, to: number, what: Uint8Array): number {
  if (bytes.length - to < what.length) return to;
  bytes.copyWithin(at + what.length, at, to);
  bytes.set(what, at);
  if (what.length > 0 && random() < 0.1) corrupt(random, bytes, at, at + what.length);
  return to + what.length;
}
