/** The effect of a gap on a parser. Within a value of known size nothing else is lost. */
import { CLIENT, Flow, SERVER, Side, sideOf, SYNC_NONE, SYNC_YES } from '../flow/flow';
import { count, countPayload } from '../instance';
import {
  COUNTER_GAPS, COUNTER_PAYLOAD_SKIPPED_AFTER_QUIT, COUNTER_PAYLOAD_SKIPPED_STREAM,
  COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD, COUNTER_VALUE_GAPS,
} from '../layout';
import { LOGIN_BOTH } from '../memcache/credentials';
import { countUnsynced, settleHeld, takeUnread, WHY_AFTER_GAP } from './account';
import { passUnknown } from './binary-client';
import { finishImplied, isImplied } from './server';
import {
  CLIENT_DATA, CLIENT_LINE, CLIENT_OVER, CLIENT_STEP, CLIENT_UNKNOWN, SERVER_DATA, SERVER_LINE, SERVER_STEP,
  SERVER_STREAM,
} from './states';
import { dataDone } from './submit';
import { loseSync } from './sync';

/** Counts bytes that were seen and cannot be read; outside of values they count as `counter`. */
export function accountUnread(flow: Flow, index: u32, size: u32, counter: u32): void {
  const side = sideOf(flow, index);
  if (flow.sync == SYNC_NONE) countUnsynced(flow, size);
  else if (index == CLIENT && side.state == CLIENT_OVER) count(COUNTER_PAYLOAD_SKIPPED_AFTER_QUIT, size);
  else if (index == SERVER && side.state == SERVER_STREAM) count(COUNTER_PAYLOAD_SKIPPED_STREAM, size);
  else if (index == CLIENT && side.state == CLIENT_UNKNOWN) {
    countPayload(COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD, size);
  }
  else if (isWithinData(side, index, size) || isBehindData(flow, side, index, size)) takeUnread(flow, size);
  else countPayload(counter, size);
}

/** Whether a gap of `size` bytes ends within the current data block of a side, or with it. */
// @ts-ignore: decorator
@inline
function isWithinData(side: Side, index: u32, size: u32): bool {
  return side.state == (index == CLIENT ? CLIENT_DATA : SERVER_DATA) && size <= side.skip;
}

/** Whether the bytes of a gap after the end of a data block are certain. */
// @ts-ignore: decorator
@inline
function isBehindData(flow: Flow, side: Side, index: u32, size: u32): bool {
  return index == SERVER && side.state == SERVER_DATA && isImplied(flow, size - side.skip);
}

/** Skips `size` bytes of the current data block of a side. */
function skipData(flow: Flow, index: u32, size: u32, time: u64): void {
  const side = sideOf(flow, index);
  side.skip -= size;
  // The missing bytes may be credentials.
  if (index == CLIENT && flow.login) flow.login = LOGIN_BOTH;
  if (side.skip) return;
  if (index == CLIENT) dataDone(flow, side, time);
  else side.state = SERVER_LINE;
}

/**
 * Skips bytes of a flow that is in sync or tentative, where they lie within the current data block. Otherwise
 * returns false without any effect.
 */
export function takeValue(flow: Flow, index: u32, size: u32, time: u64): bool {
  const side = sideOf(flow, index);
  if (isWithinData(side, index, size)) {
    takeUnread(flow, size);
  } else {
    // The data block of an unknown command.
    if (side.state != (index == CLIENT ? CLIENT_STEP : SERVER_STEP) || size > side.skip) return false;
    if (flow.sync == SYNC_YES) countPayload(COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD, size);
    else takeUnread(flow, size);
  }
  skipData(flow, index, size, time);
  return true;
}

/** Skips a gap, at `time`, of a flow that is in sync or tentative. */
export function takeGap(flow: Flow, index: u32, size: u32, time: u64): void {
  const side = sideOf(flow, index);
  if (isWithinData(side, index, size)) {
    count(COUNTER_VALUE_GAPS);
    skipData(flow, index, size, time);
    return;
  }
  if (isBehindData(flow, side, index, size)) {
    count(COUNTER_VALUE_GAPS);
    finishImplied(flow, side);
    settleHeld(flow);
    return;
  }
  if (!readsNothing(side, index)) {
    const isOnly = index == SERVER && isAnswerOfOnly(flow);
    losePlace(flow);
    // What is missing is the answer to the only request, so that the server owes no other.
    if (isOnly) flow.owed = 0;
  } else if (index == CLIENT && side.state == CLIENT_UNKNOWN) {
    passUnknown(flow);
  }
}

/** Whether the server's next bytes can only answer the one request that the client has sent. */
function isAnswerOfOnly(flow: Flow): bool {
  const client = sideOf(flow, CLIENT);
  return flow.sync == SYNC_YES && flow.pending == 1 && client.state == CLIENT_LINE && client.line == 0;
}

/** Whether no byte of a side is read at present, so that none can be missed. */
// @ts-ignore: decorator
@inline
export function readsNothing(side: Side, index: u32): bool {
  if (index == CLIENT) return side.state == CLIENT_OVER || side.state == CLIENT_UNKNOWN;
  return side.state == SERVER_STREAM;
}

/** Puts the flow out of sync until an answer proves a request. */
export function losePlace(flow: Flow): void {
  count(COUNTER_GAPS);
  loseSync(flow, WHY_AFTER_GAP);
  settleHeld(flow);
}
