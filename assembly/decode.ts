/** The loop: from the entries of an index list through flow, stream and pairing to events. */
import { createBlock, seal } from './block';
import { flushEvents } from './emit';
import { CLIENT, Flow, FLOW_BINARY, FLOW_MEMCACHE, FLOW_NEW, FLOW_TLS, SERVER, sideOf, SYNC_YES } from './flow/flow';
import { findSyn, forgetSyn, rememberSyn, rememberSynAck, Syn } from './flow/syns';
import {
  addFlow, createTable, find, foundSide, hasRoom, oldestFlow, ports, removeFlow, setEndpoints, touch,
} from './flow/table';
import { LIST_HEAD, isServerPort } from './framing/record';
import { pcapCaptured, pcapLength, pcapTime } from './framing/pcap';
import { count } from './instance';
import {
  CONN_KIND_CLOSE_END, CONN_KIND_CLOSE_EVICTED, CONN_KIND_CLOSE_FIN, CONN_KIND_CLOSE_REUSED, CONN_KIND_CLOSE_RST,
  COUNTER_BOUND_FLOWS, COUNTER_BYTES, COUNTER_FLOWS, COUNTER_PACKETS_DECODED, COUNTER_SKIPPED_BINARY, COUNTER_SKIPPED_STRAY,
  COUNTER_SKIPPED_TLS, COUNTER_SYN_SEEN, PCAP_RECORD_HEADER, Segment, SIZEOF_SEGMENT,
} from './layout';
import { parseAnswer } from './memcache/answer';
import { createKeys } from './memcache/keys';
import { IS_FREE, IS_NUMBER } from './memcache/message';
import { createMeta } from './memcache/meta';
import { createPending, recordConn } from './match/pending';
import { loseSync } from './match/sync';
import { findByte } from './scan';
import { createLines } from './stream/lines';
import { createReorder } from './stream/reorder';
import { flush, pump, takeSegment } from './stream/segments';
import { transportLength } from './wire/ip';
import { acknowledgement, sequence, TCP_ACK, TCP_FIN, tcpFlags, tcpHeaderSize, TCP_RST, TCP_SYN } from './wire/tcp';

/** Sets up everything that lives as long as the instance. */
export function createDecoder(): void {
  createTable();
  createKeys();
  createMeta();
  createPending();
  createLines();
  createReorder();
  createBlock();
}

/** Decodes the packets of one list of a pcap slot; `ordinal` is that of the slot's first packet. */
export function decodePcap(list: usize, ordinal: u64): void {
  const entries = load<u32>(list);
  let at = list + LIST_HEAD;
  const end = at + <usize>entries * SIZEOF_SEGMENT;
  for (; at < end; at += SIZEOF_SEGMENT) {
    const entry = changetype<Segment>(at);
    const record = <usize>entry.record;
    const captured = pcapCaptured(record) + PCAP_RECORD_HEADER;
    const length = max(pcapLength(record) + PCAP_RECORD_HEADER, captured);
    decodeSegment(entry, record, captured, length, pcapTime(record), ordinal + entry.ordinal);
  }
}

/** One TCP segment. `captured` and `length` count from the record header. */
// @ts-ignore: decorator
@inline
function decodeSegment(entry: Segment, record: usize, captured: u32, length: u32, time: u64, ordinal: u64): void {
  const ip = record + entry.l3Offset;
  const tcp = record + entry.l4Offset;
  const family = <u32>entry.family;
  const header = tcpHeaderSize(tcp);
  const transport = transportLength(ip, family, entry.l4Offset - entry.l3Offset, length - entry.l4Offset);
  const size = transport > header ? transport - header : 0;
  const payload = tcp + header;
  const available = record + captured;
  const got = payload < available ? min(size, <u32>(available - payload)) : 0;
  setEndpoints(ip, tcp, family);
  const wire = length - PCAP_RECORD_HEADER;
  const flags = tcpFlags(tcp);
  const flow = find(entry.hash);
  if (changetype<usize>(flow) && !(flags & TCP_SYN)) {
    touch(flow, <u32>(time >> 20));
    segmentOf(flow, foundSide, tcp, flags, payload, size, got, time, ordinal, wire);
  } else {
    startFlow(flow, entry.hash, tcp, flags, payload, size, got, time, ordinal, wire);
  }
}

/** Counts a packet by what its flow turned out to be. */
// @ts-ignore: decorator
@inline
function countPacket(kind: u8, wire: u32): void {
  if (kind == FLOW_MEMCACHE || kind == FLOW_NEW) {
    count(COUNTER_PACKETS_DECODED);
    count(COUNTER_BYTES, wire);
  } else if (kind == FLOW_BINARY) count(COUNTER_SKIPPED_BINARY);
  else if (kind == FLOW_TLS) count(COUNTER_SKIPPED_TLS);
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
  if (flow.kind != FLOW_MEMCACHE && flow.kind != FLOW_NEW) {
    countPacket(flow.kind, wire);
    if (from == side.next) {
      side.next += size;
      if (flags & TCP_FIN) side.finDone = 1;
    }
    if (flags & TCP_RST || (side.finDone && other.finDone)) endFlow(flow, CONN_KIND_CLOSE_FIN, time);
    return;
  }
  if (flags & TCP_RST) {
    countPacket(flow.kind, wire);
    // Only the exact sequence number ends a connection (RFC 9293, section 3.5.2).
    if (side.known && (from == side.next || from == side.acked)) endFlow(flow, CONN_KIND_CLOSE_RST, time);
    return;
  }
  if (flags & TCP_ACK) {
    if (!other.known) {
      other.known = 1;
      other.next = ack;
      other.acked = ack;
    } else if (<i32>(ack - other.acked) > 0 && <i32>(ack - other.next) < 1 << 30) {
      other.acked = ack;
    }
  }
  if (!side.known) {
    side.known = 1;
    side.next = from;
    side.acked = from;
  }
  if (size || flags & TCP_FIN) {
    takeSegment(flow, index, from, ack, flags, payload, size, got, time, ordinal);
    countPacket(flow.kind, wire);
    if (side.finDone && other.finDone) endFlow(flow, CONN_KIND_CLOSE_FIN, time);
    return;
  }
  countPacket(flow.kind, wire);
  if (flow.stuck) pump(flow, time);
}

/** A SYN, or a segment of no known flow. */
function startFlow(
  known: Flow, hash: u32, tcp: usize, flags: u32, payload: usize, size: u32, got: u32, time: u64, ordinal: u64, wire: u32,
): void {
  const from = sequence(tcp);
  if (flags & TCP_SYN) {
    count(COUNTER_SYN_SEEN);
    countPacket(FLOW_MEMCACHE, wire);
    if (flags & TCP_ACK) {
      if (!rememberSynAck(hash, from, acknowledgement(tcp), <u16>ports, <u16>(ports >> 16)) || !changetype<usize>(known)) return;
      // The server agreed to a new connection between the same ports: the old one is over.
      if (sideOf(known, SERVER).initial != from || !known.fromSyn) endFlow(known, CONN_KIND_CLOSE_REUSED, time);
    } else if (!changetype<usize>(known) || sideOf(known, CLIENT).initial != from || !known.fromSyn) {
      rememberSyn(hash, from, <u16>ports, <u16>(ports >> 16), time);
    }
    return;
  }
  if (size == 0) {
    // Nothing to learn, and nothing to remember: a flood of these costs no memory.
    countPacket(FLOW_MEMCACHE, wire);
    return;
  }
  if (!hasRoom()) {
    count(COUNTER_BOUND_FLOWS);
    endFlow(oldestFlow(), CONN_KIND_CLOSE_EVICTED, time);
  }
  const syn = findSyn(hash, <u16>ports, <u16>(ports >> 16));
  const flow = addFlow(hash, changetype<usize>(syn) ? syn.clientPort == <u16>ports : sourceIsClient(payload, got));
  count(COUNTER_FLOWS);
  flow.kind = FLOW_NEW;
  flow.epoch = <u32>(time >> 20);
  flow.openTime = time;
  if (changetype<usize>(syn)) beginWithSyn(flow, syn);
  segmentOf(flow, foundSide, tcp, flags, payload, size, got, time, ordinal, wire);
}

/** Starts in sync: both directions begin behind their SYNs. */
function beginWithSyn(flow: Flow, syn: Syn): void {
  const client = sideOf(flow, CLIENT);
  client.known = 1;
  client.initial = syn.client;
  client.next = syn.client + 1;
  client.acked = client.next;
  if (syn.state == 2) {
    const server = sideOf(flow, SERVER);
    server.known = 1;
    server.initial = syn.server;
    server.next = syn.server + 1;
    server.acked = server.next;
  }
  flow.sync = SYNC_YES;
  flow.fromSyn = 1;
  flow.openTime = syn.time;
  forgetSyn(syn);
}

/** Which side a mid-stream segment comes from: the other port is the server's; where both are, who answers is. */
function sourceIsClient(payload: usize, got: u32): bool {
  const fromServer = isServerPort(bswap<u16>(<u16>ports));
  const toServer = isServerPort(bswap<u16>(<u16>(ports >> 16)));
  if (fromServer != toServer) return toServer;
  if (got < 3) return true;
  const feed = findByte(payload, payload + got, 10);
  const code = parseAnswer(payload, feed > payload && load<u8>(feed - 1) == 13 ? feed - 1 : feed);
  return code == IS_FREE || code == IS_NUMBER;
}

/** The connection is over: everything pending ends, and the flow is forgotten. */
function endFlow(flow: Flow, kind: u32, time: u64): void {
  flush(flow, time);
  const failures = flow.failures;
  loseSync(flow);
  flow.failures = failures;
  if (flow.opened) recordConn(flow, kind, time);
  removeFlow(flow);
}

/** The capture is over: every flow ends, and the open block is sealed. */
export function finishAll(): void {
  for (let flow = oldestFlow(); changetype<usize>(flow); flow = oldestFlow()) {
    endFlow(flow, CONN_KIND_CLOSE_END, flow.lastTime);
  }
  flushEvents();
  seal();
}
