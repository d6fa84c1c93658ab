/**
 * From segments to bytes in order: each direction delivers what comes next, and holds back what came
 * early. A segment is also held back while it acknowledges bytes of the other direction that have not
 * been seen: a capture may show an answer before its request. What stays stuck for long was lost to the
 * capture, and is skipped as a gap.
 */
import {
  AGREED, CLIENT, Flow, FLOW_NEW, KNOWN_OVER, SCALE_MAX, scaleOf, SERVER, Side, sideOf, SYNC_NONE,
} from '../flow/flow';
import { count, indexState, seenOn } from '../instance';
import {
  COUNTER_AMBIGUOUS_COPIES, COUNTER_BOUND_REORDER, COUNTER_DUPLICATES, COUNTER_GAPS, COUNTER_GAP_BYTES,
  COUNTER_OUT_OF_ORDER, COUNTER_PAYLOAD_GAP, COUNTER_PAYLOAD_MISSING, COUNTER_PAYLOAD_REPEATED,
  COUNTER_PAYLOAD_SKIPPED_AFTER_QUIT, COUNTER_PAYLOAD_SKIPPED_REFUSED, COUNTER_PAYLOAD_SKIPPED_STREAM,
  COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY, COUNTER_REFUSED_SEGMENTS, COUNTER_RETRANSMITTED, COUNTER_VALUE_GAPS,
} from '../layout';
import { clientBytes } from '../match/client';
import { finishImplied, isImplied, serverBytes } from '../match/server';
import { CLIENT_DATA, CLIENT_UNKNOWN, CLIENT_OVER, SERVER_DATA, SERVER_LINE, SERVER_STREAM } from '../match/states';
import { dataDone } from '../match/submit';
import { loseSync } from '../match/sync';
import { LOGIN_BOTH } from '../memcache/credentials';
import {
  beginDelivery, countAs, endDelivery, passOver, settleHeld, skipPayload, takeUnread, WHY_AFTER_GAP,
} from '../payload';
import { before, TCP_FIN, TCP_URG } from '../wire/tcp';
import { dropDoubtful, IS_DOUBTFUL, IS_PERHAPS_OVER, isDoubtful, keepEarly } from './copies';
import { bytesAt, dropFirst, dropWaiting, endOf, runOf, Waiting } from './waiting';

/** Segments a flow may see before what it waits for counts as lost: beyond any reordering in a capture. */
const STUCK_SEGMENTS: u32 = 64;
/** Or this long by the packets' clock, ms. */
const STUCK_MS: u64 = 200;
/** Sequence numbers further apart are not of one window (RFC 7323 allows windows below 2^30). */
const WINDOW: i32 = 1 << 30;

/** Hands bytes to their parser. */
// @ts-ignore: decorator
@inline
function deliver(flow: Flow, side: u32, at: usize, size: u32, time: u64, ordinal: u64, ack: u32, start: bool): void {
  const from = sideOf(flow, side);
  beginDelivery(flow, from, size);
  if (side == CLIENT) clientBytes(flow, at, at + size, time, ordinal, ack, start);
  else serverBytes(flow, at, at + size, time, ordinal, ack);
  endDelivery(flow, from);
}

/** Skips bytes that were never seen. */
function skipHole(flow: Flow, index: u32, size: u32, time: u64): void {
  count(COUNTER_PAYLOAD_MISSING, size);
  skipGap(flow, index, size, time);
}

/** Skips bytes that were seen and cannot be read; outside of values they count as `counter`. */
function skipUnread(flow: Flow, index: u32, size: u32, time: u64, counter: u32): void {
  const side = sideOf(flow, index);
  const state = side.state;
  if (flow.kind > FLOW_NEW) {
    side.next += size;
    skipPayload(flow.kind, size);
    return;
  }
  if (flow.sync == SYNC_NONE) passOver(flow, size);
  else if (index == CLIENT && state == CLIENT_OVER) count(COUNTER_PAYLOAD_SKIPPED_AFTER_QUIT, size);
  else if (index == SERVER && state == SERVER_STREAM) count(COUNTER_PAYLOAD_SKIPPED_STREAM, size);
  else if (isInData(index, side) && size <= side.skip) takeUnread(flow, size);
  else if (index == SERVER && state == SERVER_DATA && isImplied(flow, size - side.skip)) takeUnread(flow, size);
  else countAs(counter, size);
  skipGap(flow, index, size, time);
}

// @ts-ignore: decorator
@inline
function isInData(index: u32, side: Side): bool {
  return index == CLIENT ? side.state == CLIENT_DATA : side.state == SERVER_DATA;
}

/** Skips bytes that will never be read. Inside data of a known length that costs nothing but those bytes. */
function skipGap(flow: Flow, index: u32, size: u32, time: u64): void {
  const side = sideOf(flow, index);
  side.next += size;
  count(COUNTER_GAP_BYTES, size);
  if (flow.sync == SYNC_NONE) return;
  if (isInData(index, side) && size <= side.skip) {
    count(COUNTER_VALUE_GAPS);
    side.skip -= size;
    // Not seen, so perhaps a name and a password.
    if (index == CLIENT && flow.login) flow.login = LOGIN_BOTH;
    if (side.skip == 0) {
      if (index == CLIENT) dataDone(flow, side, time);
      else side.state = SERVER_LINE;
    }
    return;
  }
  if (index == SERVER && side.state == SERVER_DATA && isImplied(flow, size - side.skip)) {
    count(COUNTER_VALUE_GAPS);
    finishImplied(flow, side);
    settleHeld(flow);
    return;
  }
  if (index == CLIENT ? side.state == CLIENT_OVER || side.state == CLIENT_UNKNOWN : side.state == SERVER_STREAM) return;
  losePlace(flow);
}

/** Nothing of the flow is believed any more until it is proven. */
function losePlace(flow: Flow): void {
  count(COUNTER_GAPS);
  loseSync(flow, WHY_AFTER_GAP);
  settleHeld(flow);
}

/** Delivers the payload of one segment from `skip` on, its uncaptured tail as a gap. */
function deliverSegment(
  flow: Flow, index: u32, payload: usize, size: u32, captured: u32, time: u64, ordinal: u64, ack: u32, start: bool,
): void {
  const side = sideOf(flow, index);
  side.next += captured;
  if (captured) deliver(flow, index, payload, captured, time, ordinal, ack, start);
  if (captured < size) skipUnread(flow, index, size - captured, time, COUNTER_PAYLOAD_GAP);
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
 * Takes one segment with payload or FIN. `captured` of its `size` payload bytes lie at `payload`; with
 * TCP_URG it is bytes that are not for the stream. Its header lies at `tcp`, 0 where it shall not be looked at.
 */
export function takeSegment(
  flow: Flow, index: u32, sequence: u32, ack: u32, flags: u32, tcp: usize, payload: usize, size: u32, captured: u32,
  time: u64, ordinal: u64,
): void {
  const side = sideOf(flow, index);
  const other = sideOf(flow, 1 - index);
  // In order, nothing waiting, and nothing acknowledged that was not seen: the path nearly all take.
  if (sequence == side.next && side.queue == 0 && !before(other.next, ack) && !(flags & (TCP_URG | IS_DOUBTFUL))) {
    side.ifindex = <u8>seenOn;
    deliverSegment(flow, index, payload, size, captured, time, ordinal, ack, true);
    if (flags & TCP_FIN) takeFin(side);
    if (other.queue) pump(flow, time);
    return;
  }
  takeOutOfOrder(flow, index, sequence, ack, flags, tcp, payload, size, captured, time, ordinal);
}

/** Any other segment: what is new of it waits for its turn, which may have come. */
function takeOutOfOrder(
  flow: Flow, index: u32, sequence: u32, ack: u32, flags: u32, tcp: usize, payload: usize, size: u32, captured: u32,
  time: u64, ordinal: u64,
): void {
  const side = sideOf(flow, index);
  const other = sideOf(flow, 1 - index);
  const behind = <i32>(side.next - sequence);
  const bytes: u32 = flags & TCP_URG ? 0 : size;
  if (behind > WINDOW || behind < -WINDOW) {
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, bytes);
    return;
  }
  if (side.finDone || behind > 0) {
    // A packet that crosses several interfaces is seen on each; only the peer sends anything again.
    if (size) {
      if (behind <= 0) count(COUNTER_REFUSED_SEGMENTS);
      else count(<u8>seenOn == side.ifindex ? COUNTER_RETRANSMITTED : COUNTER_DUPLICATES);
    }
    if (side.finDone || <u32>behind >= size + (flags & TCP_FIN)) {
      // Nothing comes behind a FIN.
      const repeated: u32 = behind > 0 ? min(<u32>behind, bytes) : 0;
      count(COUNTER_PAYLOAD_REPEATED, repeated);
      count(COUNTER_PAYLOAD_SKIPPED_REFUSED, bytes - repeated);
      return;
    }
  } else if (behind < 0) {
    count(COUNTER_OUT_OF_ORDER);
    flags |= beyondWindow(flow, side, other, index, sequence);
  }
  // An acknowledgement far off is noise and must not hold anything back.
  const apart = <i32>(ack - other.next);
  if (apart > WINDOW || apart < -WINDOW) {
    flags |= IS_DOUBTFUL;
    ack = other.next;
  }
  // Where nothing is captured there is no address either: it might lie outside the memory.
  if (!keepEarly(side, other.next, sequence, tcp, payload, size, captured, ack, flags, time, ordinal)) {
    count(COUNTER_BOUND_REORDER);
    force(flow, time, true);
    return;
  }
  pump(flow, time);
}

/**
 * What the window says of an early segment: the receiver drops what begins where it ends. Without the handshake
 * its scale is not known, only how large it may be (RFC 7323, section 2.3).
 */
function beyondWindow(flow: Flow, side: Side, other: Side, index: u32, sequence: u32): u32 {
  const window = <u32>bswap<u16>(other.window);
  if (window == 0) return 0;
  const ahead = <i32>(sequence - side.acked);
  const scale = flow.agreed & AGREED ? scaleOf(flow, 1 - index) : SCALE_MAX;
  return ahead >= <i32>(window << scale) ? IS_DOUBTFUL : 0;
}

/** Delivers what has become deliverable; gives up on what has been stuck for too long. */
export function pump(flow: Flow, time: u64): void {
  drain(flow);
  if (sideOf(flow, CLIENT).queue == 0 && sideOf(flow, SERVER).queue == 0) {
    flow.stuck = 0;
    return;
  }
  if (flow.stuck == 0) flow.stuckTime = time;
  flow.stuck++;
  const ms: u64 = indexState.second / 1000;
  if (flow.stuck > STUCK_SEGMENTS || <i64>(time - flow.stuckTime) > <i64>(STUCK_MS * ms)) force(flow, time, false);
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
 * Whether each side's next segment acknowledges the other's, which no two can: what the client's acknowledges was
 * never sent, or was sent again. It is passed over.
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
    if (isDoubtful(side, segment.flags) && before(side.acked, endOf(segment))) break;
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

/** Delivers a segment that waited, from `offset` on; what is unknown of it and what was not captured are gaps. */
function deliverWaiting(flow: Flow, index: u32, segment: Waiting, offset: u32): void {
  const side = sideOf(flow, index);
  const time = segment.time;
  for (let start = offset == 0; offset < segment.size; start = false) {
    const from = segment.unknownFrom;
    const to = segment.unknownTo;
    if (offset >= from && offset < to) {
      count(COUNTER_AMBIGUOUS_COPIES);
      if (segment.flags & IS_PERHAPS_OVER && flow.sync != SYNC_NONE) losePlace(flow);
      skipUnread(flow, index, to - offset, time, COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY);
      offset = to;
    } else if (offset < segment.captured) {
      let run = runOf(segment, offset);
      if (offset < from) run = min(run, from - offset);
      side.next += run;
      deliver(flow, index, bytesAt(segment, offset), run, time, segment.ordinal, segment.ack, start);
      offset += run;
    } else {
      const run = (offset < from ? from : segment.size) - offset;
      skipUnread(flow, index, run, time, COUNTER_PAYLOAD_GAP);
      offset += run;
    }
  }
}

/**
 * Skips the hole that holds up delivery. The peer's acknowledgement beyond it proves that the bytes
 * were there and only the capture lacks them. Without that proof the hole is waited for, unless `must`.
 */
export function force(flow: Flow, time: u64, must: bool): void {
  if (must) {
    dropDoubtful(sideOf(flow, CLIENT));
    dropDoubtful(sideOf(flow, SERVER));
    drain(flow);
  }
  for (let rounds = 0; rounds < 8; rounds++) {
    if (!forceSide(flow, CLIENT, time, false) && !forceSide(flow, SERVER, time, false)) {
      if (!must || (!forceSide(flow, CLIENT, time, true) && !forceSide(flow, SERVER, time, true))) break;
    }
    drain(flow);
    if (sideOf(flow, CLIENT).queue == 0 && sideOf(flow, SERVER).queue == 0) {
      flow.stuck = 0;
      return;
    }
  }
  flow.stuck = 1;
  flow.stuckTime = time;
}

function forceSide(flow: Flow, index: u32, time: u64, must: bool): bool {
  const side = sideOf(flow, index);
  const proven = <i32>(side.acked - side.next);
  if (side.queue == 0) {
    // Nothing of this side waits, but the other may wait for it.
    if (proven <= 0 || sideOf(flow, 1 - index).queue == 0) return false;
    skipHole(flow, index, proven, time);
    return true;
  }
  const hole = <i32>(changetype<Waiting>(<usize>side.queue).sequence - side.next);
  if (hole <= 0) {
    // Held back by its acknowledgement alone.
    return false;
  }
  if (proven <= 0 && !must) return false;
  skipHole(flow, index, must ? hole : min(hole, proven), time);
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
 * The flow is over: what waits is delivered as far as it goes, holes and all. Of one that was reset the receiver
 * got only what it acknowledged.
 */
export function flush(flow: Flow, time: u64, reset: bool): void {
  const client = sideOf(flow, CLIENT);
  const server = sideOf(flow, SERVER);
  drain(flow);
  dropDoubtful(client);
  dropDoubtful(server);
  drain(flow);
  takeUnseenFin(client);
  takeUnseenFin(server);
  drain(flow);
  // Every round skips at least one hole or ends; the lists are bounded.
  while (client.queue || server.queue) {
    if (
      !forceSide(flow, CLIENT, time, false) && !forceSide(flow, SERVER, time, false) &&
      (reset || (!forceSide(flow, CLIENT, time, true) && !forceSide(flow, SERVER, time, true)))
    ) break;
    drain(flow);
  }
  dropWaiting(client);
  dropWaiting(server);
}
