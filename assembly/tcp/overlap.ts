/**
 * Segments that came early, and copies of them: one rule. What was delivered stays. A copy that says the same
 * as what waits is a repetition. A copy that contradicts what waits makes the contradicted bytes unknown:
 * they are a gap. Which copy a receiver uses depends on its operating system and on all that came before;
 * nobody but a forger sends such copies.
 *
 * Some segments a receiver drops: those with a wrong checksum, an old time stamp, an acknowledgement of what
 * was never sent, or beyond the window. A capture cannot always tell, because it may lack the packets that
 * say so. They wait, contradict nothing that is certain, and give way to it.
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
  bytesAt, charge, copySegment, dropAt, endOf, linkBefore, makeUnknown, payloadOf, putAt, runOf, Waiting,
} from './waiting';

/** Bytes one flow may have waiting, both directions counted apart. */
export const WAITING_MAX: u32 = 1 << 20;

// Beside the flags of TCP, which have 8 bits.
/** The receiver drops it unless the capture lacks something: used only when it is acknowledged. */
export const IS_UNACCEPTABLE: u32 = 0x100;
/** Its checksum is wrong. */
const IS_WRONG: u32 = 0x200;
/** One copy has its FIN where another has bytes: behind the unknown bytes there may be nothing. */
export const IS_PERHAPS_OVER: u32 = 0x400;

// Of the segment at hand.
/** Sequence number behind it. */
let end: u32 = 0;
/** Its bytes from this sequence number on are unknown. */
let certain: u32 = 0;
/** Bytes of its payload that are not accounted for yet. */
let left: u32 = 0;

/**
 * Files the segment at hand, or what is left of it beside the others. Its checksum is not looked at where
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
  const placed = place(side, link);
  // Beside what is filed now there is what was there before.
  count(placed ? COUNTER_PAYLOAD_REPEATED : COUNTER_PAYLOAD_GAP, left);
  return placed;
}

/** Bytes of payload of the segment at hand: an urgent byte is none of the stream. */
// @ts-ignore: decorator
@inline
function payloadOfThis(): u32 {
  return packet.flags & TCP_URG ? 0 : packet.size;
}

/**
 * Looks at the checksum of the segment at hand. Those of what a host sends are wrong as a rule, because its
 * interface puts them in: only where right ones are seen does a wrong one say something.
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
 * Compares the segment at hand with all that waits where it would lie. Removes what gives way to it, and
 * makes unknown what it contradicts. Returns false where the segment at hand is the one that gives way.
 */
function contend(side: Side, link: usize, otherNext: u32): bool {
  const weak = isUnacceptable(side, packet.flags) || before(otherNext, packet.ack);
  for (let at = <usize>load<u32>(link); at; at = <usize>load<u32>(link)) {
    const segment = changetype<Waiting>(at);
    if (!before(segment.sequence, end)) break;
    const different = findDifference(segment);
    const over = findEnd(segment);
    // One that acknowledges what was not seen may only have been captured in another order.
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

// What `findDifference` found: from the first byte that differs to the last, as offsets in the segment that
// waits.
let differsFrom: u32 = 0;
let differsTo: u32 = 0;

/** Whether the segment at hand has other bytes than one that waits. */
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

/** Where the stream ends by one of two copies, and goes on by the other: what `findEnd` found. */
let endsAt: u32 = 0;

/** Whether the segment at hand has bytes where one that waits has its FIN, or the other way round. */
function findEnd(segment: Waiting): bool {
  const here = packet.sequence + packet.size;
  const there = segment.sequence + segment.size;
  if (here == there) return false;
  const first = before(here, there);
  endsAt = first ? here : there;
  const hasFin = ((first ? packet.flags : segment.flags) & TCP_FIN) != 0;
  return hasFin && !before(endsAt, first ? segment.sequence : packet.sequence);
}

/** Neither copy has an end, and the bytes behind it are unknown. */
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

/** Files the segment at hand between the others, in the pieces that these leave. */
function place(side: Side, link: usize): bool {
  let at = before(packet.sequence, side.next) ? side.next : packet.sequence;
  while (before(at, end)) {
    const address = <usize>load<u32>(link);
    const segment = changetype<Waiting>(address);
    const over = address != 0 && before(segment.sequence, end);
    const to = over ? segment.sequence : end;
    if (before(at, to)) {
      if (!file(side, link, at, to)) return false;
      link = <usize>load<u32>(link) + offsetof<Waiting>('next');
    }
    if (!over) return true;
    accountUnknown(segment, at);
    if (before(at, endOf(segment))) at = endOf(segment);
    link = address + offsetof<Waiting>('next');
  }
  return true;
}

/** Accounts for bytes of the segment at hand behind `at` that lie over unknown ones of one that waits. */
function accountUnknown(segment: Waiting, at: u32): void {
  let from = segment.sequence + segment.unknownFrom;
  let to = segment.sequence + segment.unknownTo;
  if (before(from, at)) from = at;
  if (before(packet.sequence + packet.size, to)) to = packet.sequence + packet.size;
  if (left == 0 || !before(from, to)) return;
  countPayload(COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY, to - from);
  left -= to - from;
}

/** Puts [from, to) of the segment at hand where `link` points. */
function file(side: Side, link: usize, from: u32, to: u32): bool {
  const skipped = from - packet.sequence;
  // All but the last piece are without the FIN.
  const bytes = (to == end ? packet.sequence + packet.size : to) - from;
  const known = packet.captured > skipped ? min(packet.captured - skipped, bytes) : 0;
  if (side.queued + charge(known) > WAITING_MAX) return false;
  const segment = copySegment(known ? packet.payload + skipped : packet.payload, known);
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

/** Up to where the receiver has all, as far as is known. */
export function reachOf(side: Side): u32 {
  let reach = side.next;
  for (let at = <usize>side.queue; at; at = changetype<Waiting>(at).next) {
    const segment = changetype<Waiting>(at);
    if (before(reach, segment.sequence) || isUnacceptable(side, segment.flags)) break;
    if (before(reach, endOf(segment))) reach = endOf(segment);
  }
  return reach;
}

/** Where the last of what waits ends; `next` where nothing does. */
export function furthestOf(side: Side): u32 {
  let furthest = side.next;
  for (let at = <usize>side.queue; at; at = changetype<Waiting>(at).next) {
    const segment = changetype<Waiting>(at);
    if (!isUnacceptable(side, segment.flags)) furthest = endOf(segment);
  }
  return furthest;
}

/** Drops what the receiver would have acknowledged if it had it: there will be no more. */
export function dropUnacceptable(side: Side): void {
  let link: usize = changetype<usize>(side) + offsetof<Side>('queue');
  for (let at = <usize>load<u32>(link); at; at = <usize>load<u32>(link)) {
    const segment = changetype<Waiting>(at);
    if (isUnacceptable(side, segment.flags) && before(side.acked, endOf(segment))) refuse(side, link);
    else link = at + offsetof<Waiting>('next');
  }
}
