/**
 * Memcache over UDP (protocol.txt, "UDP protocol"). A request is one datagram. Its answers carry the same
 * request id, and each has one or more datagrams, which may come in any order. A request and its answers are
 * an exchange: a flow of its own in the table, in sync from its first byte. The data of its datagrams in
 * order are its two streams, so the parsers read them as they read TCP.
 *
 *   peer (both endpoints)  ── connection number ──►  exchange (both endpoints, id): client | server
 *
 * Peers and exchanges are in the same flow table as the TCP flows. A mark mixed into the client's address
 * tells them apart.
 */
import { CLIENT, Flow, OVER_UDP, SERVER, Side, sideOf, SYNC_NONE, UDP_PEER } from '../flow/flow';
import { addFlow, find, markClient, PEER_MARK, touch } from '../flow/table';
import { config, count, countPayload, isServerPort } from '../instance';
import {
  CONN_KIND_CLOSE_END, COUNTER_DUPLICATES, COUNTER_FLOWS, COUNTER_PAYLOAD_REPEATED, COUNTER_PAYLOAD_SEEN,
  COUNTER_PAYLOAD_SKIPPED_REFUSED, COUNTER_PAYLOAD_UNSYNCED_MID_STREAM, COUNTER_SKIPPED_CUT_HEADER,
  COUNTER_SKIPPED_MALFORMED, COUNTER_UDP_REFUSED, COUNTER_UNMATCHED_ANSWERS, Exchange,
} from '../layout';
import { countDecoded, packet, setEndpoints } from '../packet';
import { beginWhole, endWhole, open, openPeer, takeFrame } from '../stream';
import { endFlow, makeRoom } from '../tcp/connection';
import { takeSegment } from '../tcp/reassembly';
import { transportLength } from '../wire/ip';
import { destinationPort, sourcePort, TCP_ACK } from '../wire/tcp';
import {
  datagrams, requestId, sequenceNumber, UDP_ANSWER, UDP_FRAME, UDP_HEADER, udpLength,
} from '../wire/udp';
import { isDuplicate, isIdentified, remember } from './duplicates';

/** State of the answer that is arriving. It lies where a TCP flow keeps fields of the server's SYN. */
// @ts-ignore: decorator
@inline
function exchangeOf(flow: Flow): Exchange {
  // Checked at compile time: the two fields must be neighbours.
  if (offsetof<Side>('stamp') != offsetof<Side>('initial') + 4) ERROR('Exchange');
  return changetype<Exchange>(changetype<usize>(sideOf(flow, SERVER)) + offsetof<Side>('initial'));
}

/** Decodes the current packet: a UDP datagram with a complete header. */
export function decodeDatagram(): void {
  const at = packet;
  const udp = <usize>at.l4;
  const size = min(transportLength(at.ip, at.family, at.l4 - at.ip, at.rest), udpLength(udp));
  if (size < UDP_HEADER + UDP_FRAME) {
    count(COUNTER_SKIPPED_MALFORMED);
    return;
  }
  const frame = udp + UDP_HEADER;
  at.payload = <u32>frame + UDP_FRAME;
  if (at.payload > at.end) {
    count(COUNTER_SKIPPED_CUT_HEADER);
    return;
  }
  at.size = size - UDP_HEADER - UDP_FRAME;
  at.captured = min(at.size, at.end - at.payload);
  setEndpoints();
  // Reassembly takes the datagram as a segment, and must not check its checksum as that of TCP.
  at.l4 = 0;
  // Where both are server ports, a datagram to the lower port is taken for a request.
  const to = destinationPort(udp);
  const from = sourcePort(udp);
  const toServer = isServerPort(to);
  countDecoded();
  count(COUNTER_PAYLOAD_SEEN, at.size + UDP_FRAME);
  if (toServer != isServerPort(from) ? toServer : to <= from) takeRequest(frame);
  else takeAnswer(frame);
}

/** The connection number of the two endpoints: all datagrams between them belong to one connection. */
function connOf(): u32 {
  const time = packet.time;
  markClient(PEER_MARK, true);
  let peer = find();
  if (changetype<usize>(peer)) {
    touch(peer, time);
  } else {
    makeRoom();
    peer = addFlow(true);
    count(COUNTER_FLOWS);
    peer.transport = UDP_PEER;
    openPeer(peer, time);
  }
  peer.lastTime = time;
  markClient(PEER_MARK, true);
  return peer.conn;
}

/**
 * Takes the current datagram as a request. Its first byte tells the protocol, as that of a connection does.
 */
function takeRequest(frame: usize): void {
  const at = packet;
  // memcached silently drops requests of several datagrams (try_read_udp in memcached.c).
  if (datagrams(frame) != 1 || sequenceNumber(frame) != 0) {
    count(COUNTER_UDP_REFUSED);
    count(COUNTER_PAYLOAD_SKIPPED_REFUSED, at.size + UDP_FRAME);
    return;
  }
  const isAgain = isDuplicate(frame, true);
  if (isAgain && isIdentified) {
    skipDuplicate();
    return;
  }
  const conn = connOf();
  markClient(requestId(frame), true);
  const earlier = find();
  if (isAgain && changetype<usize>(earlier)) {
    skipDuplicate();
    return;
  }
  remember();
  // The client reuses the request id, so it no longer waits for the earlier answer.
  if (changetype<usize>(earlier)) endFlow(earlier, CONN_KIND_CLOSE_END);
  makeRoom();
  const flow = addFlow(true);
  // An exchange has the connection number of its peer instead of its own.
  config.nextConn--;
  flow.conn = conn;
  flow.transport = OVER_UDP;
  open(flow, true, at.time);
  flow.opened = 1;
  flow.lastTime = at.time;
  const client = sideOf(flow, CLIENT);
  client.known = 1;
  sideOf(flow, SERVER).known = 1;
  at.sequence = 0;
  at.ack = 0;
  at.flags = TCP_ACK;
  beginWhole();
  takeSegment(flow, CLIENT);
  if (!endWhole(flow, UDP_FRAME)) count(COUNTER_UDP_REFUSED);
  endIfDone(flow);
}

/** Counts the current datagram as a duplicate of an earlier one, and does not read it. */
function skipDuplicate(): void {
  count(COUNTER_DUPLICATES);
  count(COUNTER_PAYLOAD_REPEATED, packet.size + UDP_FRAME);
}

/** Takes the current datagram as part of an answer. */
function takeAnswer(frame: usize): void {
  const at = packet;
  const isAgain = isDuplicate(frame, false);
  markClient(requestId(frame), false);
  const flow = find();
  if (isAgain && (isIdentified || !changetype<usize>(flow))) {
    skipDuplicate();
    return;
  }
  if (!changetype<usize>(flow)) {
    count(COUNTER_UNMATCHED_ANSWERS);
    countPayload(COUNTER_PAYLOAD_UNSYNCED_MID_STREAM, at.size + UDP_FRAME);
    return;
  }
  remember();
  touch(flow, at.time);
  flow.lastTime = at.time;
  const total = datagrams(frame);
  const number = sequenceNumber(frame);
  const server = sideOf(flow, SERVER);
  const exchange = exchangeOf(flow);
  if (exchange.arrived == 0) exchange.start = server.next;
  // All datagrams of an answer but the last have the same size.
  const step = number + 1 < total ? at.size : UDP_ANSWER;
  at.sequence = exchange.start + number * step;
  at.ack = sideOf(flow, CLIENT).next;
  at.flags = TCP_ACK;
  const next = server.next;
  const queued = server.queued;
  takeSegment(flow, SERVER);
  if (server.next != next || server.queued != queued) {
    exchange.arrived++;
    if (exchange.arrived >= total) exchange.arrived = 0;
    takeFrame(flow, UDP_FRAME);
  } else {
    count(COUNTER_PAYLOAD_REPEATED, UDP_FRAME);
  }
  endIfDone(flow);
}

/** Ends an exchange that has no pending request or is out of sync. */
function endIfDone(flow: Flow): void {
  const waits = flow.pending != 0 || flow.current != 0;
  if (!waits || flow.sync == SYNC_NONE) endFlow(flow, CONN_KIND_CLOSE_END);
}
