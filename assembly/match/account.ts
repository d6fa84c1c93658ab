/**
 * Counts payload bytes by their outcome. Every byte seen is counted in exactly one counter:
 *
 *   payload_seen = payload_recorded + payload_repeated + payload_unsynced_* + payload_gap + payload_skipped_*
 *
 * Bytes reach the parsers in deliveries, the bytes of one segment each. A delivery of a flow in sync counts
 * as recorded, except for bytes that its parser disowns. Three kinds of bytes wait before they count:
 *
 *   - those of an incomplete line: they count with the delivery that ends the line;
 *   - those of a request that its answer must prove (`Flow.held`): once proven they count as recorded;
 *   - those of an early segment: they count when it is delivered or dropped.
 *
 * Counters never decrease, so the counts of a block are never negative.
 */
import {
  Flow, FLOW_BINARY, FLOW_DUPLICATE, FLOW_TLS, SERVER, Side, sideOf, SYNC_NONE, SYNC_YES,
} from '../flow/flow';
import { count, countPayload } from '../instance';
import {
  COUNTER_FLOWS_UNSYNCED, COUNTER_PAYLOAD_RECORDED, COUNTER_PAYLOAD_REPEATED, COUNTER_PAYLOAD_SKIPPED_STRAY,
  COUNTER_PAYLOAD_SKIPPED_TLS, COUNTER_PAYLOAD_UNSYNCED_AFTER_GAP, COUNTER_PAYLOAD_UNSYNCED_INCOMPLETE,
  COUNTER_PAYLOAD_UNSYNCED_MID_STREAM, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD,
} from '../layout';

// Values of Flow.unsynced: why the flow is out of sync, or was the last time.
/** The connection began before the capture, and the flow has not been in sync yet. */
export const WHY_MID_STREAM: u8 = 0;
/** Bytes are missing, or there was no memory for them. */
export const WHY_AFTER_GAP: u8 = 1;
/** A message violates the protocol, or an answer fits no pending request. */
export const WHY_NOT_UNDERSTOOD: u8 = 2;
/** Bit in addition to these values: COUNTER_FLOWS_UNSYNCED has counted the flow. */
export const UNSYNCED_COUNTED: u8 = 0x80;

/** Whether bytes of the flow were counted as unsynced. */
// @ts-ignore: decorator
@inline
export function wasUnsynced(flow: Flow): bool {
  return (flow.unsynced & UNSYNCED_COUNTED) != 0;
}

/** Sets the reason why the flow is out of sync from here on. */
export function setWhy(flow: Flow, why: u8): void {
  flow.unsynced = why | (flow.unsynced & UNSYNCED_COUNTED);
}

function counterOf(flow: Flow): u32 {
  switch (flow.unsynced & ~UNSYNCED_COUNTED) {
    case WHY_AFTER_GAP: return COUNTER_PAYLOAD_UNSYNCED_AFTER_GAP;
    case WHY_NOT_UNDERSTOOD: return COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD;
    default: return COUNTER_PAYLOAD_UNSYNCED_MID_STREAM;
  }
}

/** Counts bytes of a flow that is out of sync, by the reason. */
export function countUnsynced(flow: Flow, bytes: u32): void {
  if (bytes == 0) return;
  if (!wasUnsynced(flow)) {
    flow.unsynced |= UNSYNCED_COUNTED;
    count(COUNTER_FLOWS_UNSYNCED);
  }
  countPayload(counterOf(flow), bytes);
}

/** Counts payload of a flow that is not read. */
export function skipPayload(kind: u8, bytes: u32): void {
  if (kind == FLOW_DUPLICATE) count(COUNTER_PAYLOAD_REPEATED, bytes);
  else count(kind == FLOW_TLS ? COUNTER_PAYLOAD_SKIPPED_TLS : COUNTER_PAYLOAD_SKIPPED_STRAY, bytes);
}

/**
 * Bytes that the current delivery will count: its own and those of a line it ends, less the disowned ones.
 */
let claim: u32 = 0;
/** The side of the current delivery, or of the last one. */
let claimer: usize = 0;
/** Whether the flow was in sync when the delivery began. */
let wasInSync: bool = false;
/**
 * Whether an answer ended a request that cannot be recorded, because only a later answer proves where
 * requests begin.
 */
let unproven: bool = false;

/** Begins the delivery of bytes to a side's parser. */
// @ts-ignore: decorator
@inline
export function beginDelivery(flow: Flow, side: Side, bytes: u32): void {
  claim = bytes + side.lineSize;
  claimer = changetype<usize>(side);
  wasInSync = flow.sync == SYNC_YES;
}

/** Mask for the word with a flow's transport, sync, kind, failures and held, without failures. */
const PLAIN_MASK: u64 = 0xffffffff00ffffff;
/** Text over TCP, in sync, without held bytes, as nearly all flows are. */
const PLAIN: u64 = <u64>SYNC_YES << 8;

// @ts-ignore: decorator
@inline
export function isPlain(flow: Flow): bool {
  return (load<u64>(changetype<usize>(flow), offsetof<Flow>('transport')) & PLAIN_MASK) == PLAIN;
}

/** Ends a delivery that the parser has read, and counts its bytes. */
// @ts-ignore: decorator
@inline
export function endDelivery(flow: Flow, side: Side): void {
  const bytes = claim - side.lineSize;
  if (isPlain(flow) && !unproven) count(COUNTER_PAYLOAD_RECORDED, bytes);
  else endUnusual(flow, bytes);
}

/** Counts the bytes of any other delivery. */
function endUnusual(flow: Flow, bytes: u32): void {
  // Checked at compile time: these fields must lie in one word, as PLAIN_MASK assumes.
  if (offsetof<Flow>('sync') != offsetof<Flow>('transport') + 1) ERROR('PLAIN');
  if (offsetof<Flow>('held') != offsetof<Flow>('transport') + 4) ERROR('PLAIN');
  if (flow.kind == FLOW_TLS) {
    skipPayload(FLOW_TLS, bytes + flow.held);
    flow.held = 0;
  } else if (unproven) {
    countUnsynced(flow, bytes + flow.held);
    flow.held = 0;
  } else if (flow.sync == SYNC_NONE && wasInSync && flow.held == 0 && !onTrial) {
    // These bytes were read before the flow lost sync within this delivery.
    count(COUNTER_PAYLOAD_RECORDED, bytes);
  } else {
    flow.held += bytes;
    settleHeld(flow);
  }
  unproven = false;
}

/** Whether the current delivery is a datagram, which may turn out to be no complete request. */
let onTrial: bool = false;

/** Begins a datagram, which must have complete requests: its bytes are held until `endTrial`. */
export function beginTrial(): void {
  onTrial = true;
}

/** Ends a datagram. Where its last request was not `whole`, its bytes count as incomplete. */
export function endTrial(flow: Flow, whole: bool): void {
  onTrial = false;
  if (!whole) {
    countPayload(COUNTER_PAYLOAD_UNSYNCED_INCOMPLETE, flow.held);
    flow.held = 0;
  }
  settleHeld(flow);
}

/** Holds bytes that were not delivered because they were not captured, or counts them as recorded. */
export function takeUnread(flow: Flow, bytes: u32): void {
  flow.held += bytes;
  settleHeld(flow);
}

/** Counts the held bytes, if it is known whether they are recorded. */
export function settleHeld(flow: Flow): void {
  if (flow.held == 0) return;
  if (flow.sync == SYNC_NONE) countUnsynced(flow, flow.held);
  else if (isOpen(flow)) return;
  else count(COUNTER_PAYLOAD_RECORDED, flow.held);
  flow.held = 0;
}

/** Whether an answer must still prove the client's bytes. */
function isOpen(flow: Flow): bool {
  if (flow.sync != SYNC_YES || onTrial) return true;
  // A server that does not speak binary reads no binary request at all.
  return flow.kind == FLOW_BINARY && !sideOf(flow, SERVER).spoken;
}

/**
 * Counts bytes of the current delivery as `counter` instead of as recorded. Out of sync it does nothing,
 * because all bytes count by the reason.
 */
export function disown(flow: Flow, bytes: u32, counter: u32): void {
  if (flow.sync != SYNC_YES) return;
  claim -= bytes;
  countPayload(counter, bytes);
}

/** Counts the rest of the current delivery as unsynced: no parser reads it. */
export function leaveRestUnread(flow: Flow, bytes: u32): void {
  claim -= bytes;
  countUnsynced(flow, bytes);
}

/** Begins reading held bytes of the client, within a delivery of the server, which counts them, too. */
export function beginHeld(client: Side, bytes: u32): void {
  claim += bytes;
  claimer = changetype<usize>(client);
}

/** Ends reading held bytes; those of a line or value that remains held do not count yet. */
export function endHeld(client: Side, server: Side): void {
  claim -= client.lineSize;
  claimer = changetype<usize>(server);
}

/** Gives up an incomplete line, and counts its bytes. */
export function loseLine(flow: Flow, side: Side): void {
  const bytes = side.lineSize;
  if (bytes == 0) return;
  if (claimer == changetype<usize>(side)) claim -= bytes;
  if (flow.sync == SYNC_YES) countPayload(COUNTER_PAYLOAD_UNSYNCED_INCOMPLETE, bytes);
  else countUnsynced(flow, bytes);
}

/**
 * An answer ended a request that is not recorded: the current delivery and all held bytes count as unsynced.
 */
export function countUnproven(): void {
  unproven = true;
}
