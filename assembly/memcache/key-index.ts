/**
 * Index of a multiget's keys by fingerprint, for answers in another order than the keys: proxies group the
 * VALUE lines by server. It is built of the unanswered keys when the order is first broken, which memcached
 * itself never does.
 *
 *   request ──► root: count | leaf | leaf | …       pieces of the pool of keys
 *                             │
 *                             ▼
 *                     bucket | bucket | …           first key of each, the others by KeyEntry.valueSize
 *
 * Keys of one bucket are in the order of the request, so that a key requested twice is answered in order.
 */
import { CHUNK_ENTRIES, CHUNK_SIZE, entryAt, giveChunk, KeyChunk, KeyEntry, takeChunk } from './keys';
import { Request } from './message';

const WORDS: u32 = CHUNK_SIZE >> 2;
/** Most leaves of a root, after their number: some 60,000 buckets. More keys make longer buckets. */
const LEAVES_MAX: u32 = WORDS - 1;

// @ts-ignore: decorator
@inline
function wordAt(piece: usize, index: u32): usize {
  return piece + (<usize>index << 2);
}

/** Address of the word with the address of a bucket's first key. */
function bucketOf(root: usize, print: u64): usize {
  const bucket = <u32>(print % (<u64>load<u32>(root) * WORDS));
  return wordAt(<usize>load<u32>(wordAt(root, 1 + bucket / WORDS)), bucket % WORDS);
}

/** Puts every unanswered key into buckets, in reverse order. False where there is no memory (counted). */
function build(request: Request): bool {
  const root = takeChunk();
  if (root == 0) return false;
  request.cursorChunk = 0;
  request.cursorIndex = <u32>root;
  store<u32>(root, 0);
  const leaves = min<u32>(request.keyCount / WORDS + 1, LEAVES_MAX);
  for (let i: u32 = 1; i <= leaves; i++) {
    const leaf = takeChunk();
    if (leaf == 0) return false;
    memory.fill(leaf, 0, CHUNK_SIZE);
    store<u32>(wordAt(root, i), <u32>leaf);
    store<u32>(root, i);
  }
  for (let chunk = <usize>request.keys; chunk; chunk = changetype<KeyChunk>(chunk).next) {
    const entries = changetype<KeyChunk>(chunk).count;
    for (let i: u32 = 0; i < entries; i++) {
      const entry = entryAt(chunk, i);
      if (entry.hit || entry.size == 0) continue;
      const bucket = bucketOf(root, entry.print);
      entry.valueSize = load<u32>(bucket);
      store<u32>(bucket, <u32>changetype<usize>(entry));
    }
  }
  for (let i: u32 = 1; i <= leaves; i++) turnBuckets(load<u32>(wordAt(root, i)));
  return true;
}

/** Reverses the buckets of a leaf, to the order of the request. */
function turnBuckets(leaf: usize): void {
  for (let i: u32 = 0; i < WORDS; i++) {
    let turned: u32 = 0;
    for (let at = load<u32>(wordAt(leaf, i)); at; ) {
      const entry = changetype<KeyEntry>(<usize>at);
      const next = entry.valueSize;
      entry.valueSize = turned;
      turned = at;
      at = next;
    }
    store<u32>(wordAt(leaf, i), turned);
  }
}

/** Removes the first key with this fingerprint from its bucket and returns it, or returns 0. */
function takeIndexed(root: usize, print: u64): KeyEntry {
  let link = bucketOf(root, print);
  while (load<u32>(link)) {
    const entry = changetype<KeyEntry>(<usize>load<u32>(link));
    if (entry.print == print) {
      store<u32>(link, entry.valueSize);
      return entry;
    }
    link = changetype<usize>(entry) + offsetof<KeyEntry>('valueSize');
  }
  return changetype<KeyEntry>(0);
}

/** The first unanswered key with this fingerprint, anywhere in the request; 0 where there is none. */
export function findAnywhere(request: Request, print: u64): KeyEntry {
  if (request.keyCount > CHUNK_ENTRIES) {
    if (request.cursorChunk && !build(request)) return changetype<KeyEntry>(0);
    const root = <usize>request.cursorIndex;
    return load<u32>(root) ? takeIndexed(root, print) : changetype<KeyEntry>(0);
  }
  // So few keys are in one chunk, which is searched quickly.
  const chunk = <usize>request.keys;
  for (let i: u32 = 0; i < changetype<KeyChunk>(chunk).count; i++) {
    const entry = entryAt(chunk, i);
    if (entry.print == print && entry.size && !entry.hit) return entry;
  }
  return changetype<KeyEntry>(0);
}

/** Frees the pieces of the index, if there is one. */
// @ts-ignore: decorator
@inline
export function freeIndex(request: Request): void {
  if (request.cursorChunk == 0 && request.cursorIndex) giveIndex(<usize>request.cursorIndex);
}

function giveIndex(root: usize): void {
  for (let i: u32 = load<u32>(root); i > 0; i--) giveChunk(load<u32>(wordAt(root, i)));
  giveChunk(root);
}
