/** Memory of early segments: chunks of a bounded pool, in one queue for each direction. */
import { Side } from '../flow/flow';
import { config, count } from '../instance';
import { COUNTER_PAYLOAD_GAP } from '../layout';
import { createPool, give, Pool, take } from '../pools';
import { before, TCP_FIN, TCP_URG } from '../wire/tcp';

/** Payload bytes of one chunk, or of the messages of a message record. */
const CHUNK_BYTES: u32 = 2000;

/** Head of a waiting segment, or of a part of one. Its captured bytes follow, and go on in further chunks. */
// @ts-ignore: decorator
@unmanaged
export class Waiting {
  next: u32;
  /** Address of the next chunk of this segment, 0 at the end. */
  more: u32;
  sequence: u32;
  /** Bytes on the wire. */
  size: u32;
  /** Bytes of these that were captured. */
  captured: u32;
  ack: u32;
  /** Flags of the TCP header, and IS_* of overlap.ts. */
  flags: u32;
  /** Offsets of the unknown bytes [from, to): those for which overlapping segments differ. */
  unknownFrom: u32;
  unknownTo: u32;
  /** Address of the next anchor of the chain that begins at the first segment; 0 where there is none. */
  far: u32;
  /** Bytes of messages, which are there instead of payload; they are of the whole segment. */
  messages: u32;
  pad0: u32;
  time: u64;
  ordinal: u64;
}

export const WAITING_HEAD: u32 = offsetof<Waiting>();
const CHUNK_SIZE: u32 = WAITING_HEAD + CHUNK_BYTES;
/** Bytes before the data of a further chunk, which begins with the address of the next. */
const MORE_HEAD: u32 = 16;
const MORE_BYTES: u32 = CHUNK_SIZE - MORE_HEAD;

/** Most bytes of messages that wait. */
const MESSAGES_ROOM: u32 = CHUNK_BYTES;

let pool: Pool = changetype<Pool>(0);

export function createWaiting(): void {
  pool = createPool(config.reorder, config.reorderEnd, CHUNK_SIZE);
}

/** Returns the memory of a waiting segment to the pool. */
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
  segment.messages = 0;
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

/**
 * Makes a new waiting segment of the `size` bytes of messages of a message record, instead of payload; 0 when
 * the pool is used up. More messages than a chunk holds do not wait.
 */
export function copyMessages(messages: usize, size: u32): Waiting {
  const segment = copySegment(messages, size > MESSAGES_ROOM ? 0 : size);
  if (changetype<usize>(segment)) segment.messages = size > MESSAGES_ROOM ? 0 : size;
  return segment;
}

/** Address of the messages of a waiting segment, of which it has `messages` bytes. */
// @ts-ignore: decorator
@inline
export function messagesAt(segment: Waiting): usize {
  return changetype<usize>(segment) + WAITING_HEAD;
}

/** Sequence number after a segment; its FIN counts as a byte (RFC 9293, section 3.4). */
// @ts-ignore: decorator
@inline
export function endOf(segment: Waiting): u32 {
  return segment.sequence + segment.size + (segment.flags & TCP_FIN);
}

/**
 * Fewest bytes that a waiting segment is charged, a quarter of the memory it takes. This also bounds the
 * length of the queue, which is searched for every early segment.
 */
const WAITING_LEAST: u32 = 512;

/** Bytes that a segment with `captured` bytes is charged of WAITING_MAX. */
// @ts-ignore: decorator
@inline
export function charge(captured: u32): u32 {
  return max(captured, WAITING_LEAST);
}

/** Segments between two anchors. A walk along the queue sets the missing anchors. */
const ANCHOR_STEPS: u32 = 32;

/**
 * Address of the link to the first segment that ends after `sequence`. The anchors are a chain of every 32nd
 * segment, so that the search stays short however many segments wait.
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

/** Removes a segment other than the first from the chain of anchors. */
function unanchor(side: Side, segment: Waiting): void {
  const first = changetype<Waiting>(<usize>side.queue);
  for (let anchor = first; anchor.far; anchor = changetype<Waiting>(<usize>anchor.far)) {
    if (anchor.far != <u32>changetype<usize>(segment)) continue;
    anchor.far = segment.far;
    return;
  }
}

/** Inserts a segment where `link` points. */
export function putAt(side: Side, link: usize, segment: Waiting): void {
  const next = <usize>load<u32>(link);
  segment.next = <u32>next;
  segment.far = 0;
  if (next && side.queue == <u32>next) {
    // The chain of anchors begins at the first segment.
    segment.far = changetype<Waiting>(next).far;
    changetype<Waiting>(next).far = 0;
  }
  store<u32>(link, <u32>changetype<usize>(segment));
  side.queued += charge(segment.captured);
}

/** Removes the segment that `link` points to, and frees it. */
export function dropAt(side: Side, link: usize): void {
  const segment = changetype<Waiting>(<usize>load<u32>(link));
  if (<u32>changetype<usize>(segment) != side.queue) unanchor(side, segment);
  // The next segment becomes the first anchor.
  else if (segment.next && segment.far != segment.next) {
    changetype<Waiting>(<usize>segment.next).far = segment.far;
  }
  store<u32>(link, segment.next);
  side.queued -= charge(segment.captured);
  freeWaiting(segment);
}

/** Removes the first waiting segment, and frees it. */
export function dropFirst(side: Side): void {
  dropAt(side, changetype<usize>(side) + offsetof<Side>('queue'));
}

/** Bytes of the stream in a waiting segment; an urgent byte is not one. */
// @ts-ignore: decorator
@inline
export function payloadOf(segment: Waiting): u32 {
  return segment.flags & TCP_URG ? 0 : segment.size;
}

/** Gives up all waiting segments of a side; their bytes count as a gap. */
export function dropWaiting(side: Side): void {
  while (side.queue) {
    count(COUNTER_PAYLOAD_GAP, payloadOf(changetype<Waiting>(<usize>side.queue)));
    dropFirst(side);
  }
}

/** Makes bytes [from, to) unknown, and those between them and bytes that are unknown already. */
export function makeUnknown(segment: Waiting, from: u32, to: u32): void {
  const none = segment.unknownFrom == segment.unknownTo;
  segment.unknownFrom = none ? from : min(segment.unknownFrom, from);
  segment.unknownTo = max(segment.unknownTo, to);
}

/** Address of byte `offset` of a waiting segment; `runOf` tells how many bytes are contiguous there. */
export function bytesAt(segment: Waiting, offset: u32): usize {
  if (offset < CHUNK_BYTES) return changetype<usize>(segment) + WAITING_HEAD + offset;
  offset -= CHUNK_BYTES;
  let chunk = <usize>segment.more;
  for (; offset >= MORE_BYTES; offset -= MORE_BYTES) chunk = load<u32>(chunk);
  return chunk + MORE_HEAD + offset;
}

/** Number of captured bytes that are contiguous in memory from `offset` on. */
export function runOf(segment: Waiting, offset: u32): u32 {
  const left = segment.captured - offset;
  if (offset < CHUNK_BYTES) return min(left, CHUNK_BYTES - offset);
  return min(left, MORE_BYTES - ((offset - CHUNK_BYTES) % MORE_BYTES));
}
