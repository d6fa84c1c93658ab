/** Memory of segments that came before their turn: chunks of a bounded pool, a list for each direction. */
import { Side } from '../flow/flow';
import { config, count } from '../instance';
import { COUNTER_PAYLOAD_GAP } from '../layout';
import { createPool, give, Pool, take } from '../pools';
import { before, TCP_FIN, TCP_URG } from '../wire/tcp';

/** Payload bytes of one chunk. */
const CHUNK_BYTES: u32 = 2008;

/** Head of a waiting segment, or of what is left of one; its bytes follow, then further chunks. */
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
  /** Flags of its TCP header, and IS_* of overlap.ts. */
  flags: u32;
  /** Copies contradict each other from the one offset to the other: these bytes are unknown. */
  unknownFrom: u32;
  unknownTo: u32;
  /** An anchor some places ahead, of the chain that begins at the first segment; 0 where there is none. */
  far: u32;
  time: u64;
  ordinal: u64;
}

export const WAITING_HEAD: u32 = offsetof<Waiting>();
const CHUNK_SIZE: u32 = WAITING_HEAD + CHUNK_BYTES;
/** A following chunk starts with the address of the next. */
const MORE_HEAD: u32 = 16;
const MORE_BYTES: u32 = CHUNK_SIZE - MORE_HEAD;

let pool: Pool = changetype<Pool>(0);

export function createWaiting(): void {
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
export function copySegment(payload: usize, size: u32): Waiting {
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

/** Sequence number behind a segment: its FIN counts as a byte (RFC 9293, section 3.4). */
// @ts-ignore: decorator
@inline
export function endOf(segment: Waiting): u32 {
  return segment.sequence + segment.size + (segment.flags & TCP_FIN);
}

/**
 * What a segment counts at the least, a quarter of the memory it takes. It is the list's length that is
 * bounded by it, too: every early segment is looked for in the list, and many small ones must not make that
 * long.
 */
const WAITING_LEAST: u32 = 512;

/** What a segment of so many captured bytes counts. */
// @ts-ignore: decorator
@inline
export function charge(captured: u32): u32 {
  return max(captured, WAITING_LEAST);
}

/** Segments from one anchor to the next, where the list was walked since. */
const ANCHOR_STEPS: u32 = 32;

/**
 * The link to the first segment that ends behind `sequence`. Anchors are a chain through the list from its
 * first segment on: by them no place in it is far, however many segments wait.
 *
 *   queue ─► first ─► s ─► s ─► s ─► s ─► s ─► s ─► s ─► s
 *              └───── far ─────┘└──── far ────┘
 */
export function linkBefore(side: Side, sequence: u32): usize {
  const link: usize = changetype<usize>(side) + offsetof<Side>('queue');
  let anchor = changetype<Waiting>(<usize>side.queue);
  if (changetype<usize>(anchor) == 0 || before(sequence, endOf(anchor))) return link;
  while (anchor.far && !before(sequence, endOf(changetype<Waiting>(<usize>anchor.far)))) {
    anchor = changetype<Waiting>(<usize>anchor.far);
  }
  let last = anchor;
  for (
    let steps: u32 = 1;
    last.next && !before(sequence, endOf(changetype<Waiting>(<usize>last.next)));
    steps++
  ) {
    last = changetype<Waiting>(<usize>last.next);
    if (steps < ANCHOR_STEPS) continue;
    last.far = anchor.far;
    anchor.far = <u32>changetype<usize>(last);
    anchor = last;
    steps = 0;
  }
  return changetype<usize>(last) + offsetof<Waiting>('next');
}

/** Takes a segment other than the first out of the chain of anchors. */
function unanchor(side: Side, segment: Waiting): void {
  const first = changetype<Waiting>(<usize>side.queue);
  for (let anchor = first; anchor.far; anchor = changetype<Waiting>(<usize>anchor.far)) {
    if (anchor.far != <u32>changetype<usize>(segment)) continue;
    anchor.far = segment.far;
    return;
  }
}

/** Puts a segment where `link` points. */
export function putAt(side: Side, link: usize, segment: Waiting): void {
  const next = <usize>load<u32>(link);
  segment.next = <u32>next;
  segment.far = 0;
  if (next && side.queue == <u32>next) {
    // The chain begins at the first.
    segment.far = changetype<Waiting>(next).far;
    changetype<Waiting>(next).far = 0;
  }
  store<u32>(link, <u32>changetype<usize>(segment));
  side.queued += charge(segment.captured);
}

/** Takes the segment `link` points to off its list. */
export function dropAt(side: Side, link: usize): void {
  const segment = changetype<Waiting>(<usize>load<u32>(link));
  if (<u32>changetype<usize>(segment) != side.queue) unanchor(side, segment);
  // The chain goes on from the next.
  else if (segment.next && segment.far != segment.next) {
    changetype<Waiting>(<usize>segment.next).far = segment.far;
  }
  store<u32>(link, segment.next);
  side.queued -= charge(segment.captured);
  freeWaiting(segment);
}

/** Takes the first waiting segment off the list. */
export function dropFirst(side: Side): void {
  dropAt(side, changetype<usize>(side) + offsetof<Side>('queue'));
}

/** Bytes of payload a waiting segment stands for: an urgent byte is none of the stream. */
// @ts-ignore: decorator
@inline
export function payloadOf(segment: Waiting): u32 {
  return segment.flags & TCP_URG ? 0 : segment.size;
}

/** Gives up everything that waits. */
export function dropWaiting(side: Side): void {
  while (side.queue) {
    count(COUNTER_PAYLOAD_GAP, payloadOf(changetype<Waiting>(<usize>side.queue)));
    dropFirst(side);
  }
}

/** Makes bytes unknown, between two offsets, and those between them and others that are unknown, too. */
export function makeUnknown(segment: Waiting, from: u32, to: u32): void {
  const none = segment.unknownFrom == segment.unknownTo;
  segment.unknownFrom = none ? from : min(segment.unknownFrom, from);
  segment.unknownTo = max(segment.unknownTo, to);
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
