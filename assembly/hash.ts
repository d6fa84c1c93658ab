/** Hashes of keys, addresses and flows. */
import { config, seed } from './instance';

/** The low `n` bytes (1 to 7) of a word. */
// @ts-ignore: decorator
@inline
function low(word: u64, n: usize): u64 {
  return word & ((<u64>1 << (<u64>n << 3)) - 1);
}

/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012); the constants are those of the paper. Reads up to 7 bytes past
 * the end and masks them out.
 */
export function sipHash(at: usize, size: usize, k0: u64, k1: u64): u64 {
  let v0 = k0 ^ 0x736f6d6570736575;
  let v1 = k1 ^ 0x646f72616e646f6d;
  let v2 = k0 ^ 0x6c7967656e657261;
  let v3 = k1 ^ 0x7465646279746573;
  const whole = at + (size & ~7);
  let word: u64;
  for (;;) {
    const last = at == whole;
    if (last) {
      const rest = size & 7;
      word = (<u64>size << 56) | (rest ? low(load<u64>(at), rest) : 0);
    } else {
      word = load<u64>(at);
    }
    v3 ^= word;
    v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32);
    v2 += v3; v3 = rotl(v3, 16) ^ v2;
    v0 += v3; v3 = rotl(v3, 21) ^ v0;
    v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32);
    v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32);
    v2 += v3; v3 = rotl(v3, 16) ^ v2;
    v0 += v3; v3 = rotl(v3, 21) ^ v0;
    v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32);
    v0 ^= word;
    if (last) break;
    at += 8;
  }
  v2 ^= 0xff;
  for (let i = 0; i < 4; i++) {
    v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32);
    v2 += v3; v3 = rotl(v3, 16) ^ v2;
    v0 += v3; v3 = rotl(v3, 21) ^ v0;
    v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32);
  }
  return v0 ^ v1 ^ v2 ^ v3;
}

/** The hash recorded in place of a key. */
// @ts-ignore: decorator
@inline
export function keyHash(at: usize, size: usize): u64 {
  return sipHash(at, size, config.key0, config.key1);
}

/**
 * The hash recorded in place of an opaque or address; a secret of its own keeps it from matching key hashes.
 */
// @ts-ignore: decorator
@inline
export function otherHash(at: usize, size: usize): u64 {
  return sipHash(at, size, config.addressKey0, config.addressKey1);
}

/** Mixes the bits of a word (constants of SplitMix64: Steele et al., 2014). */
// @ts-ignore: decorator
@inline
export function mix(word: u64): u64 {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  return word ^ (word >> 31);
}

/**
 * A quick seeded fingerprint, to tell the keys of one request apart and to find the key of an answer among
 * them. Never recorded. Reads up to 7 bytes past the end and masks them out.
 */
export function fingerprint(at: usize, size: usize): u64 {
  let hash = seed ^ (<u64>size * 0x9e3779b97f4a7c15);
  const whole = at + (size & ~7);
  for (; at < whole; at += 8) {
    hash = (hash ^ load<u64>(at)) * 0xbf58476d1ce4e5b9;
    hash ^= hash >> 32;
  }
  const rest = size & 7;
  if (rest) {
    hash = (hash ^ low(load<u64>(at), rest)) * 0xbf58476d1ce4e5b9;
    hash ^= hash >> 32;
  }
  return hash;
}

/** The hash that chooses the worker of a connection, and whether it is sampled: of its `sharedPort`. */
// @ts-ignore: decorator
@inline
export function sharedHash(port: u32): u32 {
  return <u32>(mix(seed + port) >> 32);
}

/** Hash of one endpoint. The sum of both is the hash of the flow, the same for both directions. */
// @ts-ignore: decorator
@inline
export function endpointHash(address: u64, port: u32): u64 {
  return mix(seed + address * 0x9e3779b97f4a7c15 + port);
}

/**
 * Folds an IPv6 address into one word. One half is mixed with the seed first, so that nobody can choose
 * addresses for which all flows get the same hash.
 */
// @ts-ignore: decorator
@inline
export function foldAddress(high: u64, low: u64): u64 {
  return mix(seed + high) ^ low;
}
