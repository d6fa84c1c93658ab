/**
 * Keys of a multiget by their fingerprint, for answers in another order than they were asked in: proxies let
 * the VALUE lines of one server's keys follow each other. Built when the order first breaks, of the keys not
 * answered yet; memcached itself keeps the order and never has it built.
 *
 *   request ──► root: count | leaf | leaf | …       pieces of the pool of keys
 *                             │
 *                             ▼
 *                     bucket | bucket | …           first key of each, the others by KeyEntry.valueSize
 *
 * Keys of one bucket stand in the order they were asked in, so that of a key asked twice the first is
 * answered first.
 */
import { CHUNK_ENTRIES, CHUNK_SIZE, entryAt, giveChunk, KeyChunk, KeyEntry, takeChunk } from './keys';
import { Request } from './message';

const WORDS: u32 = CHUNK_SIZE >> 2;
/** Leaves a root has room for, behind their number: some 60,000 buckets. More keys make longer buckets. */
const LEAVES_MAX: u32 = WORDS - 1;

// @ts-ignore: decorator
@inline
function wordAt(piece: usize, index: u32): usize {
  return piece + (<usize>index << 2);
}

/** Where the address of a bucket's first key stands. */
function bucketOf(root: usize, print: u64): usize {
  const bucket = <u32>(print % (<u64>load<u32>(root) * WORDS));
  return wordAt(<usize>load<u32>(wordAt(root, 1 + bucket / WORDS)), bucket % WORDS);
}

/**
 * Puts every key that is not answered into buckets, the first asked for last. False where there is no memory
 * (counted).
 */
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

/** Turns the buckets of a leaf round: the first asked for comes first. */
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

/** Takes the first key of this fingerprint out of its bucket, or returns 0. */
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

/**
 * The first asked-for key of this fingerprint that is not answered, wherever it stands; 0 where there is
 * none.
 */
export function findAnywhere(request: Request, print: u64): KeyEntry {
  if (request.keyCount > CHUNK_ENTRIES) {
    if (request.cursorChunk && !build(request)) return changetype<KeyEntry>(0);
    const root = <usize>request.cursorIndex;
    return load<u32>(root) ? takeIndexed(root, print) : changetype<KeyEntry>(0);
  }
  // Keys this few lie in one chunk, which is searched quickly.
  const chunk = <usize>request.keys;
  for (let i: u32 = 0; i < changetype<KeyChunk>(chunk).count; i++) {
    const entry = entryAt(chunk, i);
    if (entry.print == print && entry.size && !entry.hit) return entry;
  }
  return changetype<KeyEntry>(0);
}

/** Returns the pieces of the index, where there is one. */
// @ts-ignore: decorator
@inline
export function freeIndex(request: Request): void {
  if (request.cursorChunk == 0 && request.cursorIndex) giveIndex(<usize>request.cursorIndex);
}

function giveIndex(root: usize): void {
  for (let i: u32 = load<u32>(root); i > 0; i--) giveChunk(load<u32>(wordAt(root, i)));
  giveChunk(root);
}
