/**
 * Early segments, and segments that overlap them. One rule decides. Delivered bytes stay. A segment with the
 * same bytes as a waiting one is a repetition. Where two segments have different bytes for the same sequence
 * numbers, these bytes are unknown: a gap. Which of the two a receiver uses depends on its operating system
 * and on all segments before, and only a forger sends such segments.
 *
 * A receiver drops segments with a wrong checksum, an old time stamp, an acknowledgement of bytes never sent,
 * or beyond its window. A capture may lack the packets that would prove it. So such a segment is kept as
 * unacceptable: it makes no byte of an acceptable segment unknown, and is dropped where the two differ.
 */
import { Side } from '../flow/flow';
import { addressSum } from '../flow/table';
import { count, countPayload } from '../instance';
import {
  COUNTER_PAYLOAD_GAP, COUNTER_PAYLOAD_REPEATED, COUNTER_PAYLOAD_SKIPPED_REFUSED,
  COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY, COUNTER_REFUSED_SEGMENTS,
} from '../layout';
import { packet } from '../packet';
import { isRight } from '../wire/checksum';
import { before, TCP_FIN, TCP_URG } from '../wire/tcp';
import {
  bytesAt, charge, copyMessages, copySegment, dropAt, endOf, linkBefore, makeUnknown, payloadOf, putAt, runOf,
  Waiting,
} from './waiting';

/** Most bytes that may wait in one direction of a flow. */
export const WAITING_MAX: u32 = 1 << 20;

// Flags of a segment, above the 8 bits of the TCP flags.
/** By what is known the receiver drops the segment: it is delivered only once it is acknowledged. */
export const IS_UNACCEPTABLE: u32 = 0x100;
/** The checksum of the segment is wrong. */
const IS_WRONG: u32 = 0x200;
/** One segment has its FIN where another has bytes: the stream may end before the unknown bytes. */
export const IS_PERHAPS_OVER: u32 = 0x400;
/** The BPF program took the bytes of this part of a segment for a value, and left them out. */
export const IS_LEFT_OUT: u32 = 0x800;
/** Only messages of the segment are known, not its bytes. */
export const IS_MESSAGES: u32 = 0x2000;
/** A part of a segment other than its first. */
export const IS_LATER_PART: u32 = 0x1000;

/** Sequence number after the current segment. */
let end: u32 = 0;
/** Sequence number from which on the bytes of the current segment are unknown. */
let certain: u32 = 0;
/** Payload bytes of the current segment that no counter has yet. */
let left: u32 = 0;

/**
 * Queues those bytes of the current segment that no waiting segment has. Its checksum is not checked where
 * `l4` is 0. Returns false when memory is used up.
 */
export function keepEarly(side: Side, otherNext: u32): bool {
  const at = packet;
  if (at.l4 && at.captured == at.size) check(side, at.l4);
  end = packet.sequence + packet.size + (packet.flags & TCP_FIN);
  certain = packet.sequence + packet.size;
  left = payloadOfThis();
  const link = linkBefore(side, packet.sequence);
  if (!contend(side, link, otherNext)) {
    count(COUNTER_REFUSED_SEGMENTS);
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, left);
    return true;
  }
  const placed = queueUncovered(side, link);
  // The bytes not queued here were queued before, or found no room.
  count(placed ? COUNTER_PAYLOAD_REPEATED : COUNTER_PAYLOAD_GAP, left);
  return placed;
}

/** Bytes of the stream in the current segment; an urgent byte is not one. */
// @ts-ignore: decorator
@inline
function payloadOfThis(): u32 {
  return packet.flags & TCP_URG ? 0 : packet.size;
}

/**
 * Checks the checksum of the current segment. A host that sends often leaves checksums to its interface, and
 * a capture on that host shows wrong ones. So a wrong checksum counts only once a right one was seen.
 */
function check(side: Side, header: usize): void {
  if (isRight(addressSum(), header, packet.payload - <u32>header + packet.size)) side.sums = 1;
  else packet.flags |= IS_WRONG;
}

/** Whether the receiver drops a segment with these flags, as far as is known. */
// @ts-ignore: decorator
@inline
export function isUnacceptable(side: Side, bits: u32): bool {
  return (bits & IS_UNACCEPTABLE) != 0 || (side.sums != 0 && (bits & IS_WRONG) != 0);
}

/**
 * Compares the current segment with the waiting segments it overlaps. Drops the unacceptable ones that differ
 * from it, and makes the bytes unknown in which acceptable ones differ. Returns false where the current
 * segment itself is to be dropped.
 */
function contend(side: Side, link: usize, otherNext: u32): bool {
  const weak = isUnacceptable(side, packet.flags) || before(otherNext, packet.ack);
  for (let at = <usize>load<u32>(link); at; at = <usize>load<u32>(link)) {
    const segment = changetype<Waiting>(at);
    if (!before(segment.sequence, end)) break;
    const different = findDifference(segment);
    const over = findEnd(segment);
    // A segment that acknowledges bytes not seen yet may just have been captured out of order.
    const ahead = (different || over) && before(otherNext, segment.ack);
    const waitingWeak = ahead || isUnacceptable(side, segment.flags);
    if (waitingWeak && !weak) {
      refuse(side, link);
      continue;
    }
    if (different || over) {
      if (weak && !waitingWeak) return false;
      if (different) makeUnknown(segment, differsFrom, differsTo);
      if (over) forgetEnd(segment);
    }
    link = at + offsetof<Waiting>('next');
  }
  return true;
}

function refuse(side: Side, link: usize): void {
  count(COUNTER_REFUSED_SEGMENTS);
  count(COUNTER_PAYLOAD_SKIPPED_REFUSED, payloadOf(changetype<Waiting>(<usize>load<u32>(link))));
  dropAt(side, link);
}

// Result of `findDifference`: offsets in the waiting segment of the first byte that differs, and after the
// last.
let differsFrom: u32 = 0;
let differsTo: u32 = 0;

/** Whether the current segment has other bytes than a waiting one. */
function findDifference(segment: Waiting): bool {
  let offset: u32 = before(segment.sequence, packet.sequence) ? packet.sequence - segment.sequence : 0;
  let mine: u32 = before(packet.sequence, segment.sequence) ? segment.sequence - packet.sequence : 0;
  differsTo = 0;
  while (offset < segment.captured && mine < packet.captured) {
    const run = min(runOf(segment, offset), packet.captured - mine);
    const there = bytesAt(segment, offset);
    const here = packet.payload + mine;
    if (memory.compare(there, here, run)) {
      for (let i: u32 = 0; i < run; i++) {
        if (load<u8>(there + i) == load<u8>(here + i)) continue;
        if (differsTo == 0) differsFrom = offset + i;
        differsTo = offset + i + 1;
      }
    }
    offset += run;
    mine += run;
  }
  return differsTo != 0;
}

/** Result of `findEnd`: the sequence number at which one segment ends the stream and the other goes on. */
let endsAt: u32 = 0;

/** Whether the current segment has bytes where a waiting one has its FIN, or the reverse. */
function findEnd(segment: Waiting): bool {
  const here = packet.sequence + packet.size;
  const there = segment.sequence + segment.size;
  if (here == there) return false;
  const first = before(here, there);
  endsAt = first ? here : there;
  const hasFin = ((first ? packet.flags : segment.flags) & TCP_FIN) != 0;
  return hasFin && !before(endsAt, first ? segment.sequence : packet.sequence);
}

/** Takes the FIN from both segments and makes the bytes after `endsAt` unknown. */
function forgetEnd(segment: Waiting): void {
  segment.flags = (segment.flags & ~TCP_FIN) | IS_PERHAPS_OVER;
  if (before(endsAt, segment.sequence + segment.size)) {
    makeUnknown(segment, endsAt - segment.sequence, segment.size);
  }
  packet.flags = (packet.flags & ~TCP_FIN) | IS_PERHAPS_OVER;
  end = packet.sequence + packet.size;
  if (before(endsAt, certain)) certain = endsAt;
  packet.captured = min(packet.captured, certain - packet.sequence);
}

/** Queues the parts of the current segment that no waiting segment covers. False when memory is used up. */
function queueUncovered(side: Side, link: usize): bool {
  let at = before(packet.sequence, side.next) ? side.next : packet.sequence;
  while (before(at, end)) {
    const address = <usize>load<u32>(link);
    const segment = changetype<Waiting>(address);
    const over = address != 0 && before(segment.sequence, end);
    const to = over ? segment.sequence : end;
    if (before(at, to)) {
      if (!queuePart(side, link, at, to)) return false;
      link = <usize>load<u32>(link) + offsetof<Waiting>('next');
    }
    if (!over) return true;
    accountUnknown(segment, at);
    if (before(at, endOf(segment))) at = endOf(segment);
    link = address + offsetof<Waiting>('next');
  }
  return true;
}

/** Counts the bytes of the current segment from `at` on that lie over unknown bytes of a waiting segment. */
function accountUnknown(segment: Waiting, at: u32): void {
  let from = segment.sequence + segment.unknownFrom;
  let to = segment.sequence + segment.unknownTo;
  if (before(from, at)) from = at;
  if (before(packet.sequence + packet.size, to)) to = packet.sequence + packet.size;
  if (left == 0 || !before(from, to)) return;
  countPayload(COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY, to - from);
  left -= to - from;
}

/** Queues bytes [from, to) of the current segment where `link` points. */
function queuePart(side: Side, link: usize, from: u32, to: u32): bool {
  const skipped = from - packet.sequence;
  // Only the last part has the FIN.
  const bytes = (to == end ? packet.sequence + packet.size : to) - from;
  const known = packet.captured > skipped ? min(packet.captured - skipped, bytes) : 0;
  if (side.queued + charge(known) > WAITING_MAX) return false;
  const isWhole = skipped == 0 && bytes == packet.size;
  const segment =
    packet.messages && isWhole
      ? copyMessages(packet.messages, packet.end - packet.messages)
      : copySegment(known ? packet.payload + skipped : packet.payload, known);
  if (changetype<usize>(segment) == 0) return false;
  segment.sequence = from;
  segment.size = bytes;
  segment.captured = known;
  segment.ack = packet.ack;
  segment.flags = to == end ? packet.flags : packet.flags & ~TCP_FIN;
  segment.unknownFrom = 0;
  segment.unknownTo = 0;
  if (before(certain, from + bytes)) makeUnknown(segment, before(certain, from) ? 0 : certain - from, bytes);
  segment.time = packet.time;
  segment.ordinal = packet.ordinal;
  putAt(side, link, segment);
  left -= payloadOf(segment);
  return true;
}

/** Sequence number up to which the receiver has every byte, as far as is known. */
export function reachOf(side: Side): u32 {
  let reach = side.next;
  for (let at = <usize>side.queue; at; at = changetype<Waiting>(at).next) {
    const segment = changetype<Waiting>(at);
    if (before(reach, segment.sequence) || isUnacceptable(side, segment.flags)) break;
    if (before(reach, endOf(segment))) reach = endOf(segment);
  }
  return reach;
}

/** Sequence number after the last acceptable waiting segment; `next` where there is none. */
export function furthestOf(side: Side): u32 {
  let furthest = side.next;
  for (let at = <usize>side.queue; at; at = changetype<Waiting>(at).next) {
    const segment = changetype<Waiting>(at);
    if (!isUnacceptable(side, segment.flags)) furthest = endOf(segment);
  }
  return furthest;
}

/** Drops unacceptable segments that were not acknowledged: no acknowledgement will come any more. */
export function dropUnacceptable(side: Side): void {
  let link: usize = changetype<usize>(side) + offsetof<Side>('queue');
  for (let at = <usize>load<u32>(link); at; at = <usize>load<u32>(link)) {
    const segment = changetype<Waiting>(at);
    if (isUnacceptable(side, segment.flags) && before(side.acked, endOf(segment))) refuse(side, link);
    else link = at + offsetof<Waiting>('next');
  }
}
