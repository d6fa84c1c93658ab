/**
 * From segments to bytes in order: each direction delivers what comes next, and holds back what came
 * early. A segment is also held back while it acknowledges bytes of the other direction that have not
 * been seen: a capture may show an answer before its request. What stays stuck for long was lost to the
 * capture, and is skipped as a gap.
 */
import {
  AGREED, CLIENT, Flow, KNOWN_OVER, SCALE_MAX, scaleOf, SEEN_TWICE, SERVER, Side, sideOf,
} from '../flow/flow';
import { count, isPast } from '../instance';
import {
  COUNTER_AMBIGUOUS_COPIES, COUNTER_BOUND_REORDER, COUNTER_DUPLICATES, COUNTER_OUT_OF_ORDER,
  COUNTER_PAYLOAD_REPEATED, COUNTER_PAYLOAD_SKIPPED_REFUSED, COUNTER_REFUSED_SEGMENTS, COUNTER_RETRANSMITTED,
} from '../layout';
import { Packet, packet, reservePacket } from '../packet';
import { bytes, gap, GAP_CONTRADICTORY, GAP_NOT_CAPTURED, GAP_NOT_SEEN, GAP_PERHAPS_OVER } from '../stream';
import { before, TCP_FIN, TCP_URG, WINDOW_MAX } from '../wire/tcp';
import { becomesHalf } from './half';
import { dropUnacceptable, IS_UNACCEPTABLE, IS_PERHAPS_OVER, isUnacceptable, keepEarly } from './overlap';
import { bytesAt, dropFirst, dropWaiting, endOf, runOf, Waiting } from './waiting';

/** Segments a flow may see before what it waits for counts as lost: beyond any reordering in a capture. */
const STUCK_SEGMENTS: u32 = 64;
/** Or this long by the packets' clock, ms. */
const STUCK_MS: u64 = 200;

/** What is handed on of a segment that waited, and holes no packet stands for. */
let late: Packet = changetype<Packet>(0);

export function createReassembly(): void {
  late = reservePacket();
}

/** Skips bytes that were never seen. */
function skipHole(flow: Flow, index: u32, size: u32): void {
  late.time = packet.time;
  skip(flow, index, size, GAP_NOT_SEEN);
}

/** Steps over the next bytes of a side, of the time of `late`. */
function skip(flow: Flow, index: u32, size: u32, why: u32): void {
  late.size = size;
  late.captured = 0;
  sideOf(flow, index).next += size;
  gap(flow, index, late, why);
}

/** The side says no more. Its FIN counts as one byte (RFC 9293, section 3.4). */
// @ts-ignore: decorator
@inline
function takeFin(side: Side): void {
  if (side.finDone) return;
  side.finDone = 1;
  side.known = KNOWN_OVER;
  side.next++;
}

/**
 * Takes the segment at hand, with payload or FIN, as one of this side of the flow. With TCP_URG it is bytes
 * that are not for the stream; where `l4` is 0 its checksum is not to be looked at.
 */
export function takeSegment(flow: Flow, index: u32): void {
  const at = packet;
  const side = sideOf(flow, index);
  const other = sideOf(flow, 1 - index);
  const flags = at.flags;
  // In order, nothing waiting, and nothing acknowledged that was not seen: the path nearly all take.
  if (
    at.sequence == side.next && side.queue == 0 && !before(other.next, at.ack) &&
    !(flags & (TCP_URG | IS_UNACCEPTABLE))
  ) {
    side.ifindex = <u8>at.seenOn;
    side.next += at.captured;
    if (at.captured) bytes(flow, index, at);
    if (at.captured < at.size) {
      side.next += at.size - at.captured;
      gap(flow, index, at, GAP_NOT_CAPTURED);
    }
    if (flags & TCP_FIN) takeFin(side);
    if (other.queue) pump(flow);
    return;
  }
  takeOutOfOrder(flow, index);
}

/** Any other segment: what is new of it waits for its turn, which may have come. */
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
    // A packet that crosses several interfaces is seen on each; only the peer sends anything again.
    if (at.size) {
      if (behind <= 0) count(COUNTER_REFUSED_SEGMENTS);
      else if (<u8>at.seenOn == side.ifindex && !(flow.agreed & SEEN_TWICE)) count(COUNTER_RETRANSMITTED);
      else count(COUNTER_DUPLICATES);
    }
    if (side.finDone || <u32>behind >= at.size + (at.flags & TCP_FIN)) {
      // Nothing comes behind a FIN.
      const repeated: u32 = behind > 0 ? min(<u32>behind, size) : 0;
      count(COUNTER_PAYLOAD_REPEATED, repeated);
      count(COUNTER_PAYLOAD_SKIPPED_REFUSED, size - repeated);
      return;
    }
  } else if (behind < 0) {
    count(COUNTER_OUT_OF_ORDER);
    at.flags |= beyondWindow(flow, index);
  }
  // An acknowledgement far off is noise and must not hold anything back.
  const apart = <i32>(at.ack - other.next);
  if (apart > WINDOW_MAX || apart < -WINDOW_MAX) {
    at.flags |= IS_UNACCEPTABLE;
    at.ack = other.next;
  }
  if (!keepEarly(side, other.next)) {
    // What found no room is counted as a gap already.
    count(COUNTER_BOUND_REORDER);
    if (becomesHalf(flow)) drain(flow);
    else force(flow, true);
    return;
  }
  pump(flow);
}

/**
 * What the window says of an early segment: the receiver drops what begins where it ends. Without the
 * handshake its scale is not known, only how large it may be (RFC 7323, section 2.3).
 */
function beyondWindow(flow: Flow, index: u32): u32 {
  const window = <u32>bswap<u16>(sideOf(flow, 1 - index).window);
  if (window == 0) return 0;
  const ahead = <i32>(packet.sequence - sideOf(flow, index).acked);
  const scale = flow.agreed & AGREED ? scaleOf(flow, 1 - index) : SCALE_MAX;
  return ahead >= <i32>(window << scale) ? IS_UNACCEPTABLE : 0;
}

/** Delivers what has become deliverable; gives up on what has been stuck for too long. */
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

/** What was waited for will not come. If that is all of one side, the other is read alone. */
function giveUp(flow: Flow): void {
  if (!becomesHalf(flow)) {
    // Nobody acknowledges what is read alone.
    force(flow, flow.half != 0);
    return;
  }
  flow.stuck = 0;
  drain(flow);
}

/** Delivers heads of both lists as long as one is due. */
function drain(flow: Flow): void {
  for (;;) {
    const client = drainSide(flow, CLIENT);
    const server = drainSide(flow, SERVER);
    if (!client && !server && !isCircular(flow)) return;
  }
}

/**
 * Whether each side's next segment acknowledges the other's, which no two can: what the client's acknowledges
 * was never sent, or was sent again. It is passed over.
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
    // Nothing follows a FIN.
    if (side.finDone) dropWaiting(side);
  }
  return progress;
}

/**
 * Delivers a segment that waited, from `offset` on; what is unknown of it and what was not captured are gaps.
 */
function deliverWaiting(flow: Flow, index: u32, segment: Waiting, offset: u32): void {
  const side = sideOf(flow, index);
  late.time = segment.time;
  late.ordinal = segment.ordinal;
  late.ack = segment.ack;
  late.starts = offset == 0 ? 1 : 0;
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
      skip(flow, index, run, GAP_NOT_CAPTURED);
    }
    offset += run;
    late.starts = 0;
  }
}

/**
 * Skips the hole that holds up delivery. The peer's acknowledgement beyond it proves that the bytes
 * were there and only the capture lacks them. Without that proof the hole is waited for, unless `must`.
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
    // Nothing of this side waits, but the other may wait for it.
    if (proven <= 0 || sideOf(flow, 1 - index).queue == 0) return false;
    skipHole(flow, index, proven);
    return true;
  }
  const hole = <i32>(changetype<Waiting>(<usize>side.queue).sequence - side.next);
  if (hole <= 0) {
    // Held back by its acknowledgement alone.
    return false;
  }
  if (proven <= 0 && !must) return false;
  skipHole(flow, index, must ? hole : min(hole, proven));
  return true;
}

/**
 * At the end of a flow one last byte that was acknowledged and not seen is its FIN: one that came before all
 * data was not kept, because a flow begins with its first payload.
 */
function takeUnseenFin(side: Side): void {
  if (side.queue == 0 && side.known && side.acked - side.next == 1) takeFin(side);
}

/**
 * The flow is over: what waits is delivered as far as it goes, holes and all. Of one that was reset the
 * receiver got only what it acknowledged.
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
  // Every round skips at least one hole or ends; the lists are bounded.
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
