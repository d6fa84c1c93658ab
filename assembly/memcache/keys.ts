/**
 * Keys of requests. A single key is in the request itself; all keys of a multiget are in chunks, 32 bytes
 * each: hash, fingerprint, and the result from the answer.
 */
import { keyHash, printBeside } from '../hash';
import { config, count } from '../instance';
import { COUNTER_BOUND_KEYS, KEY_MAX, NO_SIZE, PRESENT_KEY } from '../layout';
import { createPool, give, Pool, take } from '../pools';
import { BIT_OVERFLOW, Request } from './message';

// @ts-ignore: decorator
@unmanaged
export class KeyEntry {
  hash: u64;
  print: u64;
  flags: u64;
  valueSize: u32;
  /** Bytes of the key, 0 where it was too long to be valid. */
  size: u16;
  hit: u8;
  pad0: u8;
}

// @ts-ignore: decorator
@unmanaged
export class KeyChunk {
  next: u32;
  count: u32;
}

const ENTRY_SIZE: u32 = offsetof<KeyEntry>();
const CHUNK_HEAD: u32 = offsetof<KeyChunk>();
export const CHUNK_ENTRIES: u32 = 31;
export const CHUNK_SIZE: u32 = CHUNK_HEAD + CHUNK_ENTRIES * ENTRY_SIZE;

let pool: Pool = changetype<Pool>(0);

export function createKeys(): void {
  pool = createPool(config.keys, config.keysEnd, CHUNK_SIZE);
}

// @ts-ignore: decorator
@inline
export function entryAt(chunk: usize, index: u32): KeyEntry {
  return changetype<KeyEntry>(chunk + CHUNK_HEAD + index * ENTRY_SIZE);
}

/** Sets the single key of a request. */
// @ts-ignore: decorator
@inline
export function setKey(request: Request, at: usize, size: usize): void {
  if (size > KEY_MAX) return;
  const hash = keyHash(at, size);
  request.print = printBeside(hash, at, size);
  request.keyHash = hash;
  request.keySize = <u16>size;
  request.present |= 1 << PRESENT_KEY;
}

/** Sets the single key of a request by its hash, of a message record. */
// @ts-ignore: decorator
@inline
export function setHashedKey(request: Request, hash: u64, size: u32): void {
  request.print = hash;
  request.keyHash = hash;
  request.keySize = <u16>size;
  request.present |= 1 << PRESENT_KEY;
}

/** A piece of CHUNK_SIZE bytes, or 0 where there is none (counted). */
export function takeChunk(): usize {
  const chunk = take(pool);
  if (chunk == 0) count(COUNTER_BOUND_KEYS);
  return chunk;
}

/** Returns such a piece. */
export function giveChunk(chunk: usize): void {
  give(pool, chunk);
}

function appendEntry(request: Request): KeyEntry {
  let chunk = <usize>request.lastKeys;
  if (chunk == 0 || changetype<KeyChunk>(chunk).count == CHUNK_ENTRIES) {
    const fresh = takeChunk();
    if (fresh == 0) {
      request.bits |= BIT_OVERFLOW;
      return changetype<KeyEntry>(0);
    }
    changetype<KeyChunk>(fresh).next = 0;
    changetype<KeyChunk>(fresh).count = 0;
    if (chunk) changetype<KeyChunk>(chunk).next = <u32>fresh;
    else request.keys = <u32>fresh;
    request.lastKeys = <u32>fresh;
    chunk = fresh;
  }
  const entry = entryAt(chunk, changetype<KeyChunk>(chunk).count++);
  entry.hit = 0;
  return entry;
}

/** Adds the next key of a retrieval. */
export function addKey(request: Request, at: usize, size: usize): void {
  if (request.bits & BIT_OVERFLOW) return;
  if (request.keyCount == 0) {
    setKey(request, at, size);
    request.keyCount = 1;
    return;
  }
  const entry = addEntry(request);
  if (changetype<usize>(entry) == 0) return;
  if (size > KEY_MAX) {
    entry.size = 0;
    entry.print = 0;
  } else {
    const hash = keyHash(at, size);
    entry.size = <u16>size;
    entry.print = printBeside(hash, at, size);
    entry.hash = hash;
  }
}

/** Adds a further key of a retrieval by its hash, of a message record. */
export function addHashedKey(request: Request, hash: u64, size: u32): void {
  if (request.bits & BIT_OVERFLOW) return;
  const entry = addEntry(request);
  if (changetype<usize>(entry) == 0) return;
  entry.size = <u16>size;
  entry.print = hash;
  entry.hash = hash;
}

/** Makes an entry for a further key; the second one moves the first out of the request. 0: no memory. */
function addEntry(request: Request): KeyEntry {
  if (request.keyCount == 1) {
    const first = appendEntry(request);
    if (changetype<usize>(first) == 0) return first;
    first.hash = request.keyHash;
    first.print = request.print;
    first.size = request.present & (1 << PRESENT_KEY) ? request.keySize : 0;
  }
  const entry = appendEntry(request);
  if (changetype<usize>(entry) == 0) return entry;
  request.keyCount++;
  entry.valueSize = NO_SIZE;
  return entry;
}

/**
 * Finds the next key with this fingerprint and moves the cursor after it: the hits of memcached are a
 * subsequence of the requested keys. Returns 0 where there is none, or where the order is broken already.
 */
export function findKey(request: Request, print: u64): KeyEntry {
  let chunk = <usize>request.cursorChunk;
  let index = request.cursorIndex;
  while (chunk) {
    const entries = changetype<KeyChunk>(chunk).count;
    for (; index < entries; index++) {
      const entry = entryAt(chunk, index);
      if (entry.print == print && entry.size) {
        request.cursorChunk = <u32>chunk;
        request.cursorIndex = index + 1;
        return entry;
      }
    }
    chunk = changetype<KeyChunk>(chunk).next;
    index = 0;
  }
  return changetype<KeyEntry>(0);
}

/** Returns the chunks of a request. */
// @ts-ignore: decorator
@inline
export function freeKeys(request: Request): void {
  let chunk = <usize>request.keys;
  while (chunk) {
    const next = <usize>changetype<KeyChunk>(chunk).next;
    give(pool, chunk);
    chunk = next;
  }
}
