/**
 * Segments that came before their turn: copied into chunks, kept in a list by sequence number. The
 * bytes kept are bounded per flow and in all; a hole is never allocated.
 */
import { Side } from '../flow/flow';
import { config } from '../instance';
import { createPool, give, Pool, take } from '../pools';

/** Bytes one flow may have waiting, both directions counted apart. */
export const WAITING_MAX: u32 = 1 << 20;
/**
 * What a segment counts at the least: about the memory it takes. It is the list's length that is bounded by it,
 * too: every early segment is looked for in the list, and many small ones must not make that long.
 */
const WAITING_LEAST: u32 = 2048;

/** What a segment of so many captured bytes counts. */
// @ts-ignore: decorator
@inline
function charge(captured: u32): u32 {
  return max(captured, WAITING_LEAST);
}
/** Payload bytes of one chunk. */
const CHUNK_BYTES: u32 = 2016;

/** Head of a waiting segment; its bytes follow, then further chunks. */
// @ts-ignore: decorator
@unmanaged
export class Waiting {
  next: u32;
  /** Next chunk of this segment. */
  more: u32;
  sequence: u32;
  /** Bytes on the wire and captured. */
  size: u32;
  captured: u32;
  ack: u32;
  /** Flags of its TCP header. */
  flags: u32;
  /** An anchor some places ahead, of the chain that begins at the first segment; 0 where there is none. */
  far: u32;
  time: u64;
  ordinal: u64;
}

export const WAITING_HEAD: u32 = 48;
const CHUNK_SIZE: u32 = WAITING_HEAD + CHUNK_BYTES;
/** A following chunk starts with the address of the next. */
const MORE_HEAD: u32 = 16;
const MORE_BYTES: u32 = CHUNK_SIZE - MORE_HEAD;

let pool: Pool = changetype<Pool>(0);

export function createReorder(): void {
  pool = createPool(config.reorder, config.reorderEnd, CHUNK_SIZE);
}

/** Returns a waiting segment's memory. */
export function freeWaiting(segment: Waiting): void {
  let chunk = <usize>segment.more;
  while (chunk) {
    const next = <usize>load<u32>(chunk);
    give(pool, chunk);
    chunk = next;
  }
  give(pool, changetype<usize>(segment));
}

/** Copies `size` bytes into a new waiting segment; 0 when the pool is used up. */
function copySegment(payload: usize, size: u32): Waiting {
  const first = take(pool);
  if (first == 0) return changetype<Waiting>(0);
  const segment = changetype<Waiting>(first);
  segment.more = 0;
  const head = min(size, CHUNK_BYTES);
  memory.copy(first + WAITING_HEAD, payload, head);
  let link = first + offsetof<Waiting>('more');
  for (let done = head; done < size; ) {
    const chunk = take(pool);
    if (chunk == 0) {
      freeWaiting(segment);
      return changetype<Waiting>(0);
    }
    store<u32>(chunk, 0);
    store<u32>(link, <u32>chunk);
    link = chunk;
    const part = min(size - done, MORE_BYTES);
    memory.copy(chunk + MORE_HEAD, payload + done, part);
    done += part;
  }
  return segment;
}

/** Segments from one anchor to the next, where the list was walked since. */
const ANCHOR_STEPS: u32 = 16;

/**
 * The last anchor that begins before `sequence`, or 0 where nothing does. Anchors are a chain through the list from
 * its first segment on: by them no place in it is far, however many segments wait.
 *
 *   queue ─► first ─► s ─► s ─► s ─► s ─► s ─► s ─► s
 *              └───── far ─────┘└──── far ────┘
 */
function anchorBefore(side: Side, sequence: u32): Waiting {
  let anchor = changetype<Waiting>(<usize>side.queue);
  if (changetype<usize>(anchor) == 0 || <i32>(sequence - anchor.sequence) <= 0) return changetype<Waiting>(0);
  while (anchor.far) {
    const next = changetype<Waiting>(<usize>anchor.far);
    if (<i32>(sequence - next.sequence) <= 0) break;
    anchor = next;
  }
  return anchor;
}

/** Takes a segment other than the first out of the chain of anchors. */
function unanchor(side: Side, segment: Waiting): void {
  for (let anchor = changetype<Waiting>(<usize>side.queue); anchor.far; anchor = changetype<Waiting>(<usize>anchor.far)) {
    if (anchor.far != <u32>changetype<usize>(segment)) continue;
    anchor.far = segment.far;
    return;
  }
}

/** Takes the segment `link` points to off its list. */
function dropAt(side: Side, link: usize): void {
  const segment = changetype<Waiting>(<usize>load<u32>(link));
  if (<u32>changetype<usize>(segment) == side.queue) {
    // The chain goes on from the next.
    if (segment.next && segment.far != segment.next) changetype<Waiting>(<usize>segment.next).far = segment.far;
  } else {
    unanchor(side, segment);
  }
  store<u32>(link, segment.next);
  side.queued -= charge(segment.captured);
  freeWaiting(segment);
}

/**
 * Files a segment by its sequence number. Of two that begin alike the longer stays, the first where
 * they are equal; one wholly inside the one before it is dropped. Returns false when memory is used up.
 */
export function keepEarly(
  side: Side, sequence: u32, payload: usize, size: u32, captured: u32, ack: u32, flags: u32, time: u64, ordinal: u64,
): bool {
  let anchor = anchorBefore(side, sequence);
  let link: usize = changetype<usize>(side) + offsetof<Side>('queue');
  if (changetype<usize>(anchor)) {
    if (sequence - anchor.sequence + size <= anchor.size && size > 0) return true;
    link = changetype<usize>(anchor) + offsetof<Waiting>('next');
  }
  for (let steps: u32 = 0; ; ) {
    const at = <usize>load<u32>(link);
    if (at == 0) break;
    const other = changetype<Waiting>(at);
    const distance = <i32>(sequence - other.sequence);
    if (distance < 0) break;
    if (<u32>distance + size <= other.size && size > 0) return true;
    if (distance == 0 && size > other.size) {
      // Take its place.
      dropAt(side, link);
      continue;
    }
    link = at + offsetof<Waiting>('next');
    if (++steps == ANCHOR_STEPS && changetype<usize>(anchor) && anchor.far != <u32>at) {
      other.far = anchor.far;
      anchor.far = <u32>at;
      anchor = other;
      steps = 0;
    }
  }
  if (side.queued + charge(captured) > WAITING_MAX) return false;
  const segment = copySegment(payload, captured);
  if (changetype<usize>(segment) == 0) return false;
  segment.sequence = sequence;
  segment.size = size;
  segment.captured = captured;
  segment.ack = ack;
  segment.flags = flags;
  segment.far = 0;
  segment.time = time;
  segment.ordinal = ordinal;
  const next = <usize>load<u32>(link);
  segment.next = <u32>next;
  if (next && side.queue == <u32>next) {
    // The chain begins at the first.
    segment.far = changetype<Waiting>(next).far;
    changetype<Waiting>(next).far = 0;
  }
  store<u32>(link, <u32>changetype<usize>(segment));
  side.queued += charge(captured);
  return true;
}

/** Takes the first waiting segment off the list. */
export function dropFirst(side: Side): void {
  dropAt(side, changetype<usize>(side) + offsetof<Side>('queue'));
}

/** Drops everything that waits. */
export function dropWaiting(side: Side): void {
  while (side.queue) dropFirst(side);
}

/** Address of byte `offset` of a waiting segment; `runOf` says how many lie there in a row. */
export function bytesAt(segment: Waiting, offset: u32): usize {
  if (offset < CHUNK_BYTES) return changetype<usize>(segment) + WAITING_HEAD + offset;
  offset -= CHUNK_BYTES;
  let chunk = <usize>segment.more;
  for (; offset >= MORE_BYTES; offset -= MORE_BYTES) chunk = load<u32>(chunk);
  return chunk + MORE_HEAD + offset;
}

/** Bytes from `offset` on that lie in a row. */
export function runOf(segment: Waiting, offset: u32): u32 {
  const left = segment.captured - offset;
  if (offset < CHUNK_BYTES) return min(left, CHUNK_BYTES - offset);
  return min(left, MORE_BYTES - ((offset - CHUNK_BYTES) % MORE_BYTES));
}

export function assertReorder(): void {
  if (offsetof<Waiting>() != WAITING_HEAD) ERROR('WAITING_HEAD');
}
