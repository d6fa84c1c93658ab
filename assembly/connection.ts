/** One connection's segments: from the header to stream and pairing, from the first packet to the end. */
import {
  AGREED, AGREED_SACK, AGREED_STAMPS, CLIENT, Flow, FLOW_NEW, FLOW_TEXT, FLOW_TLS, KNOWN, KNOWN_NOT, OVER_TCP, SCALE_MAX, scaleOf,
  SERVER, Side, sideOf, SYNC_YES,
} from './flow/flow';
import { findSyn, forgetSyns, rememberSyn, rememberSynAck, Syn } from './flow/syns';
import {
  addFlow, find, foundSide, hasRoom, oldestFlow, ports, removeFlow, setEndpoints, touch,
} from './flow/table';
import { isServerPort } from './framing/record';
import { count } from './instance';
import {
  CONN_KIND_CLOSE_EVICTED, CONN_KIND_CLOSE_FIN, CONN_KIND_CLOSE_REUSED, CONN_KIND_CLOSE_RST,
  COUNTER_BOUND_FLOWS, COUNTER_BYTES, COUNTER_FLOWS, COUNTER_FLOWS_WITHOUT_CLIENT, COUNTER_FLOWS_WITHOUT_SERVER,
  COUNTER_PACKETS_DECODED, COUNTER_PAYLOAD_GAP, COUNTER_PAYLOAD_SEEN,
  COUNTER_PAYLOAD_SKIPPED_REFUSED, COUNTER_REFUSED_SEGMENTS,
  COUNTER_SKIPPED_STRAY, COUNTER_SKIPPED_TLS, COUNTER_SYN_SEEN,
} from './layout';
import { parseAnswer } from './memcache/answer';
import { MAGIC_ANSWER, MAGIC_REQUEST } from './memcache/binary';
import { IS_FREE, IS_NUMBER } from './memcache/message';
import { recordConn } from './match/pending';
import { loseSync } from './match/sync';
import { settleHeld, skipPayload, WHY_AFTER_GAP } from './payload';
import { findByte } from './scan';
import { furthestOf, IS_DOUBTFUL, reachOf } from './stream/copies';
import { flush, pump, takeSegment } from './stream/segments';
import { transportLength } from './wire/ip';
import { readOptions, stampOf } from './wire/options';
import {
  acknowledgement, sequence, TCP_ACK, TCP_FIN, tcpFlags, tcpHeaderSize, TCP_RST, TCP_SYN, TCP_URG, urgentPointer,
  windowField,
} from './wire/tcp';

/**
 * One TCP segment whose headers are whole. `end` is where the captured bytes end; the packet had `wire`
 * bytes, `available` of them from the TCP header on.
 */
// @ts-ignore: decorator
@inline
export function decodeSegment(
  ip: usize, tcp: usize, family: u32, hash: u32, end: usize, available: u32, wire: u32, time: u64, ordinal: u64,
): void {
  const header = tcpHeaderSize(tcp);
  const transport = transportLength(ip, family, <u32>(tcp - ip), available);
  const size = transport > header ? transport - header : 0;
  let payload = tcp + header;
  let got: u32 = 0;
  if (payload < end) got = min(size, <u32>(end - payload));
  // Captured too short: there are no options to be read.
  else if (payload > end) payload = tcp;
  count(COUNTER_PAYLOAD_SEEN, size);
  setEndpoints(ip, tcp, family);
  const flags = tcpFlags(tcp);
  const flow = find(hash);
  if (changetype<usize>(flow) && !(flags & TCP_SYN)) {
    touch(flow, time);
    segmentOf(flow, foundSide, tcp, flags, payload, size, got, time, ordinal, wire);
  } else {
    startFlow(flow, hash, tcp, flags, payload, size, got, time, ordinal, wire);
  }
}

/** Counts a packet by what its flow turned out to be. */
// @ts-ignore: decorator
@inline
function countPacket(kind: u8, wire: u32): void {
  if (kind <= FLOW_NEW) {
    count(COUNTER_PACKETS_DECODED);
    count(COUNTER_BYTES, wire);
  } else if (kind == FLOW_TLS) count(COUNTER_SKIPPED_TLS);
  else count(COUNTER_SKIPPED_STRAY);
}

/** A segment of a known flow. */
function segmentOf(
  flow: Flow, index: u32, tcp: usize, flags: u32, payload: usize, size: u32, got: u32, time: u64, ordinal: u64, wire: u32,
): void {
  const side = sideOf(flow, index);
  const other = sideOf(flow, 1 - index);
  const from = sequence(tcp);
  const ack = acknowledgement(tcp);
  flow.lastTime = time;
  if (flow.kind > FLOW_NEW) {
    countPacket(flow.kind, wire);
    skipPayload(flow.kind, size);
    if (from == side.next) {
      side.next += size;
      if (flags & TCP_FIN) side.finDone = 1;
    }
    if (flags & TCP_RST || (side.finDone && other.finDone)) endFlow(flow, CONN_KIND_CLOSE_FIN, time);
    return;
  }
  if (flags & TCP_RST) {
    countPacket(flow.kind, wire);
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, size);
    if (side.known && resets(flow, side, from)) endFlow(flow, CONN_KIND_CLOSE_RST, time);
    return;
  }
  if (!(flags & TCP_ACK)) {
    // A receiver drops it (RFC 9293, section 3.10.7.4).
    countPacket(flow.kind, wire);
    count(COUNTER_REFUSED_SEGMENTS);
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, size);
    return;
  }
  if (!other.known) {
    other.known = KNOWN;
    other.next = ack;
    other.acked = ack;
  } else {
    const ahead = <i32>(ack - other.acked);
    if (ahead > 0) {
      if (<i32>(ack - other.next) < 1 << 30) other.acked = ack;
    } else if (ahead < 0) {
      flags |= olderAck(flow, index, other, ack, ahead);
    }
  }
  if (side.known != KNOWN) {
    if (side.known == KNOWN_NOT) {
      side.known = KNOWN;
      side.next = from;
      side.acked = from;
    } else {
      // Behind its FIN.
      flags |= IS_DOUBTFUL;
    }
  }
  side.window = windowField(tcp);
  if (size || flags & TCP_FIN) {
    const stamp = stampOf(tcp, payload);
    if (stamp) {
      const older = <i32>(side.stamp - stamp);
      if (older <= 0 || side.stamp == 0) {
        if (from == side.next) side.stamp = stamp;
      } else if (older > STAMP_TOLERANCE && (flow.agreed & (AGREED | AGREED_STAMPS)) != AGREED) {
        flags |= IS_DOUBTFUL;
      }
    }
    if (flags & TCP_URG) takeUrgent(flow, index, from, ack, flags, urgentPointer(tcp), payload, size, got, time, ordinal);
    else takeSegment(flow, index, from, ack, flags, tcp, payload, size, got, time, ordinal);
    countPacket(flow.kind, wire);
    if (side.finDone && other.finDone) endFlow(flow, CONN_KIND_CLOSE_FIN, time);
    return;
  }
  countPacket(flow.kind, wire);
  if (flow.stuck) pump(flow, time);
}

/** Time stamps this much older are not old (Linux: TCP_PAWS_WINDOW). */
const STAMP_TOLERANCE: i32 = 1;

/**
 * Whether a RST ends the connection: only one at the next byte (RFC 9293, section 3.5.2), the FIN before it, or where
 * the last of what came early ends, if the receiver can tell the sender of that (Linux: tcp_validate_incoming).
 */
function resets(flow: Flow, side: Side, from: u32): bool {
  const reach = reachOf(side);
  if (from == reach || (side.finDone && from + 1 == reach)) return true;
  if (<i32>(side.acked - reach) > 0 && from == side.acked) return true;
  return side.queue != 0 && (flow.agreed & AGREED_SACK) != 0 && from == furthestOf(side);
}

/**
 * An acknowledgement lower than the highest seen. The highest may have acknowledged bytes that were never sent: then
 * this one replaces it. One that is lower by more than the largest window ever offered makes the receiver drop the
 * segment (RFC 5961, section 5.2).
 */
function olderAck(flow: Flow, index: u32, other: Side, ack: u32, ahead: i32): u32 {
  if (<i32>(other.acked - other.next) > 0) {
    other.acked = <i32>(ack - other.next) > 0 ? ack : other.next;
    return 0;
  }
  const scale = flow.agreed & AGREED ? scaleOf(flow, index) : SCALE_MAX;
  return ahead < -<i32>(0xffff << scale) ? IS_DOUBTFUL : 0;
}

/**
 * A segment with an urgent byte: the receiver takes that one out of the stream (tcp(7); Linux: the byte before the
 * pointer, and the first for 0, too), unless it asks for it in line, which memcached does not.
 */
function takeUrgent(
  flow: Flow, index: u32, from: u32, ack: u32, flags: u32, pointer: u32, payload: usize, size: u32, got: u32, time: u64,
  ordinal: u64,
): void {
  const plain = flags & ~TCP_URG;
  const before = pointer ? pointer - 1 : 0;
  const part = min(before, size);
  const fin = before < size ? 0 : TCP_FIN;
  if (part || fin & flags) {
    takeSegment(flow, index, from, ack, plain & (fin | ~TCP_FIN), 0, payload, part, min(got, part), time, ordinal);
  }
  if (before < size) count(COUNTER_PAYLOAD_SKIPPED_REFUSED, 1);
  takeSegment(flow, index, from + before, ack, flags & ~TCP_FIN, 0, payload, 1, 0, time, ordinal);
  const behind = before + 1;
  if (behind > size || (behind == size && !(flags & TCP_FIN))) return;
  const rest = got > behind ? got - behind : 0;
  takeSegment(flow, index, from + behind, ack, plain, 0, payload + behind, size - behind, rest, time, ordinal);
}

/** A SYN, or a segment of no known flow. */
function startFlow(
  known: Flow, hash: u32, tcp: usize, flags: u32, payload: usize, size: u32, got: u32, time: u64, ordinal: u64, wire: u32,
): void {
  const from = sequence(tcp);
  if (flags & TCP_SYN) {
    count(COUNTER_SYN_SEEN);
    countPacket(FLOW_TEXT, wire);
    // Sent again where the server did not take them, and a hole where it did.
    count(COUNTER_PAYLOAD_GAP, size);
    readOptions(tcp, payload);
    if (flags & TCP_ACK) {
      const window = bswap<u16>(windowField(tcp));
      if (!rememberSynAck(hash, from, acknowledgement(tcp), <u16>ports, <u16>(ports >> 16), window)) return;
      if (!changetype<usize>(known)) return;
      // The server agreed to a new connection between the same ports: the old one is over.
      if (sideOf(known, SERVER).initial != from || !known.fromSyn) endFlow(known, CONN_KIND_CLOSE_REUSED, time);
    } else if (!changetype<usize>(known) || sideOf(known, CLIENT).initial != from || !known.fromSyn) {
      rememberSyn(hash, from, <u16>ports, <u16>(ports >> 16), time);
    }
    return;
  }
  if (size == 0 || !(flags & TCP_ACK)) {
    // Nothing to learn, and nothing to remember: a flood of these costs no memory.
    countPacket(FLOW_TEXT, wire);
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, size);
    return;
  }
  if (!hasRoom()) {
    count(COUNTER_BOUND_FLOWS);
    endFlow(oldestFlow(), CONN_KIND_CLOSE_EVICTED, time);
  }
  const syn = findSyn(hash, <u16>ports, <u16>(ports >> 16), from, acknowledgement(tcp));
  const flow = addFlow(hash, changetype<usize>(syn) ? syn.clientPort == <u16>ports : sourceIsClient(payload, got));
  count(COUNTER_FLOWS);
  flow.kind = FLOW_NEW;
  flow.openTime = time;
  if (changetype<usize>(syn)) beginWithSyn(flow, syn);
  segmentOf(flow, foundSide, tcp, flags, payload, size, got, time, ordinal, wire);
}

/** Starts in sync: both directions begin behind their SYNs. */
function beginWithSyn(flow: Flow, syn: Syn): void {
  const client = sideOf(flow, CLIENT);
  client.known = KNOWN;
  client.initial = syn.client;
  client.next = syn.client + 1;
  client.acked = client.next;
  if (syn.state == 2) {
    const server = sideOf(flow, SERVER);
    server.known = KNOWN;
    server.initial = syn.server;
    server.next = syn.server + 1;
    server.acked = server.next;
    if (syn.agreed & AGREED_STAMPS) {
      client.stamp = syn.clientStamp;
      server.stamp = syn.serverStamp;
    }
    flow.agreed = syn.agreed;
    flow.scales = syn.scales;
    // A SYN's window is not scaled (RFC 7323, section 2.2), those that follow are.
    const scale = scaleOf(flow, SERVER);
    server.window = bswap<u16>(<u16>((<u32>syn.window + (1 << scale) - 1) >> scale));
  }
  flow.sync = SYNC_YES;
  flow.fromSyn = 1;
  flow.openTime = syn.time;
  forgetSyns(syn.hash, syn.clientPort, syn.serverPort);
}

/** Which side a mid-stream segment comes from: the other port is the server's; where both are, who answers is. */
function sourceIsClient(payload: usize, got: u32): bool {
  const fromServer = isServerPort(bswap<u16>(<u16>ports));
  const toServer = isServerPort(bswap<u16>(<u16>(ports >> 16)));
  if (fromServer != toServer) return toServer;
  if (got < 3) return true;
  const first = load<u8>(payload);
  if (first == MAGIC_REQUEST || first == MAGIC_ANSWER) return first == MAGIC_REQUEST;
  const feed = findByte(payload, payload + got, 10);
  const code = parseAnswer(payload, feed > payload && load<u8>(feed - 1) == 13 ? feed - 1 : feed);
  return code == IS_FREE || code == IS_NUMBER;
}

/** The connection is over: everything pending ends, and the flow is forgotten. */
export function endFlow(flow: Flow, kind: u32, time: u64): void {
  flush(flow, time, kind == CONN_KIND_CLOSE_RST);
  const failures = flow.failures;
  loseSync(flow, WHY_AFTER_GAP);
  settleHeld(flow);
  flow.failures = failures;
  if (flow.opened) recordConn(flow, kind, time);
  countHalf(flow);
  removeFlow(flow);
}

/** Counts a connection of which one side showed nothing: every segment offers a window, and next to none offers 0. */
function countHalf(flow: Flow): void {
  if (flow.transport != OVER_TCP) return;
  const client = sideOf(flow, CLIENT).window;
  const server = sideOf(flow, SERVER).window;
  if (!client && server) count(COUNTER_FLOWS_WITHOUT_CLIENT);
  else if (client && !server) count(COUNTER_FLOWS_WITHOUT_SERVER);
}
