/** The segments of one connection, from its first packet to its end: which of them the receiver accepts. */
import {
  AGREED, AGREED_SACK, AGREED_STAMPS, CLIENT, Flow, FLOW_DUPLICATE, KNOWN, KNOWN_NOT, OVER_TCP, SCALE_MAX,
  scaleOf, SEEN_TWICE, SERVER, Side, sideOf,
} from '../flow/flow';
import { addFlow, find, hasRoom, oldestFlow, removeFlow, touch } from '../flow/table';
import { endUncut } from '../flow/uncut';
import { config, count } from '../instance';
import {
  CONN_KIND_CLOSE_END, CONN_KIND_CLOSE_EVICTED, CONN_KIND_CLOSE_FIN, CONN_KIND_CLOSE_REUSED,
  CONN_KIND_CLOSE_RST, COUNTER_BOUND_FLOWS, COUNTER_FLOWS, COUNTER_PARSED_SEGMENTS, COUNTER_PAYLOAD_GAP,
  COUNTER_PAYLOAD_REPEATED, COUNTER_PAYLOAD_SEEN, COUNTER_PAYLOAD_SKIPPED_REFUSED, COUNTER_REFUSED_SEGMENTS,
  COUNTER_SYN_SEEN,
} from '../layout';
import { countDecoded, packet, setEndpoints } from '../packet';
import {
  close, countDuplicate, countPacket, isBelieved, isRead, open, openDuplicate, skipPacket, sourceIsClient,
} from '../stream';
import { transportLength } from '../wire/ip';
import { readOptions, stampOf } from '../wire/options';
import {
  acknowledgement, before, sequence, TCP_ACK, TCP_FIN, tcpFlags, tcpHeaderSize, TCP_RST, TCP_SYN, TCP_URG,
  urgentPointer, WINDOW_MAX, windowField,
} from '../wire/tcp';
import { findOriginal, isOfEndedFlow, rememberBegun, rememberOver, setInitial } from './duplicates';
import { countHalf, settleHalf, takeHalf } from './half';
import {
  beginWithSyn, findSyn, lagOf, rememberSyn, rememberSynAck, rememberSynAckAlone, Syn, SYN_SENT,
} from './handshake';
import { forgetLingering, isSentBeforeReset, linger } from './linger';
import { furthestOf, IS_MESSAGES, IS_UNACCEPTABLE, reachOf } from './overlap';
import { quickMessages, quickSegment } from './quick';
import { flush, pump, takeSegment } from './reassembly';

/** Decodes the current packet: a TCP segment with complete headers. */
// @ts-ignore: decorator
@inline
export function decodeSegment(): void {
  // Without SIMD every segment takes the long way: what compares the two builds compares both ways.
  if (!ASC_FEATURE_SIMD || !quickSegment()) takeAny();
}

/** Decodes the current packet: the segment of a message record. */
// @ts-ignore: decorator
@inline
export function decodeMessages(): void {
  count(COUNTER_PAYLOAD_SEEN, packet.size);
  count(COUNTER_PARSED_SEGMENTS);
  if (!ASC_FEATURE_SIMD || !quickMessages()) takeMessages();
}

/** The long way for messages. */
function takeMessages(): void {
  const at = packet;
  setEndpoints();
  at.flags = TCP_ACK | IS_MESSAGES;
  // Of the header only the ports are known.
  at.l4 = 0;
  at.payload = 0;
  takeSegmentOf(find());
}

/** Decodes the current segment, as one of this flow if there is one. */
// @ts-ignore: decorator
@inline
function takeSegmentOf(flow: Flow): void {
  if (changetype<usize>(flow) && !(packet.flags & TCP_SYN)) {
    touch(flow, packet.time);
    segmentOf(flow);
  } else {
    startFlow(flow);
  }
}

/** The long way, which every segment may take. */
function takeAny(): void {
  const at = packet;
  const tcp = at.l4;
  const end = at.end;
  const header = tcpHeaderSize(tcp);
  const transport = transportLength(at.ip, at.family, tcp - at.ip, at.rest);
  const size = transport > header ? transport - header : 0;
  let payload = tcp + header;
  let captured: u32 = 0;
  if (payload < end) captured = min(size, end - payload);
  // The capture cuts the header short: its options cannot be read.
  else if (payload > end) payload = tcp;
  const flags = tcpFlags(tcp);
  at.payload = payload;
  at.size = size;
  at.captured = captured;
  at.sequence = sequence(tcp);
  at.ack = acknowledgement(tcp);
  at.flags = flags;
  count(COUNTER_PAYLOAD_SEEN, size);
  setEndpoints();
  takeSegmentOf(find());
}

/** Decodes the current segment as one of a known flow. */
function segmentOf(flow: Flow): void {
  const at = packet;
  const side = sideOf(flow, at.side);
  const other = sideOf(flow, 1 - at.side);
  const flags = at.flags;
  if (flow.reset && !(flags & TCP_RST) && !isSentBeforeReset(flow)) {
    // The segment belongs to a later connection between the same ports, or to none.
    endFlow(flow, CONN_KIND_CLOSE_RST);
    startFlow(changetype<Flow>(0));
    return;
  }
  flow.lastTime = at.time;
  if (!isRead(flow)) {
    skipPacket(flow);
    if (at.sequence == side.next) {
      side.next += at.size;
      if (flags & TCP_FIN) side.finDone = 1;
    }
    if (flags & TCP_RST || (side.finDone && other.finDone)) endFlow(flow, CONN_KIND_CLOSE_FIN);
    return;
  }
  if (flags & TCP_RST) {
    countPacket(flow);
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, at.size);
    if (side.known && isAcceptableReset(flow, side)) takeReset(flow);
    return;
  }
  if (!(flags & TCP_ACK)) {
    // A receiver drops a segment without ACK (RFC 9293, section 3.10.7.4).
    countPacket(flow);
    count(COUNTER_REFUSED_SEGMENTS);
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, at.size);
    return;
  }
  takeAck(flow, other);
  if (flow.half) takeHalf(flow);
  if (side.known != KNOWN) {
    if (side.known == KNOWN_NOT) {
      side.known = KNOWN;
      side.next = at.sequence;
      side.acked = at.sequence;
    } else {
      // The segment lies after the FIN of its sender.
      at.flags |= IS_UNACCEPTABLE;
    }
  }
  side.window = at.l4 ? windowField(at.l4) : <u16>at.window;
  if (at.size || flags & TCP_FIN) {
    // A message record has no time stamp, and the next one is compared with none.
    if (flags & IS_MESSAGES) side.stamp = 0;
    else takeStamp(flow, side);
    if (flags & TCP_URG) takeUrgent(flow);
    else takeSegment(flow, at.side);
    countPacket(flow);
    if (flow.half) settleHalf(flow);
    if (side.finDone && (other.finDone || flow.half)) endFlow(flow, CONN_KIND_CLOSE_FIN);
    return;
  }
  countPacket(flow);
  if (flow.stuck) pump(flow);
  if (flow.half) settleHalf(flow);
}

/**
 * Ends the connection by the current RST. Where the client sent it, the capture may still show answers that
 * the server sent before it received the RST, so the flow lingers.
 */
function takeReset(flow: Flow): void {
  if (packet.side != CLIENT || !isBelieved(flow)) {
    endFlow(flow, CONN_KIND_CLOSE_RST);
  } else if (!flow.reset) {
    const gone = linger(flow);
    if (changetype<usize>(gone)) endFlow(gone, CONN_KIND_CLOSE_RST);
  }
}

/** Reads what the current segment acknowledges of the other side. */
// @ts-ignore: decorator
@inline
function takeAck(flow: Flow, other: Side): void {
  const ack = packet.ack;
  if (!other.known) {
    other.known = KNOWN;
    other.next = ack;
    other.acked = ack;
  } else if (before(ack, other.acked)) {
    takeOlderAck(flow, other);
  } else if (<i32>(ack - other.next) < WINDOW_MAX) {
    other.acked = ack;
  }
}

/**
 * Reads an acknowledgement number below the highest one seen. Where the highest acknowledges bytes that
 * were never sent, the lower number replaces it. A number lower by more than the largest window ever
 * offered makes the receiver drop the segment (RFC 5961, section 5.2).
 */
function takeOlderAck(flow: Flow, other: Side): void {
  const at = packet;
  if (before(other.next, other.acked)) {
    other.acked = before(other.next, at.ack) ? at.ack : other.next;
    return;
  }
  const scale = flow.agreed & AGREED ? scaleOf(flow, at.side) : SCALE_MAX;
  if (other.acked - at.ack > <u32>0xffff << scale) at.flags |= IS_UNACCEPTABLE;
}

/** A time stamp older by no more than this is accepted (Linux: TCP_PAWS_WINDOW in include/net/tcp.h). */
const STAMP_TOLERANCE: i32 = 1;

/** Checks the time stamp of the current segment: the receiver drops an old segment (RFC 7323, section 5). */
// @ts-ignore: decorator
@inline
function takeStamp(flow: Flow, side: Side): void {
  const at = packet;
  const stamp = stampOf(at.l4, at.payload);
  if (stamp == 0) return;
  const older = <i32>(side.stamp - stamp);
  if (older <= 0 || side.stamp == 0) {
    if (at.sequence == side.next) side.stamp = stamp;
  } else if (older > STAMP_TOLERANCE && (flow.agreed & (AGREED | AGREED_STAMPS)) != AGREED) {
    at.flags |= IS_UNACCEPTABLE;
  }
}

/**
 * Whether the receiver accepts the current RST. Its sequence number must be that of the next byte (RFC
 * 9293, section 3.5.2) or of the FIN before it; or, where both sides agreed on SACK, the end of the last
 * early segment (Linux: tcp_validate_incoming).
 */
function isAcceptableReset(flow: Flow, side: Side): bool {
  const from = packet.sequence;
  const reach = reachOf(side);
  if (from == reach || (side.finDone && from + 1 == reach)) return true;
  if (before(reach, side.acked) && from == side.acked) return true;
  return side.queue != 0 && (flow.agreed & AGREED_SACK) != 0 && from == furthestOf(side);
}

/**
 * Takes the current segment, which has an urgent byte, as up to three segments: the bytes before the urgent
 * one, that byte, and the bytes after it. The receiver removes the urgent byte from the stream (tcp(7))
 * unless it sets SO_OOBINLINE, which memcached does not. Linux takes the byte before the urgent pointer,
 * and the first byte where the pointer is 0.
 */
function takeUrgent(flow: Flow): void {
  const at = packet;
  const from = at.sequence;
  const flags = at.flags;
  const payload = at.payload;
  const size = at.size;
  const captured = at.captured;
  const ack = at.ack;
  const pointer = urgentPointer(at.l4);
  // The checksum covers the whole segment, so it cannot be checked for a part.
  at.l4 = 0;
  const ahead = pointer ? pointer - 1 : 0;
  const fin = ahead < size ? 0 : TCP_FIN;
  if (min(ahead, size) || fin & flags) {
    at.flags = flags & ~TCP_URG & (fin | ~TCP_FIN);
    at.size = min(ahead, size);
    at.captured = min(captured, at.size);
    takeSegment(flow, at.side);
  }
  if (ahead < size) count(COUNTER_PAYLOAD_SKIPPED_REFUSED, 1);
  at.sequence = from + ahead;
  at.ack = ack;
  at.flags = flags & ~TCP_FIN;
  at.size = 1;
  at.captured = 0;
  takeSegment(flow, at.side);
  const behind = ahead + 1;
  if (behind > size || (behind == size && !(flags & TCP_FIN))) return;
  at.sequence = from + behind;
  at.ack = ack;
  at.flags = flags & ~TCP_URG;
  at.payload = payload + behind;
  at.size = size - behind;
  at.captured = captured > behind ? captured - behind : 0;
  takeSegment(flow, at.side);
}

/** Decodes the current segment, which is a SYN or belongs to no known flow. */
function startFlow(known: Flow): void {
  const at = packet;
  if (at.flags & TCP_SYN) {
    takeSyn(known);
    return;
  }
  if (at.size == 0 || !(at.flags & TCP_ACK)) {
    // Such a segment tells nothing, and a flood of them must cost no memory.
    countDecoded();
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, at.size);
    return;
  }
  const syn = findSyn();
  const isKnown = changetype<usize>(syn) != 0;
  if (!isKnown && isOfEndedFlow()) {
    // Of a connection captured twice, the duplicate ends a little later.
    countDuplicate();
    count(COUNTER_PAYLOAD_REPEATED, at.size);
    return;
  }
  makeRoom();
  const flow = addFlow(isKnown ? syn.clientPort == <u16>at.ports : sourceIsClient());
  setInitial(flow, syn);
  if (changetype<usize>(findOriginal(flow, syn))) {
    beginDuplicate(flow, syn);
    return;
  }
  count(COUNTER_FLOWS);
  const time = isKnown ? syn.time : at.time;
  const fromStart = isKnown && isFromStart(syn);
  if (isKnown) beginWithSyn(flow, syn);
  rememberBegun(flow, syn);
  open(flow, fromStart, time);
  segmentOf(flow);
}

/**
 * Whether both sides of a flow with this handshake are seen from their starts. Without its SYN-ACK the
 * current segment, the first one, tells where the server's side starts, if nothing can have been answered
 * before it.
 */
function isFromStart(syn: Syn): bool {
  return syn.state != SYN_SENT || (packet.side == CLIENT && packet.sequence == syn.client + 1);
}

/** Starts the flow just added as a duplicate of another one: it is followed to its end, but not read. */
function beginDuplicate(flow: Flow, syn: Syn): void {
  if (changetype<usize>(syn)) beginWithSyn(flow, syn);
  // A duplicate gets no connection number.
  config.nextConn--;
  openDuplicate(flow);
  segmentOf(flow);
}

/** Decodes a SYN or SYN-ACK; `known` is the flow between the same endpoints, or 0. */
function takeSyn(known: Flow): void {
  const at = packet;
  count(COUNTER_SYN_SEEN);
  countDecoded();
  // Payload of a SYN: where the server did not accept it the client sends it again; else it is a hole.
  count(COUNTER_PAYLOAD_GAP, at.size);
  readOptions(at.l4, at.payload);
  const isKnown = changetype<usize>(known) != 0;
  const answers = (at.flags & TCP_ACK) != 0;
  const isSame = isKnown && known.fromSyn && sideOf(known, answers ? SERVER : CLIENT).initial == at.sequence;
  if (!answers) {
    // A client does not send its SYN again once the flow has begun, so this packet was captured twice.
    if (isSame) {
      known.agreed |= SEEN_TWICE;
      known.copyLag = max(known.copyLag, lagOf(known.openTime, at.time));
    } else {
      rememberSyn();
    }
    return;
  }
  // The server accepts a new connection between the same ports, so the old one is over.
  if (!rememberSynAck()) {
    if (!isKnown) rememberSynAckAlone();
  } else if (isKnown && !isSame) {
    endFlow(known, CONN_KIND_CLOSE_REUSED);
  }
}

/** Makes room for one more flow: evicts the flow idle longest where the table is full. */
export function makeRoom(): void {
  if (hasRoom()) return;
  const oldest = oldestFlow();
  if (!oldest.reset) count(COUNTER_BOUND_FLOWS);
  endFlow(oldest, CONN_KIND_CLOSE_EVICTED);
}

/** Ends a connection: delivers its waiting segments and removes the flow. `kind` is CONN_KIND_CLOSE_*. */
export function endFlow(flow: Flow, kind: u32): void {
  let time = packet.time;
  if (flow.reset) {
    forgetLingering(flow);
    kind = CONN_KIND_CLOSE_RST;
    time = flow.lastTime;
  }
  flush(flow, kind == CONN_KIND_CLOSE_RST);
  if (
    flow.transport == OVER_TCP && flow.kind != FLOW_DUPLICATE && kind != CONN_KIND_CLOSE_END
  ) rememberOver(flow);
  close(flow, kind, time);
  countHalf(flow);
  endUncut(flow);
  removeFlow(flow);
}
