/**
 * The seam between the transports and the parsers. TCP and UDP call functions for a flow, in this order:
 *
 *   open ──► bytes | messages | gap ... ──► close
 *
 * TCP and UDP do not know the memcache protocols, and the parsers do not know segments. This file passes
 * bytes to the parser of their side, and counts the bytes that no parser gets.
 */
import {
  CLIENT, Flow, FLOW_DUPLICATE, FLOW_NEW, FLOW_TLS, SERVER, sideOf, SYNC_NONE, SYNC_YES,
} from './flow/flow';
import { askUncut } from './flow/uncut';
import { count, isServerPort } from './instance';
import {
  CONN_KIND_OPEN_MIDSTREAM, COUNTER_DUPLICATES, COUNTER_GAP_BYTES, COUNTER_PARSED_GAPS, COUNTER_PAYLOAD_GAP,
  COUNTER_PAYLOAD_MISSING, COUNTER_PAYLOAD_RECORDED, COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY,
  COUNTER_SKIPPED_STRAY, COUNTER_SKIPPED_TLS,
} from './layout';
import {
  countUnsynced, endTrial, isPlain, settleHeld, skipPayload, WHY_AFTER_GAP,
  WHY_NOT_UNDERSTOOD,
} from './match/account';
import { endRequests } from './match/alone';
import { accountUnread, losePlace, readsNothing, takeGap, takeValue } from './match/gap';
import { skipWithinData, takeMessages } from './match/messages';
import { freeRequest, recordConn } from './match/pending';
import { wholeAnswer, wholeRequest } from './match/quick';
import { CLIENT_HELD, CLIENT_LINE, CLIENT_UNKNOWN } from './match/states';
import { loseSync, takeServerAck } from './match/sync';
import { parseAnswer } from './memcache/answer';
import { MAGIC_ANSWER, MAGIC_REQUEST } from './memcache/binary';
import { IS_FREE, IS_NUMBER, Request } from './memcache/message';
import { LOGIN_BOTH } from './memcache/credentials';
import { isAnswerForm, isSound } from './memcache/parsed';
import { countDecoded, destinationPortField, Packet, packet, sourcePortField } from './packet';
import { findByte } from './scan';

/** Begins a flow at `time`, in sync where it begins at the start of its connection. */
export function open(flow: Flow, fromStart: bool, time: u64): void {
  flow.kind = FLOW_NEW;
  flow.sync = fromStart ? SYNC_YES : SYNC_NONE;
  flow.owed = fromStart ? 0 : 1;
  flow.openTime = time;
}

/** Begins a flow that is a duplicate of another one, and is not read. */
export function openDuplicate(flow: Flow): void {
  flow.kind = FLOW_DUPLICATE;
  flow.settled = 1;
}

export { bytes } from './match/delivery';

/**
 * Takes the next bytes of one side, the payload of the current packet, if they are one complete message.
 * Otherwise returns false without any effect, and `bytes` must take them.
 */
// @ts-ignore: decorator
@inline
export function wholeMessage(flow: Flow, at: usize, end: usize): bool {
  if (!isPlain(flow)) return false;
  if (!(packet.side == CLIENT ? wholeRequest(flow, at, end) : wholeAnswer(flow, at, end))) return false;
  count(COUNTER_PAYLOAD_RECORDED, end - at);
  return true;
}

// Why the bytes of a gap are missing.
/** No packet showed the bytes. */
export const GAP_NOT_SEEN: u32 = 0;
/** The capture cut their packet short. */
export const GAP_NOT_CAPTURED: u32 = 1;
/** Overlapping segments have different bytes. */
export const GAP_CONTRADICTORY: u32 = 2;
/** Overlapping segments differ, and one of them ends the stream: the number of bytes is uncertain, too. */
export const GAP_PERHAPS_OVER: u32 = 3;

/** Skips the payload of `from` that was not captured, the next bytes of a side. `why` is GAP_*. */
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
  // There may have been requests, which the server still answers.
  else if (side == CLIENT) flow.owed = 1;
}

/**
 * Skips the payload of `from`, the next bytes of a side, which the BPF program took for a value and left out.
 * Where they are not, they are lost, and whole packets are asked for.
 */
export function leftOut(flow: Flow, side: u32, from: Packet): void {
  const size = from.size;
  if (!isRead(flow)) {
    skipPayload(flow.kind, size);
  } else if (flow.sync == SYNC_NONE) {
    countUnsynced(flow, size);
  } else if (!takeValue(flow, side, size, from.time)) {
    askUncut(flow);
    gap(flow, side, from, GAP_NOT_CAPTURED);
  }
}

/**
 * Takes the messages of `from`, of a message record, as the next bytes of a side. They are believed where the
 * side stands between two messages, and skipped within a value. Elsewhere their bytes are needed.
 */
// @ts-ignore: decorator
@inline
export function messages(flow: Flow, side: u32, from: Packet): void {
  if (!isRead(flow)) {
    skipPayload(flow.kind, from.size);
    return;
  }
  if (flow.sync != SYNC_NONE) {
    if (skipWithinData(flow, side, from.size, from.time)) return;
    if (isSound(from.messages, from.end, from.size, side == CLIENT)) {
      const left = takeMessages(flow, side, from);
      if (left == 0) return;
      from.captured = from.size - left;
    }
  }
  unread(flow, side, from);
}

/**
 * Gives up the payload of `from`, the next bytes of a side, from its `captured` bytes on: what is known of
 * them, as messages, cannot be used, and whole packets are asked for.
 */
export function unread(flow: Flow, side: u32, from: Packet): void {
  const size = from.size - from.captured;
  if (!isRead(flow)) {
    skipPayload(flow.kind, size);
    return;
  }
  const isIdle = flow.sync != SYNC_NONE && readsNothing(sideOf(flow, side), side);
  if (!isIdle) {
    count(COUNTER_PARSED_GAPS);
    askUncut(flow);
    // They may be a user's name and password.
    if (side == CLIENT && flow.login) flow.login = LOGIN_BOTH;
  }
  if (flow.sync == SYNC_NONE) countUnsynced(flow, size);
  else gap(flow, side, from, GAP_NOT_CAPTURED);
  if (side == CLIENT) flow.owed = 1;
  else if (flow.sync != SYNC_YES) takeServerAck(flow, from.ack);
}

/** Ends a flow: its pending requests are unanswered. `kind` is CONN_KIND_CLOSE_*. */
export function close(flow: Flow, kind: u32, time: u64): void {
  const failures = flow.failures;
  loseSync(flow, WHY_AFTER_GAP);
  settleHeld(flow);
  flow.failures = failures;
  if (flow.opened) recordConn(flow, kind, time);
}

/**
 * Begins the flow of two endpoints that exchange datagrams. It is recorded as an open connection at once; the
 * datagrams themselves are read in the flows of their exchanges.
 */
export function openPeer(flow: Flow, time: u64): void {
  open(flow, true, time);
  flow.opened = 1;
  recordConn(flow, CONN_KIND_OPEN_MIDSTREAM, time);
}

/** The bytes up to `endWhole` are one datagram of a client: complete requests, or none. */
export { beginTrial as beginWhole } from './match/account';

/**
 * Ends a datagram; the `frame` bytes of its memcache header count as its payload does. Returns false where it
 * ends within a request: the rest will never come, and the server carries out nothing of it.
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

/** Counts the bytes of a datagram's memcache header as its payload. */
export { takeUnread as takeFrame } from './match/account';

/** Whether a flow is read, and not skipped as TLS, stray or a duplicate. */
// @ts-ignore: decorator
@inline
export function isRead(flow: Flow): bool {
  return flow.kind <= FLOW_NEW;
}

/** Whether it is proven where the messages of a flow begin. */
export function isProven(flow: Flow): bool {
  return flow.sync == SYNC_YES && isRead(flow);
}

/** Whether a flow is in sync, at least tentatively. */
export function isBelieved(flow: Flow): bool {
  return flow.sync != SYNC_NONE;
}

/**
 * From here on the client's side is read alone. Its binary requests do not wait for an answer to prove that
 * the server speaks binary.
 */
export function requestsAlone(flow: Flow): void {
  sideOf(flow, SERVER).spoken = 1;
}

/** Ends the requests read so far of a client that is read alone: no answer to them will be captured. */
export function aloneSettled(flow: Flow): void {
  if (flow.sync != SYNC_NONE && isRead(flow)) endRequests(flow);
}

/** The missing side of a flow appears: which answer is whose must be proven again. */
export function otherAppears(flow: Flow): void {
  if (flow.sync != SYNC_NONE) losePlace(flow);
}

/** Counts the current packet by the kind of its flow. */
// @ts-ignore: decorator
@inline
export function countPacket(flow: Flow): void {
  if (isRead(flow)) countDecoded();
  else if (flow.kind == FLOW_DUPLICATE) countDuplicate();
  else count(flow.kind == FLOW_TLS ? COUNTER_SKIPPED_TLS : COUNTER_SKIPPED_STRAY);
}

/** Counts the current packet as a duplicate. */
export function countDuplicate(): void {
  countDecoded();
  if (packet.size) count(COUNTER_DUPLICATES);
}

/** Counts the current packet and its payload, of a flow that is not read. */
export function skipPacket(flow: Flow): void {
  countPacket(flow);
  skipPayload(flow.kind, packet.size);
}

/**
 * Whether the current segment, of a flow in mid-stream, comes from the client. One of the ports is the
 * server's; where both are server ports, the first payload bytes tell requests from answers.
 */
export function sourceIsClient(): bool {
  const fromServer = isServerPort(bswap<u16>(sourcePortField()));
  const toServer = isServerPort(bswap<u16>(destinationPortField()));
  if (fromServer != toServer) return toServer;
  if (packet.messages) return !isAnswerForm(packet.messages, packet.end);
  if (packet.captured < 3) return true;
  const at = <usize>packet.payload;
  const first = load<u8>(at);
  if (first == MAGIC_REQUEST || first == MAGIC_ANSWER) return first == MAGIC_REQUEST;
  const feed = findByte(at, at + packet.captured, 10);
  const code = parseAnswer(at, feed > at && load<u8>(feed - 1) == 13 ? feed - 1 : feed);
  return code == IS_FREE || code == IS_NUMBER;
}
