/**
 * The seam between what carries memcache and what reads it. TCP and UDP hand on four things of a flow, in
 * order:
 *
 *   open ──► bytes | gap ... ──► close
 *
 * TCP and UDP do not know the protocols; the parsers do not know segments. This file chooses the side and the
 * parser that get the bytes, and accounts for the bytes that no parser gets.
 */
import {
  CLIENT, Flow, FLOW_COPY, FLOW_NEW, FLOW_TLS, SERVER, sideOf, SYNC_NONE, SYNC_YES,
} from './flow/flow';
import { count, isServerPort } from './instance';
import {
  CONN_KIND_OPEN_MIDSTREAM, COUNTER_DUPLICATES, COUNTER_GAP_BYTES, COUNTER_PAYLOAD_GAP,
  COUNTER_PAYLOAD_MISSING, COUNTER_PAYLOAD_RECORDED, COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY,
  COUNTER_SKIPPED_STRAY, COUNTER_SKIPPED_TLS,
} from './layout';
import {
  beginDelivery, endDelivery, endTrial, isPlain, settleHeld, skipPayload, WHY_AFTER_GAP, WHY_NOT_UNDERSTOOD,
} from './match/account';
import { endRequests } from './match/alone';
import { clientBytes } from './match/client';
import { accountUnread, losePlace, takeGap } from './match/gap';
import { freeRequest, recordConn } from './match/pending';
import { wholeAnswer, wholeRequest } from './match/quick';
import { serverBytes } from './match/server';
import { CLIENT_HELD, CLIENT_LINE, CLIENT_UNKNOWN } from './match/states';
import { loseSync } from './match/sync';
import { parseAnswer } from './memcache/answer';
import { MAGIC_ANSWER, MAGIC_REQUEST } from './memcache/binary';
import { IS_FREE, IS_NUMBER, Request } from './memcache/message';
import { countDecoded, destinationPortField, Packet, packet, sourcePortField } from './packet';
import { findByte } from './scan';

/** A flow begins, at `time`; in sync where its first bytes are the first of its connection. */
export function open(flow: Flow, fromStart: bool, time: u64): void {
  flow.kind = FLOW_NEW;
  flow.sync = fromStart ? SYNC_YES : SYNC_NONE;
  flow.openTime = time;
}

/** A flow begins that is a copy of another: it is not read. */
export function openCopy(flow: Flow): void {
  flow.kind = FLOW_COPY;
  flow.settled = 1;
}

/** Bytes of one side in order: what was captured of the payload of `from`. */
// @ts-ignore: decorator
@inline
export function bytes(flow: Flow, side: u32, from: Packet): void {
  const at = <usize>from.payload;
  const size = from.captured;
  const state = sideOf(flow, side);
  beginDelivery(flow, state, size);
  if (side == CLIENT) clientBytes(flow, at, at + size, from);
  else serverBytes(flow, at, at + size, from);
  endDelivery(flow, state);
}

/**
 * Takes the next bytes of one side, the payload of the packet at hand, if they are one whole message.
 * Otherwise returns false and has changed nothing: `bytes` takes them.
 */
// @ts-ignore: decorator
@inline
export function wholeMessage(flow: Flow, at: usize, end: usize): bool {
  if (!isPlain(flow)) return false;
  if (!(packet.side == CLIENT ? wholeRequest(flow, at, end) : wholeAnswer(flow, at, end))) return false;
  count(COUNTER_PAYLOAD_RECORDED, end - at);
  return true;
}

// Why bytes are not there.
/** No packet showed them. */
export const GAP_NOT_SEEN: u32 = 0;
/** Their packet was captured too short. */
export const GAP_NOT_CAPTURED: u32 = 1;
/** Copies of them contradict each other. */
export const GAP_CONTRADICTORY: u32 = 2;
/** Copies contradict each other, and one ends the stream: not even the number of bytes is certain. */
export const GAP_PERHAPS_OVER: u32 = 3;

/**
 * Bytes of one side that will never be read: what was not captured of the payload of `from`. `why` is GAP_*.
 */
export function gap(flow: Flow, side: u32, from: Packet, why: u32): void {
  const size = from.size - from.captured;
  if (why == GAP_PERHAPS_OVER && flow.sync != SYNC_NONE) losePlace(flow);
  if (why == GAP_NOT_SEEN) {
    count(COUNTER_PAYLOAD_MISSING, size);
  } else if (isRead(flow)) {
    const counter = why == GAP_NOT_CAPTURED ? COUNTER_PAYLOAD_GAP : COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY;
    accountUnread(flow, side, size, counter);
  } else {
    skipPayload(flow.kind, size);
    return;
  }
  count(COUNTER_GAP_BYTES, size);
  if (flow.sync != SYNC_NONE) takeGap(flow, side, size, from.time);
}

/** A flow is over: what is pending ends unanswered. */
export function close(flow: Flow, kind: u32, time: u64): void {
  const failures = flow.failures;
  loseSync(flow, WHY_AFTER_GAP);
  settleHeld(flow);
  flow.failures = failures;
  if (flow.opened) recordConn(flow, kind, time);
}

/**
 * Two endpoints that exchange datagrams are a connection, which is recorded as open at once; what they say is
 * read in flows of its own.
 */
export function openPeer(flow: Flow, time: u64): void {
  open(flow, true, time);
  flow.opened = 1;
  recordConn(flow, CONN_KIND_OPEN_MIDSTREAM, time);
}

/** The bytes up to `endWhole` are one datagram of a client: requests that are whole in it, or nothing. */
export { beginTrial as beginWhole } from './match/account';

/**
 * The datagram was handed on; `frame` bytes of its header count as its payload does. Returns false where it
 * ends within a request: the rest will never come, and the server does nothing of it.
 */
export function endWhole(flow: Flow, frame: u32): bool {
  const client = sideOf(flow, CLIENT);
  const state = client.state;
  const whole = state == CLIENT_UNKNOWN || state == CLIENT_HELD || (state == CLIENT_LINE && client.line == 0);
  if (!whole) {
    if (flow.current) freeRequest(changetype<Request>(<usize>flow.current));
    flow.current = 0;
    loseSync(flow, WHY_NOT_UNDERSTOOD);
  }
  flow.held += frame;
  endTrial(flow, whole);
  return whole;
}

/** Bytes of a datagram's frame count as its payload does. */
export { takeUnread as takeFrame } from './match/account';

/** Whether the bytes of a flow are read, not skipped as TLS or stray. */
// @ts-ignore: decorator
@inline
export function isRead(flow: Flow): bool {
  return flow.kind <= FLOW_NEW;
}

/** Whether something is read of it, so that an answer has a request. */
export function isBelieved(flow: Flow): bool {
  return flow.sync != SYNC_NONE;
}

/**
 * The client's side is read alone. Its binary requests do not wait for a server that shows it speaks binary.
 */
export function requestsAlone(flow: Flow): void {
  sideOf(flow, SERVER).spoken = 1;
}

/** The side read alone is the client's: what it has asked will not be answered. */
export function aloneSettled(flow: Flow): void {
  if (flow.sync != SYNC_NONE && isRead(flow)) endRequests(flow);
}

/** One side was read alone, and now the other appears: what is what must be proven. */
export function otherAppears(flow: Flow): void {
  if (flow.sync != SYNC_NONE) losePlace(flow);
}

/** Counts the packet at hand by what its flow turned out to be. */
// @ts-ignore: decorator
@inline
export function countPacket(flow: Flow): void {
  if (isRead(flow)) countDecoded();
  else if (flow.kind == FLOW_COPY) countCopy();
  else count(flow.kind == FLOW_TLS ? COUNTER_SKIPPED_TLS : COUNTER_SKIPPED_STRAY);
}

/** The packet at hand is a copy of one of another flow, or of one that is over. */
export function countCopy(): void {
  countDecoded();
  if (packet.size) count(COUNTER_DUPLICATES);
}

/** The packet at hand is of a flow that is not read. */
export function pass(flow: Flow): void {
  countPacket(flow);
  skipPayload(flow.kind, packet.size);
}

/**
 * Which side a segment in mid-stream comes from: the other port is the server's; where both are, who answers
 * is.
 */
export function sourceIsClient(): bool {
  const fromServer = isServerPort(bswap<u16>(sourcePortField()));
  const toServer = isServerPort(bswap<u16>(destinationPortField()));
  if (fromServer != toServer) return toServer;
  if (packet.captured < 3) return true;
  const at = <usize>packet.payload;
  const first = load<u8>(at);
  if (first == MAGIC_REQUEST || first == MAGIC_ANSWER) return first == MAGIC_REQUEST;
  const feed = findByte(at, at + packet.captured, 10);
  const code = parseAnswer(at, feed > at && load<u8>(feed - 1) == 13 ? feed - 1 : feed);
  return code == IS_FREE || code == IS_NUMBER;
}
