/**
 * The key dictionary of the open block: the columns `key_hash` and `key_size`, one entry for each key.
 *
 * Which entry is a key's is remembered by a cache of two ways, the one used last first. A key it has
 * forgotten gets another entry, which a reader takes for the same key: an exact table would be so large that
 * it slows the parser down.
 *
 *   set:   | entry + 1 (u16) | tag (u16) | entry + 1 (u16) | tag (u16) |      the tag: upper bits of the hash
 */
import { config } from '../instance';
import { COLUMN_KEY_HASH, COLUMN_KEY_SIZE } from '../layout';
import { columnBase, put, putWord } from './put';

/** Entries of the dictionary. */
export let keys: u32 = 0;
let cache: usize = 0;
let setMask: u32 = 0;
let hashes: usize = 0;

export function createKeys(): void {
  cache = config.keyCache;
  setMask = config.keyCacheSets - 1;
  hashes = columnBase(COLUMN_KEY_HASH);
}

export function emptyKeys(): void {
  if (keys) memory.fill(cache, 0, (<usize>setMask + 1) << 3);
  keys = 0;
}

/** Whether a way of a set holds this key. */
// @ts-ignore: decorator
@inline
function holds(way: u32, hash: u64): bool {
  // Most other keys differ in the tag, so that their hash need not be fetched. An empty way may have the tag,
  // too.
  return way >> 16 == <u32>(hash >> 48) && (way & 0xffff) != 0 &&
    load<u64>(hashes + (<usize>((way & 0xffff) - 1) << 3)) == hash;
}

/** What the column `key` says for a key: 1 + its entry, or 0, for a new entry. */
// @ts-ignore: decorator
@inline
export function keyOf(hash: u64, size: u32): u32 {
  const at = cache + (<usize>(<u32>hash & setMask) << 3);
  const set = load<u64>(at);
  if (holds(<u32>set, hash)) return <u32>set & 0xffff;
  if (holds(<u32>(set >> 32), hash)) {
    store<u64>(at, rotl(set, 32));
    return <u32>(set >> 32) & 0xffff;
  }
  keys++;
  store<u64>(at, (set << 32) | (hash >> 48 << 16) | keys);
  putWord(COLUMN_KEY_HASH, hash);
  put(COLUMN_KEY_SIZE, size);
  return 0;
}
