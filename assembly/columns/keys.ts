/**
 * The key dictionary of the open block: the columns `key_hash` and `key_size`, with an entry for each key.
 *
 * A two-way cache maps keys to their entries; an exact table would be large enough to slow the parser down. A
 * key evicted from the cache gets a second entry, which a reader takes for the same key. The way used last is
 * the first of its set.
 *
 *   set:   | entry + 1 (u16) | tag (u16) | entry + 1 (u16) | tag (u16) |      tag: the upper bits of the hash
 */
import { config } from '../instance';
import { COLUMN_KEY_HASH, COLUMN_KEY_SIZE } from '../layout';
import { columnBase, put, putWord } from './put';

/** Number of entries of the dictionary. */
export let keys: u32 = 0;
let cache: usize = 0;
let setMask: u32 = 0;
let hashes: usize = 0;

export function createDictionary(): void {
  cache = config.keyCache;
  setMask = config.keyCacheSets - 1;
  hashes = columnBase(COLUMN_KEY_HASH);
}

export function emptyDictionary(): void {
  if (keys) memory.fill(cache, 0, (<usize>setMask + 1) << 3);
  keys = 0;
}

/** Whether a way of a set holds this key. */
// @ts-ignore: decorator
@inline
function holds(way: u32, hash: u64): bool {
  // The tag tells most other keys apart without fetching their hashes. An empty way has tag 0, which a key
  // may have, too.
  return way >> 16 == <u32>(hash >> 48) && (way & 0xffff) != 0 &&
    load<u64>(hashes + (<usize>((way & 0xffff) - 1) << 3)) == hash;
}

/** The value of the column `key` for a key: 1 + its entry, or 0 where it gets a new entry. */
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
