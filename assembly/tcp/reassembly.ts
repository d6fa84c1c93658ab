/**
 * Turns segments into bytes in order. Each direction delivers the segment that comes next and keeps early
 * ones back. A segment also waits while it acknowledges bytes of the other direction that have not been seen,
 * because a capture may show an answer before its request. Bytes waited for too long are missing from the
 * capture, and are skipped as a gap.
 */
import {
  AGREED, CLIENT, Flow, KNOWN_OVER, SCALE_MAX, scaleOf, SEEN_TWICE, SERVER, Side, sideOf,
} from '../flow/flow';
import { askForEarly, endAsking } from '../flow/uncut';
import { count, isPast } from '../instance';
import {
  COUNTER_AMBIGUOUS_COPIES, COUNTER_BOUND_REORDER, COUNTER_DUPLICATES, COUNTER_OUT_OF_ORDER,
  COUNTER_PAYLOAD_GAP, COUNTER_PAYLOAD_REPEATED, COUNTER_PAYLOAD_SKIPPED_REFUSED, COUNTER_REFUSED_SEGMENTS,
  COUNTER_RETRANSMITTED,
} from '../layout';
import { Packet, packet, reservePacket, TIME_UNKNOWN } from '../packet';
import {
  bytes, gap, GAP_CONTRADICTORY, GAP_NOT_CAPTURED, GAP_NOT_SEEN, GAP_PERHAPS_OVER, isProven, leftOut,
  messages, unread,
} from '../stream';
import { before, TCP_FIN, TCP_URG, WINDOW_MAX } from '../wire/tcp';
import { becomesHalf } from './half';
import {
  dropUnacceptable, IS_LATER_PART, IS_LEFT_OUT, IS_MESSAGES, IS_PERHAPS_OVER, IS_UNACCEPTABLE, isUnacceptable,
  keepEarly,
} from './overlap';
import { beginParts, nextPart } from './parts';
import { bytesAt, dropFirst, dropWaiting, endOf, messagesAt, runOf, Waiting } from './waiting';

/** Missing bytes are given up after this many further segments of the flow: no capture reorders so far. */
const STUCK_SEGMENTS: u32 = 64;
/** They are also given up after this many milliseconds of packet time. */
const STUCK_MS: u64 = 200;

/** Stands for the packet of a segment that waited, and for bytes that no packet showed. */
let late: Packet = changetype<Packet>(0);

export function createReassembly(): void {
  late = reservePacket();
}

/** Skips bytes that were never seen. */
function skipHole(flow: Flow, index: u32, size: u32): void {
  late.time = TIME_UNKNOWN;
  skip(flow, index, size, GAP_NOT_SEEN);
}

/** Hands on the next `size` bytes of a side as a gap, at the time of `late`. `why` is GAP_* of stream.ts. */
function skip(flow: Flow, index: u32, size: u32, why: u32): void {
  late.size = size;
  late.captured = 0;
  sideOf(flow, index).next += size;
  gap(flow, index, late, why);
}

/** The same for bytes that the BPF program left out, or of which it made messages that are not whole. */
function skipLeftOut(flow: Flow, index: u32, size: u32, flags: u32): void {
  late.size = size;
  late.captured = 0;
  sideOf(flow, index).next += size;
  if (flags & IS_MESSAGES) unread(flow, index, late);
  else leftOut(flow, index, late);
}

/** Ends a side with its FIN, which counts as one byte (RFC 9293, section 3.4). */
// @ts-ignore: decorator
@inline
function takeFin(side: Side): void {
  if (side.finDone) return;
  side.finDone = 1;
  side.known = KNOWN_OVER;
  side.next++;
}

/**
 * Takes the current segment, which has payload or a FIN, as one of the given side. With TCP_URG set its bytes
 * are not part of the stream. Where `l4` is 0 its checksum is not checked.
 */
export function takeSegment(flow: Flow, index: u32): void {
  const at = packet;
  const side = sideOf(flow, index);
  const other = sideOf(flow, 1 - index);
  const flags = at.flags;
  // Nearly every segment is in order, finds nothing waiting, and acknowledges only bytes that were seen.
  if (
    at.sequence == side.next && side.queue == 0 && !before(other.next, at.ack) &&
    !(flags & (TCP_URG | IS_UNACCEPTABLE))
  ) {
    side.ifindex = <u8>at.seenOn;
    if (flags & IS_MESSAGES) deliverMessages(flow, side, index);
    else if (at.holes == 0) deliver(flow, index);
    else for (beginParts(); nextPart(); ) deliver(flow, index);
    if (flags & TCP_FIN) takeFin(side);
    if (other.queue) pump(flow);
    if (isProven(flow)) endAsking(flow);
    return;
  }
  takeOutOfOrder(flow, index);
}

/** Hands on the current segment, or part of one, as the next bytes of a side. */
// @ts-ignore: decorator
@inline
function deliver(flow: Flow, index: u32): void {
  const at = packet;
  const side = sideOf(flow, index);
  side.next += at.captured;
  if (at.captured) bytes(flow, index, at);
  if (at.captured == at.size) return;
  side.next += at.size - at.captured;
  if (at.flags & IS_LEFT_OUT) leftOut(flow, index, at);
  else gap(flow, index, at, GAP_NOT_CAPTURED);
}

/** Hands on the messages of the current segment, of a message record, as the next bytes of a side. */
// @ts-ignore: decorator
@inline
function deliverMessages(flow: Flow, side: Side, index: u32): void {
  side.next += packet.size;
  messages(flow, index, packet);
}

/** Takes any other segment: its new bytes are queued, and delivered if they are due. */
function takeOutOfOrder(flow: Flow, index: u32): void {
  const at = packet;
  const side = sideOf(flow, index);
  const other = sideOf(flow, 1 - index);
  const behind = <i32>(side.next - at.sequence);
  const size: u32 = at.flags & TCP_URG ? 0 : at.size;
  if (behind > WINDOW_MAX || behind < -WINDOW_MAX) {
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, size);
    return;
  }
  if (side.finDone || behind > 0) {
    // A packet that crosses several interfaces is captured on each; only a retransmission comes from the
    // peer.
    if (at.size) {
      if (behind <= 0) count(COUNTER_REFUSED_SEGMENTS);
      else if (<u8>at.seenOn == side.ifindex && !(flow.agreed & SEEN_TWICE)) count(COUNTER_RETRANSMITTED);
      else count(COUNTER_DUPLICATES);
    }
    if (side.finDone || <u32>behind >= at.size + (at.flags & TCP_FIN)) {
      // No byte follows a FIN.
      const repeated: u32 = behind > 0 ? min(<u32>behind, size) : 0;
      count(COUNTER_PAYLOAD_REPEATED, repeated);
      count(COUNTER_PAYLOAD_SKIPPED_REFUSED, size - repeated);
      return;
    }
  } else if (behind < 0) {
    count(COUNTER_OUT_OF_ORDER);
    at.flags |= beyondWindow(flow, index);
  }
  if (at.flags & IS_MESSAGES) askForEarly(flow);
  // A segment must not wait for an acknowledgement number outside any window.
  const apart = <i32>(at.ack - other.next);
  if (apart > WINDOW_MAX || apart < -WINDOW_MAX) {
    at.flags |= IS_UNACCEPTABLE;
    at.ack = other.next;
  }
  if (!(at.holes ? keepParts(side, other.next) : keepEarly(side, other.next))) {
    // `keepEarly` has counted the bytes that found no room as a gap.
    count(COUNTER_BOUND_REORDER);
    if (becomesHalf(flow)) drain(flow);
    else force(flow, true);
    return;
  }
  pump(flow);
}

/** Queues the current segment part by part. Returns false when memory is used up. */
function keepParts(side: Side, otherNext: u32): bool {
  let kept = true;
  for (beginParts(); nextPart(); ) {
    if (kept) kept = keepEarly(side, otherNext);
    else count(COUNTER_PAYLOAD_GAP, packet.size);
  }
  return kept;
}

/**
 * Returns IS_UNACCEPTABLE where the current, early segment begins beyond the receiver's window, else 0. Where
 * the handshake was not seen the window's scale is unknown, and the largest one is assumed (RFC 7323, section
 * 2.3).
 */
function beyondWindow(flow: Flow, index: u32): u32 {
  const window = <u32>bswap<u16>(sideOf(flow, 1 - index).window);
  if (window == 0) return 0;
  const ahead = <i32>(packet.sequence - sideOf(flow, index).acked);
  const scale = flow.agreed & AGREED ? scaleOf(flow, 1 - index) : SCALE_MAX;
  return ahead >= <i32>(window << scale) ? IS_UNACCEPTABLE : 0;
}

/** Delivers every segment that is due, and gives up bytes that have been waited for too long. */
export function pump(flow: Flow): void {
  const time = packet.time;
  drain(flow);
  if (sideOf(flow, CLIENT).queue == 0 && sideOf(flow, SERVER).queue == 0) {
    flow.stuck = 0;
    return;
  }
  if (flow.stuck == 0) flow.stuckTime = time;
  flow.stuck++;
  if (flow.stuck > STUCK_SEGMENTS || isPast(flow.stuckTime, time, STUCK_MS)) giveUp(flow);
}

/** Gives up missing bytes. Where they are all bytes of one side, the other side is read alone. */
function giveUp(flow: Flow): void {
  if (!becomesHalf(flow)) {
    // A side read alone has no peer to acknowledge its bytes.
    force(flow, flow.half != 0);
    return;
  }
  flow.stuck = 0;
  drain(flow);
}

/** Delivers the first segments of both queues as long as one is due. */
function drain(flow: Flow): void {
  for (;;) {
    const client = drainSide(flow, CLIENT);
    const server = drainSide(flow, SERVER);
    if (!client && !server && !isCircular(flow)) return;
  }
}

/**
 * Whether the next segments of both sides acknowledge each other, which is impossible: the client's
 * acknowledges bytes that were never sent, or it is a retransmission. Its acknowledgement is then ignored.
 */
function isCircular(flow: Flow): bool {
  const client = sideOf(flow, CLIENT);
  const server = sideOf(flow, SERVER);
  if (!client.queue || !server.queue) return false;
  const asked = changetype<Waiting>(<usize>client.queue);
  const said = changetype<Waiting>(<usize>server.queue);
  if (asked.sequence != client.next || said.sequence != server.next) return false;
  if (!before(server.next, asked.ack) || !before(client.next, said.ack)) return false;
  asked.ack = server.next;
  return true;
}

function drainSide(flow: Flow, index: u32): bool {
  const side = sideOf(flow, index);
  const other = sideOf(flow, 1 - index);
  let progress = false;
  while (side.queue) {
    const segment = changetype<Waiting>(<usize>side.queue);
    const behind = <i32>(side.next - segment.sequence);
    if (behind < 0 || before(other.next, segment.ack)) break;
    if (isUnacceptable(side, segment.flags) && before(side.acked, endOf(segment))) break;
    progress = true;
    const offset = <u32>behind;
    if (segment.flags & TCP_URG) {
      if (offset < segment.size) side.next += segment.size - offset;
    } else if (offset >= segment.size) {
      count(COUNTER_PAYLOAD_REPEATED, segment.size);
    } else {
      count(COUNTER_PAYLOAD_REPEATED, offset);
      deliverWaiting(flow, index, segment, offset);
    }
    if (segment.flags & TCP_FIN && side.next == segment.sequence + segment.size) takeFin(side);
    dropFirst(side);
    // No byte follows a FIN.
    if (side.finDone) dropWaiting(side);
  }
  return progress;
}

/** Delivers a segment that waited, from `offset` on. Its unknown and its uncaptured bytes are gaps. */
function deliverWaiting(flow: Flow, index: u32, segment: Waiting, offset: u32): void {
  const side = sideOf(flow, index);
  late.time = segment.time;
  late.ordinal = segment.ordinal;
  late.ack = segment.ack;
  late.starts = offset == 0 && !(segment.flags & IS_LATER_PART) ? 1 : 0;
  if (segment.messages && offset == 0) {
    lateMessages(flow, index, segment);
    return;
  }
  while (offset < segment.size) {
    const from = segment.unknownFrom;
    const to = segment.unknownTo;
    let run: u32;
    if (offset >= from && offset < to) {
      count(COUNTER_AMBIGUOUS_COPIES);
      run = to - offset;
      skip(flow, index, run, segment.flags & IS_PERHAPS_OVER ? GAP_PERHAPS_OVER : GAP_CONTRADICTORY);
    } else if (offset < segment.captured) {
      run = runOf(segment, offset);
      if (offset < from) run = min(run, from - offset);
      side.next += run;
      late.payload = <u32>bytesAt(segment, offset);
      late.captured = run;
      bytes(flow, index, late);
    } else {
      run = (offset < from ? from : segment.size) - offset;
      if (segment.flags & (IS_LEFT_OUT | IS_MESSAGES)) skipLeftOut(flow, index, run, segment.flags);
      else skip(flow, index, run, GAP_NOT_CAPTURED);
    }
    offset += run;
    late.starts = 0;
  }
}

/** Delivers the messages of a segment that waited. */
function lateMessages(flow: Flow, index: u32, segment: Waiting): void {
  late.size = segment.size;
  late.captured = 0;
  late.messages = <u32>messagesAt(segment);
  late.end = late.messages + segment.messages;
  sideOf(flow, index).next += segment.size;
  if (segment.unknownFrom == segment.unknownTo) messages(flow, index, late);
  else unread(flow, index, late);
}

/**
 * Skips the hole that holds up delivery. Where the peer has acknowledged bytes beyond it, the hole was sent
 * and only the capture lacks it. Without that proof it is skipped only where `must` is set.
 */
function force(flow: Flow, must: bool): void {
  if (must) {
    dropUnacceptable(sideOf(flow, CLIENT));
    dropUnacceptable(sideOf(flow, SERVER));
    drain(flow);
  }
  for (let rounds = 0; rounds < 8; rounds++) {
    if (!forceSide(flow, CLIENT, false) && !forceSide(flow, SERVER, false)) {
      if (!must || (!forceSide(flow, CLIENT, true) && !forceSide(flow, SERVER, true))) break;
    }
    drain(flow);
    if (sideOf(flow, CLIENT).queue == 0 && sideOf(flow, SERVER).queue == 0) {
      flow.stuck = 0;
      return;
    }
  }
  flow.stuck = 1;
  flow.stuckTime = packet.time;
}

function forceSide(flow: Flow, index: u32, must: bool): bool {
  const side = sideOf(flow, index);
  const proven = <i32>(side.acked - side.next);
  if (side.queue == 0) {
    // No segment of this side waits, but one of the other side may wait for its bytes.
    if (proven <= 0 || sideOf(flow, 1 - index).queue == 0) return false;
    skipHole(flow, index, proven);
    return true;
  }
  const hole = <i32>(changetype<Waiting>(<usize>side.queue).sequence - side.next);
  if (hole <= 0) {
    // There is no hole: the segment waits for the bytes it acknowledges.
    return false;
  }
  if (proven <= 0 && !must) return false;
  skipHole(flow, index, must ? hole : min(hole, proven));
  return true;
}

/**
 * At the end of a flow, takes one last byte that was acknowledged but not seen for the FIN: a FIN before all
 * payload is not kept, because a flow begins with its first payload.
 */
function takeUnseenFin(side: Side): void {
  if (side.queue == 0 && side.known && side.acked - side.next == 1) takeFin(side);
}

/**
 * Delivers the waiting segments of a flow that is over, and skips the holes between them. Where the flow was
 * `reset`, the receiver got only the bytes it acknowledged.
 */
export function flush(flow: Flow, reset: bool): void {
  const client = sideOf(flow, CLIENT);
  const server = sideOf(flow, SERVER);
  drain(flow);
  if (client.queue || server.queue) {
    becomesHalf(flow);
    drain(flow);
  }
  dropUnacceptable(client);
  dropUnacceptable(server);
  drain(flow);
  takeUnseenFin(client);
  takeUnseenFin(server);
  drain(flow);
  // Every round skips at least one hole or ends, and the queues are bounded.
  while (client.queue || server.queue) {
    if (
      !forceSide(flow, CLIENT, false) && !forceSide(flow, SERVER, false) &&
      (reset || (!forceSide(flow, CLIENT, true) && !forceSide(flow, SERVER, true)))
    ) break;
    drain(flow);
  }
  dropWaiting(client);
  dropWaiting(server);
}
