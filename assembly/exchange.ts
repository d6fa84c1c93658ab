/**
 * Memcache over UDP. A request is one datagram; its answers carry its id, in one or more datagrams each
 * that come in any order. What both say under one id is an exchange: a flow of its own in the table, in
 * sync from its first byte, whose streams are the datagrams' data put in a row. So everything above it is
 * the same as for TCP.
 *
 *   peer (both endpoints)  ── connection number ──►  exchange (both endpoints, id): client | server
 *
 * Both stand in the flow table beside the TCP flows, told from these and from each other by a mark that is
 * mixed into the client's address.
 */
import { endFlow } from './connection';
import { CLIENT, Flow, FLOW_NEW, OVER_UDP, SERVER, sideOf, SYNC_NONE, SYNC_YES, UDP_PEER } from './flow/flow';
import {
  addFlow, find, hasRoom, markClient, oldestFlow, PEER_MARK, setEndpoints, touch,
} from './flow/table';
import { isServerPort } from './framing/record';
import { config, count } from './instance';
import {
  CONN_KIND_CLOSE_END, CONN_KIND_CLOSE_EVICTED, CONN_KIND_OPEN_MIDSTREAM, COUNTER_BOUND_FLOWS, COUNTER_BYTES,
  COUNTER_FLOWS, COUNTER_PACKETS_DECODED, COUNTER_PAYLOAD_REPEATED, COUNTER_PAYLOAD_SEEN,
  COUNTER_PAYLOAD_UNSYNCED_MID_STREAM, COUNTER_PAYLOAD_SKIPPED_REFUSED, COUNTER_SKIPPED_CUT_HEADER,
  COUNTER_SKIPPED_MALFORMED,
  COUNTER_UDP_REFUSED, COUNTER_UNMATCHED_ANSWERS,
} from './layout';
import { freeRequest, recordConn } from './match/pending';
import { CLIENT_HELD, CLIENT_LINE, CLIENT_UNKNOWN } from './match/states';
import { loseSync } from './match/sync';
import { Request } from './memcache/message';
import { beginTrial, countAs, endTrial, takeUnread, WHY_NOT_UNDERSTOOD } from './payload';
import { takeSegment } from './stream/segments';
import { transportLength } from './wire/ip';
import { destinationPort, sourcePort, TCP_ACK } from './wire/tcp';
import { datagrams, requestId, sequenceNumber, UDP_ANSWER, UDP_FRAME, UDP_HEADER, udpLength } from './wire/udp';

/** One UDP datagram whose header is whole; arguments as of `decodeSegment`. */
export function decodeDatagram(
  ip: usize, udp: usize, family: u32, hash: u32, end: usize, available: u32, wire: u32, time: u64, ordinal: u64,
): void {
  const size = min(transportLength(ip, family, <u32>(udp - ip), available), udpLength(udp));
  if (size < UDP_HEADER + UDP_FRAME) {
    count(COUNTER_SKIPPED_MALFORMED);
    return;
  }
  const frame = udp + UDP_HEADER;
  const data = frame + UDP_FRAME;
  if (data > end) {
    count(COUNTER_SKIPPED_CUT_HEADER);
    return;
  }
  const bytes = size - UDP_HEADER - UDP_FRAME;
  const captured = min(bytes, <u32>(end - data));
  setEndpoints(ip, udp, family);
  // Where both ports are servers', a request is told by being one datagram to the lower port.
  const toServer = isServerPort(destinationPort(udp));
  const fromServer = isServerPort(sourcePort(udp));
  const asks = toServer != fromServer ? toServer : destinationPort(udp) <= sourcePort(udp);
  count(COUNTER_PACKETS_DECODED);
  count(COUNTER_BYTES, wire);
  count(COUNTER_PAYLOAD_SEEN, bytes + UDP_FRAME);
  if (asks) takeRequest(hash, frame, data, bytes, captured, time, ordinal);
  else takeAnswer(hash, frame, data, bytes, captured, time, ordinal);
}

/** Makes room for one more flow, at the cost of the one idle longest. */
function makeRoom(time: u64): void {
  if (hasRoom()) return;
  count(COUNTER_BOUND_FLOWS);
  endFlow(oldestFlow(), CONN_KIND_CLOSE_EVICTED, time);
}

/** The number of the connection the endpoints stand for: datagrams between the same ports are of one. */
function connOf(hash: u32, time: u64): u32 {
  const markedHash = markClient(hash, PEER_MARK, true);
  let peer = find(markedHash);
  if (changetype<usize>(peer)) {
    touch(peer, time);
  } else {
    makeRoom(time);
    peer = addFlow(markedHash, true);
    count(COUNTER_FLOWS);
    peer.transport = UDP_PEER;
    peer.sync = SYNC_YES;
    peer.opened = 1;
    peer.openTime = time;
    recordConn(peer, CONN_KIND_OPEN_MIDSTREAM, time);
  }
  peer.lastTime = time;
  markClient(hash, PEER_MARK, true);
  return peer.conn;
}

/** A request's datagram; its first byte chooses the protocol, as that of a connection does. */
function takeRequest(
  hash: u32, frame: usize, data: usize, bytes: u32, captured: u32, time: u64, ordinal: u64,
): void {
  // memcached drops requests of several datagrams without a word.
  if (datagrams(frame) != 1 || sequenceNumber(frame) != 0) {
    count(COUNTER_UDP_REFUSED);
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, bytes + UDP_FRAME);
    return;
  }
  const conn = connOf(hash, time);
  const markedHash = markClient(hash, requestId(frame), true);
  const before = find(markedHash);
  // The id is used anew: what was asked under it before gets no answer any more.
  if (changetype<usize>(before)) endFlow(before, CONN_KIND_CLOSE_END, time);
  makeRoom(time);
  const flow = addFlow(markedHash, true);
  // It is no connection of its own.
  config.nextConn--;
  flow.conn = conn;
  flow.transport = OVER_UDP;
  flow.kind = FLOW_NEW;
  flow.sync = SYNC_YES;
  flow.opened = 1;
  flow.openTime = time;
  flow.lastTime = time;
  const client = sideOf(flow, CLIENT);
  client.known = 1;
  sideOf(flow, SERVER).known = 1;
  beginTrial();
  takeSegment(flow, CLIENT, 0, 0, TCP_ACK, 0, data, bytes, captured, time, ordinal);
  let whole = true;
  if (client.state != CLIENT_UNKNOWN && client.state != CLIENT_HELD && (client.state != CLIENT_LINE || client.line)) {
    // What is not whole in its datagram will never be, and the server does nothing of it.
    count(COUNTER_UDP_REFUSED);
    if (flow.current) freeRequest(changetype<Request>(<usize>flow.current));
    flow.current = 0;
    whole = false;
    loseSync(flow, WHY_NOT_UNDERSTOOD);
  }
  // The frame is as much worth as what is in it.
  flow.held += UDP_FRAME;
  endTrial(flow, whole);
  endIfDone(flow, time);
}

/** A datagram of an answer. */
function takeAnswer(
  hash: u32, frame: usize, data: usize, bytes: u32, captured: u32, time: u64, ordinal: u64,
): void {
  const flow = find(markClient(hash, requestId(frame), false));
  if (!changetype<usize>(flow)) {
    count(COUNTER_UNMATCHED_ANSWERS);
    countAs(COUNTER_PAYLOAD_UNSYNCED_MID_STREAM, bytes + UDP_FRAME);
    return;
  }
  touch(flow, time);
  flow.lastTime = time;
  const total = datagrams(frame);
  const sequence = sequenceNumber(frame);
  const server = sideOf(flow, SERVER);
  const client = sideOf(flow, CLIENT);
  // Of the message at hand `initial` is the first byte and the client's `initial` the datagrams that came.
  if (client.initial == 0) server.initial = server.next;
  // All but the last are of one size.
  const step = sequence + 1 < total ? bytes : UDP_ANSWER;
  const at = server.initial + sequence * step;
  const next = server.next;
  const queued = server.queued;
  takeSegment(flow, SERVER, at, client.next, TCP_ACK, 0, data, bytes, captured, time, ordinal);
  if (server.next != next || server.queued != queued) {
    client.initial++;
    if (client.initial >= total) client.initial = 0;
    takeUnread(flow, UDP_FRAME);
  } else {
    count(COUNTER_PAYLOAD_REPEATED, UDP_FRAME);
  }
  endIfDone(flow, time);
}

/** An exchange with nothing pending is over, as is one that fits nothing. */
function endIfDone(flow: Flow, time: u64): void {
  const waits = flow.pending != 0 || flow.current != 0;
  if (!waits || flow.sync == SYNC_NONE) endFlow(flow, CONN_KIND_CLOSE_END, time);
}
