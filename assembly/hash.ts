/** Hashes of keys, addresses and flows. */
import { config, keysAreHashed, reserve, seed } from './instance';

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

/** The hash recorded in place of a key. Of a placeholder it is that of the key it stands for. */
// @ts-ignore: decorator
@inline
export function keyHash(at: usize, size: usize): u64 {
  if (at - placeholders < placeholdersSize) return placeholderHash(at);
  return sipHash(at, size, config.key0, config.key1);
}

// Lines of message records are put together with placeholders for their keys (memcache/spelling.ts).
/** Where these lines lie. */
let placeholders: usize = 0;
let placeholdersSize: usize = 0;
/** Address and hash of every placeholder of the current line, u64 each, by ascending address. */
let hashes: usize = 0;
let hashCount: u32 = 0;
/** The placeholder that is asked for next, where all are asked for in their order. */
let nextHash: u32 = 0;

const HASH_ENTRY: u32 = 16;

/** Sets where lines with placeholders lie, and a table with room for `keys` of them. */
export function setPlaceholders(at: usize, size: usize, keys: u32): void {
  placeholders = at;
  placeholdersSize = size;
  hashes = reserve(<usize>keys * HASH_ENTRY);
}

/** Forgets the placeholders of the line before. */
// @ts-ignore: decorator
@inline
export function clearPlaceholders(): void {
  hashCount = 0;
  nextHash = 0;
}

/** Adds a placeholder at `at` for a key with this hash. */
// @ts-ignore: decorator
@inline
export function addPlaceholder(at: usize, hash: u64): void {
  const entry = hashes + <usize>(hashCount++) * HASH_ENTRY;
  store<u64>(entry, at);
  store<u64>(entry, hash, 8);
}

/** The hash of the key for which the placeholder at `at` stands; 0 where none begins there. */
function placeholderHash(at: usize): u64 {
  for (let i: u32 = 0; i < hashCount; i++) {
    if (nextHash == hashCount) nextHash = 0;
    const entry = hashes + <usize>(nextHash++) * HASH_ENTRY;
    if (load<u64>(entry) == at) return load<u64>(entry, 8);
  }
  return 0;
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

/**
 * What tells the keys of requests and answers apart. Where message records may come it is the key's hash,
 * which is all that is known of their keys.
 */
// @ts-ignore: decorator
@inline
export function keyPrint(at: usize, size: usize): u64 {
  return keysAreHashed ? keyHash(at, size) : fingerprint(at, size);
}

/** The same where the key's hash is known already. */
// @ts-ignore: decorator
@inline
export function printBeside(hash: u64, at: usize, size: usize): u64 {
  return keysAreHashed ? hash : fingerprint(at, size);
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
