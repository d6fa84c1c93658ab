/**
 * What a receiver makes of segments that came early, and of copies that contradict each other, as Linux does
 * (tcp_data_queue, tcp_data_queue_ofo): it keeps them in a list by sequence number, and its first bytes at any
 * place are those of the segment that begins first, of equals the longest, of equals of these the first.
 * Neighbours that came in order become one. What it has put in order already does not change. Here the list
 * never has two segments over each other: what loses is cut off at once.
 *
 * Some segments a receiver drops: those with a wrong checksum, an old time stamp, an acknowledgement of what
 * was never sent, or beyond the window. A capture cannot always tell, because it may lack the packets that say
 * so. They wait, and give way to any copy that is better. A copy of which not even that is certain makes the
 * bytes in question unknown, as if they had not been captured.
 */
import { Side } from '../flow/flow';
import { addressSum } from '../flow/table';
import { count, countPayload } from '../instance';
import {
  COUNTER_AMBIGUOUS_COPIES, COUNTER_PAYLOAD_GAP, COUNTER_PAYLOAD_REPEATED, COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY,
  COUNTER_PAYLOAD_SKIPPED_REFUSED, COUNTER_REFUSED_SEGMENTS,
} from '../layout';
import { packet } from '../packet';
import { isRight } from '../wire/checksum';
import { TCP_FIN, TCP_URG } from '../wire/tcp';
import { anchorBefore, bytesAt, charge, copySegment, cutHead, dropAt, endOf, payloadOf, putAt, runOf, Waiting } from './waiting';

/** Bytes one flow may have waiting, both directions counted apart. */
export const WAITING_MAX: u32 = 1 << 20;

// Beside the flags of TCP, which have 8 bits.
/** The receiver drops it unless the capture lacks something: used only when it is acknowledged. */
export const IS_DOUBTFUL: u32 = 0x100;
/** Nobody can tell whether the receiver had room for it. */
export const IS_UNSURE: u32 = 0x200;
/** Its checksum is right, or wrong; neither where it cannot be told. */
const IS_RIGHT: u32 = 0x400;
const IS_WRONG: u32 = 0x800;
/** Copies of it contradict each other: its bytes are not known. */
export const IS_CONTRADICTORY: u32 = 0x1000;

// The segment at hand.
let sequence: u32 = 0;
let payload: usize = 0;
let size: u32 = 0;
let captured: u32 = 0;
let ack: u32 = 0;
let flags: u32 = 0;
let time: u64 = 0;
let ordinal: u64 = 0;
/** Where the receiver has it begin that already has what is right before it: it makes one of neighbours. */
let origin: u32 = 0;
/** Sequence number behind it. */
let end: u32 = 0;
/** Whether it acknowledges more than was seen. */
let isAhead: bool = false;
/** Bytes of its payload that are not accounted for yet. */
let left: u32 = 0;

/**
 * Files the segment at hand, or what is left of it beside the others. Its checksum is not looked at where `l4` is 0.
 * Returns false when memory is used up.
 */
export function keepEarly(side: Side, otherNext: u32): bool {
  const at = packet;
  sequence = at.sequence;
  payload = at.payload;
  size = at.size;
  captured = at.captured;
  ack = at.ack;
  flags = at.flags;
  if (at.l4 && captured == size) check(side, at.l4);
  time = at.time;
  ordinal = at.ordinal;
  origin = sequence;
  end = sequence + size + (flags & TCP_FIN);
  isAhead = <i32>(ack - otherNext) > 0;
  left = flags & TCP_URG ? 0 : size;
  const link = passBefore(side, otherNext);
  if (!contend(side, link, otherNext)) {
    count(COUNTER_REFUSED_SEGMENTS);
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, left);
    return true;
  }
  const placed = place(side, link);
  // Beside what is filed now there is what was there before.
  count(placed ? COUNTER_PAYLOAD_REPEATED : COUNTER_PAYLOAD_GAP, left);
  return placed;
}

/** Bytes of the segment at hand, or of one that waits, are not used: another has them, the same or others. */
function accountCopy(bytes: u32, different: bool): void {
  if (different) countPayload(COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY, bytes);
  else count(COUNTER_PAYLOAD_REPEATED, bytes);
}

/** Bytes of the segment at hand behind `from` that lie over one that waits. */
function overlapOf(segment: Waiting, from: u32): u32 {
  const start = <i32>(segment.sequence - from) > 0 ? segment.sequence : from;
  const mine = sequence + size;
  const theirs = segment.sequence + segment.size;
  const overlap = <i32>((<i32>(mine - theirs) < 0 ? mine : theirs) - start);
  return overlap > 0 ? min(<u32>overlap, left) : 0;
}

/** Up to where the receiver has all, as far as is known, once `passBefore` has passed what ends there. */
let reach: u32 = 0;

/** Segments from one anchor to the next, where the list was walked since. */
const ANCHOR_STEPS: u32 = 32;

/** Passes what ends before the segment at hand. Returns the link to what is next. */
function passBefore(side: Side, otherNext: u32): usize {
  reach = side.next;
  let link: usize = changetype<usize>(side) + offsetof<Side>('queue');
  let anchor = changetype<Waiting>(0);
  const first = changetype<Waiting>(<usize>side.queue);
  // Behind a hole nothing extends the reach, and what lies between is of no interest.
  if (changetype<usize>(first) && <i32>(first.sequence - reach) > 0) {
    anchor = anchorBefore(side, sequence);
    if (changetype<usize>(anchor)) {
      takeOrigin(side, anchor, otherNext);
      link = changetype<usize>(anchor) + offsetof<Waiting>('next');
    }
  }
  for (let steps: u32 = 0; ; ) {
    const at = <usize>load<u32>(link);
    if (at == 0) return link;
    const segment = changetype<Waiting>(at);
    if (<i32>(endOf(segment) - sequence) > 0) return link;
    extendReach(side, segment);
    takeOrigin(side, segment, otherNext);
    link = at + offsetof<Waiting>('next');
    if (++steps == ANCHOR_STEPS && changetype<usize>(anchor) && anchor.far != <u32>at) {
      segment.far = anchor.far;
      anchor.far = <u32>at;
      anchor = segment;
      steps = 0;
    }
  }
  return link;
}

/** Of neighbours in order the receiver makes one. */
// @ts-ignore: decorator
@inline
function takeOrigin(side: Side, segment: Waiting, otherNext: u32): void {
  if (endOf(segment) != sequence) return;
  flags |= segment.flags & IS_UNSURE;
  if (!isDoubtful(side, segment.flags) && <i32>(segment.ack - otherNext) <= 0) origin = segment.origin;
}

/** Returns whether a segment is one of those the receiver has in order. */
function extendReach(side: Side, segment: Waiting): bool {
  if (<i32>(segment.sequence - reach) > 0 || isDoubtful(side, segment.flags)) return false;
  if (<i32>(endOf(segment) - reach) > 0) reach = endOf(segment);
  return true;
}

/**
 * Looks at the checksum of the segment at hand. Those of what a host sends are wrong as a rule, because its interface
 * puts them in: only where right ones are seen does a wrong one say something.
 */
function check(side: Side, header: usize): void {
  if (isRight(addressSum(), header, <u32>(payload - header) + size)) {
    flags |= IS_RIGHT;
    side.sums = 1;
  } else {
    flags |= IS_WRONG;
  }
}

/** Whether the receiver drops a segment with these flags, as far as is known. */
// @ts-ignore: decorator
@inline
export function isDoubtful(side: Side, bits: u32): bool {
  return (bits & IS_DOUBTFUL) != 0 || (side.sums != 0 && (bits & IS_WRONG) != 0);
}

/** Whether two segments that overlap show different bytes, the FIN being one, too. */
function differs(segment: Waiting): bool {
  const start = <i32>(segment.sequence - sequence) > 0 ? segment.sequence : sequence;
  const there = segment.sequence + segment.size;
  const here = sequence + size;
  const behind = endOf(segment);
  // Where one has its FIN the other has bytes.
  if (there != behind && <i32>(here - there) > 0 && <i32>(there - start) >= 0) return true;
  if (here != end && <i32>(there - here) > 0 && <i32>(here - start) >= 0) return true;
  let offset = start - segment.sequence;
  let mine = start - sequence;
  while (offset < segment.captured && mine < captured) {
    const run = min(runOf(segment, offset), captured - mine);
    if (memory.compare(bytesAt(segment, offset), payload + mine, run)) return true;
    offset += run;
    mine += run;
  }
  return false;
}

/**
 * Removes what waits and the receiver cannot have, now that the segment at hand is in its place. Returns false
 * where the segment at hand is what it cannot have.
 */
function contend(side: Side, link: usize, otherNext: u32): bool {
  for (;;) {
    const at = <usize>load<u32>(link);
    if (at == 0) return true;
    const segment = changetype<Waiting>(at);
    if (<i32>(segment.sequence - end) >= 0) return true;
    const different = differs(segment);
    const covered = <i32>(segment.sequence - sequence) >= 0 && <i32>(end - endOf(segment)) >= 0;
    const waitingDoubt = isDoubtful(side, segment.flags);
    const doubt = isDoubtful(side, flags);
    // One that acknowledges what was not seen may only have been captured in another order.
    const waitingAhead = (different || covered) && <i32>(segment.ack - otherNext) > 0;
    if (different && (doubt || isAhead) && !waitingDoubt && !waitingAhead) return false;
    if ((waitingDoubt || waitingAhead) && !doubt && !isAhead) {
      count(COUNTER_REFUSED_SEGMENTS);
      count(COUNTER_PAYLOAD_SKIPPED_REFUSED, payloadOf(segment));
      dropAt(side, link);
      continue;
    }
    if (different && ((segment.flags | flags) & IS_UNSURE) != 0) forget(side, segment);
    link = at + offsetof<Waiting>('next');
  }
  return true;
}

/** Which bytes are in its place cannot be told. */
function forget(side: Side, segment: Waiting): void {
  count(COUNTER_AMBIGUOUS_COPIES);
  side.queued -= charge(segment.captured) - charge(0);
  segment.captured = 0;
  segment.flags |= IS_CONTRADICTORY;
}

/** Up to where the receiver has all, as far as is known. */
export function reachOf(side: Side): u32 {
  reach = side.next;
  for (let at = <usize>side.queue; at; ) {
    const segment = changetype<Waiting>(at);
    if (!extendReach(side, segment)) break;
    at = segment.next;
  }
  return reach;
}

/** Where the last of what waits ends; `next` where nothing does. */
export function furthestOf(side: Side): u32 {
  let furthest = side.next;
  for (let at = <usize>side.queue; at; ) {
    const segment = changetype<Waiting>(at);
    if (!isDoubtful(side, segment.flags)) furthest = endOf(segment);
    at = segment.next;
  }
  return furthest;
}

/** Drops what the receiver would have acknowledged if it had it: there will be no more. */
export function dropDoubtful(side: Side): void {
  let link: usize = changetype<usize>(side) + offsetof<Side>('queue');
  for (;;) {
    const at = <usize>load<u32>(link);
    if (at == 0) return;
    const segment = changetype<Waiting>(at);
    if (isDoubtful(side, segment.flags) && <i32>(side.acked - endOf(segment)) < 0) {
      count(COUNTER_REFUSED_SEGMENTS);
      count(COUNTER_PAYLOAD_SKIPPED_REFUSED, payloadOf(segment));
      dropAt(side, link);
    } else {
      link = at + offsetof<Waiting>('next');
    }
  }
}

// What `endOfAll` found last: of pieces in a row it is the same, and `place` walks through all of them.
let rowKnown: bool = false;
let rowOrigin: u32 = 0;
let rowEnd: u32 = 0;

/** Sequence number behind all that is left of the segment one is of. */
function endOfAll(segment: Waiting): u32 {
  let behind = endOf(segment);
  if (rowKnown && rowOrigin == segment.origin && <i32>(rowEnd - behind) >= 0) return rowEnd;
  for (let at = <usize>segment.next; at; ) {
    const other = changetype<Waiting>(at);
    if (other.sequence != behind || other.origin != segment.origin) break;
    behind = endOf(other);
    at = other.next;
  }
  rowKnown = true;
  rowOrigin = segment.origin;
  rowEnd = behind;
  return behind;
}

/**
 * Whether the bytes of the segment at hand win where it overlaps one that waits, if the receiver has it begin at
 * `begin`.
 */
function wins(side: Side, segment: Waiting, had: u32, begin: u32): bool {
  if (<i32>(segment.sequence - had) < 0) return false;
  if ((isAhead || isDoubtful(side, flags)) && !isDoubtful(side, segment.flags)) return false;
  if (begin == segment.origin) return <i32>(end - endOfAll(segment)) > 0;
  return <i32>(begin - segment.origin) < 0;
}

/** Files the segment at hand between the others, in pieces where these have the better right to their places. */
function place(side: Side, link: usize): bool {
  rowKnown = false;
  for (let next = <usize>load<u32>(link); next && extendReach(side, changetype<Waiting>(next)); ) {
    next = changetype<Waiting>(next).next;
  }
  const had = reach;
  // It begins inside one and right behind another. Which of these Linux meets first in its tree, to cut it or to make
  // it a part, depends on all that came before.
  const inside = <usize>load<u32>(link);
  const begun = inside != 0 && <i32>(changetype<Waiting>(inside).sequence - sequence) <= 0;
  // What is before it and what it begins in are one: it is no neighbour.
  if (begun && changetype<Waiting>(inside).origin == origin) origin = sequence;
  const between = begun && origin != sequence;
  if (between) flags |= IS_UNSURE;
  let at = <i32>(had - sequence) > 0 ? had : sequence;
  while (<i32>(end - at) > 0) {
    const address = <usize>load<u32>(link);
    if (address == 0) return file(side, link, at, end);
    const segment = changetype<Waiting>(address);
    const behind = endOf(segment);
    if (<i32>(behind - at) <= 0) {
      link = address + offsetof<Waiting>('next');
      continue;
    }
    if (<i32>(segment.sequence - end) >= 0) return file(side, link, at, end);
    if (between && wins(side, segment, had, sequence) != wins(side, segment, had, origin)) {
      if (differs(segment)) forget(side, segment);
      else segment.flags |= IS_UNSURE;
    } else if (wins(side, segment, had, sequence)) {
      // What goes on behind the segment at hand begins there, and what it covers may stay if it is the same.
      if (<i32>(behind - end) > 0) {
        const bytes = payloadOf(segment);
        const different = differs(segment);
        cutHead(side, segment, end - segment.sequence);
        accountCopy(bytes - payloadOf(segment), different);
        continue;
      }
      if (differs(segment)) {
        accountCopy(payloadOf(segment), true);
        dropAt(side, link);
        continue;
      }
      segment.origin = sequence;
    }
    const overlap: u32 = left ? overlapOf(segment, at) : 0;
    if (overlap && (segment.flags & IS_CONTRADICTORY || differs(segment))) {
      accountCopy(overlap, true);
      left -= overlap;
    }
    if (<i32>(segment.sequence - at) > 0) {
      if (!file(side, link, at, segment.sequence)) return false;
      link = <usize>load<u32>(link) + offsetof<Waiting>('next');
    }
    at = behind;
    link = address + offsetof<Waiting>('next');
  }
  return true;
}

/** Puts [from, to) of the segment at hand where `link` points. */
function file(side: Side, link: usize, from: u32, to: u32): bool {
  const skipped = from - sequence;
  // All but the last piece are without the FIN.
  const bytes = (to == end ? sequence + size : to) - from;
  const known = captured > skipped ? min(captured - skipped, bytes) : 0;
  if (side.queued + charge(known) > WAITING_MAX) return false;
  const segment = copySegment(known ? payload + skipped : payload, known);
  if (changetype<usize>(segment) == 0) return false;
  segment.sequence = from;
  segment.size = bytes;
  segment.captured = known;
  segment.ack = ack;
  segment.flags = to == end ? flags : flags & ~TCP_FIN;
  segment.origin = origin;
  segment.from = 0;
  segment.time = time;
  segment.ordinal = ordinal;
  putAt(side, link, segment);
  left -= payloadOf(segment);
  return true;
}
