/**
 * The end of a doubt: one reading proves right, both come to the same, or it is given up. What then counts as
 * known is recorded, and nothing else: what both readings say is true whichever is.
 */
import { CLIENT, Flow, SERVER, Side, sideOf, SYNC_READING } from '../flow/flow';
import { count } from '../instance';
import { COUNTER_GAPS, COUNTER_SETTLED_LENGTHS, OP_UNKNOWN, PRESENT_KEY, STATUS_UNANSWERED } from '../layout';
import { BIT_NO_EVENT, BIT_REFUSED, KIND_DOUBT, Request } from '../memcache/message';
import { takeOverLine } from '../payload';
import { freeLine } from '../stream/lines';
import {
  addCounters, closeDoubt, doubtOf, flowOf, openDoubt, Reading, READING_LOST, READING_WRONG, readingOf,
} from './doubt';
import { forgetPending, freeRequest, push, record, shift, takeRequest } from './pending';
import { CLIENT_FORKED, CLIENT_LINE, SERVER_FORKED, SERVER_LINE } from './states';

/** Requests a reading may see done before a doubt is given up. */
const DONE_MAX: u32 = 64;

/**
 * Begins to read a client's bytes in both ways, from a request line on. What was pending before stays the flow's;
 * a placeholder behind it says where the readings begin. Returns false where there is no memory for it.
 */
export function fork(flow: Flow): bool {
  const stand = takeRequest(flow);
  if (changetype<usize>(stand) == 0) return false;
  if (!openDoubt(flow)) {
    freeRequestOf(stand);
    return false;
  }
  const doubt = doubtOf(flow);
  for (let index: u32 = 0; index < 2; index++) {
    const copy = flowOf(doubt, index);
    copy.sync = SYNC_READING;
    copy.head = 0;
    copy.tail = 0;
    copy.pending = 0;
    copy.current = 0;
    const client = sideOf(copy, CLIENT);
    client.line = 0;
    client.lineSize = 0;
    const server = sideOf(copy, SERVER);
    server.line = 0;
    server.lineSize = 0;
    server.skip = 0;
    server.state = SERVER_LINE;
  }
  stand.op = <u8>OP_UNKNOWN;
  stand.kind = KIND_DOUBT;
  stand.fits = u32.MAX_VALUE;
  stand.bits = BIT_NO_EVENT | BIT_REFUSED;
  stand.present = 0;
  stand.keys = 0;
  push(flow, stand);
  sideOf(flow, CLIENT).state = CLIENT_FORKED;
  return true;
}

/** A request nothing was read into. */
function freeRequestOf(stand: Request): void {
  stand.keys = 0;
  freeRequest(stand);
}

/** Looks whether the bytes both readings were just given decide. Returns false where the doubt has to be given up. */
export function settle(flow: Flow): bool {
  const doubt = doubtOf(flow);
  const old = readingOf(doubt, 0);
  const late = readingOf(doubt, 1);
  if (old.state == READING_LOST || late.state == READING_LOST) return false;
  if (old.state == READING_WRONG) {
    if (late.state == READING_WRONG) return false;
    flow.proven = flowOf(doubt, 1).proven;
    adopt(flow, 1);
    return true;
  }
  if (late.state == READING_WRONG) {
    flow.proven = flowOf(doubt, 0).proven;
    adopt(flow, 0);
    return true;
  }
  if (changetype<Request>(<usize>flow.head).kind == KIND_DOUBT && agree(doubt)) {
    adopt(flow, 1);
    return true;
  }
  return old.done <= DONE_MAX && late.done <= DONE_MAX;
}

/**
 * What one reading held is recorded, and the flow goes on where that one stands. Nothing but the placeholder may be
 * pending.
 */
function adopt(flow: Flow, index: u32): void {
  const doubt = doubtOf(flow);
  const right = flowOf(doubt, index);
  const reading = readingOf(doubt, index);
  const stand = changetype<Request>(<usize>flow.head);
  shift(flow);
  freeRequest(stand);
  count(COUNTER_SETTLED_LENGTHS);
  addCounters(doubt, index);
  while (reading.first) {
    const held = dropHeld(reading);
    record(flow, held, held.status);
    freeRequest(held);
  }
  discard(doubt, 1 - index);
  flow.head = right.head;
  flow.tail = right.tail;
  flow.pending = right.pending;
  flow.current = right.current;
  flow.auth = right.auth;
  flow.login = right.login;
  takeOver(flow, sideOf(flow, CLIENT), sideOf(right, CLIENT));
  // Before the first answer the server's bytes were not read in two ways.
  const server = sideOf(flow, SERVER);
  if (server.state == SERVER_FORKED) takeOver(flow, server, sideOf(right, SERVER));
  closeDoubt(flow);
}

/** Takes over what a side's parser knows; what TCP knows is the flow's own. */
function takeOver(flow: Flow, side: Side, right: Side): void {
  takeOverLine(flow, side, right.lineSize);
  // It may hold the very line that was settled as it was read.
  freeLine(side);
  side.skip = right.skip;
  side.line = right.line;
  side.lineSize = right.lineSize;
  side.lineTime = right.lineTime;
  side.lineOrdinal = right.lineOrdinal;
  side.beganOrdinal = right.beganOrdinal;
  side.began = right.began;
  side.state = right.state;
  side.spoken = right.spoken;
}

/** Records what both readings say of the first requests, and forgets the rest (counted as a gap). */
export function giveUp(flow: Flow): void {
  const doubt = doubtOf(flow);
  const old = readingOf(doubt, 0);
  const late = readingOf(doubt, 1);
  const nothing = old.first == 0 && late.first == 0;
  while (old.first && late.first) {
    const held = changetype<Request>(<usize>old.first);
    if (!isSame(held, changetype<Request>(<usize>late.first)) || held.status != changetype<Request>(<usize>late.first).status) break;
    dropHeld(old);
    record(flow, held, held.status);
    freeRequest(held);
    freeRequest(dropHeld(late));
  }
  if (nothing) {
    // The request itself is certain, whatever came of it.
    const asked = oldest(flowOf(doubt, 0));
    const askedLate = oldest(flowOf(doubt, 1));
    if (changetype<usize>(asked) && changetype<usize>(askedLate) && isSame(asked, askedLate)) record(flow, asked, STATUS_UNANSWERED);
  }
  if (old.first || late.first || flowOf(doubt, 0).pending > 1 || flowOf(doubt, 1).pending > 1) count(COUNTER_GAPS);
  forgetDoubt(flow);
}

/** Ends a doubt about what the server never reads. */
export function forgetDoubt(flow: Flow): void {
  const doubt = doubtOf(flow);
  discard(doubt, 0);
  discard(doubt, 1);
  closeDoubt(flow);
}

/** The first request of a reading that waits for an answer or is not whole yet. */
function oldest(flow: Flow): Request {
  return changetype<Request>(<usize>(flow.head ? flow.head : flow.current));
}

/** Whether both readings have seen the same requests done, keys apart, and wait for nothing. */
function agree(doubt: usize): bool {
  if (!isIdle(flowOf(doubt, 0)) || !isIdle(flowOf(doubt, 1))) return false;
  if (readingOf(doubt, 0).done == 0 || readingOf(doubt, 0).done != readingOf(doubt, 1).done) return false;
  let old = changetype<Request>(<usize>readingOf(doubt, 0).first);
  let late = changetype<Request>(<usize>readingOf(doubt, 1).first);
  while (changetype<usize>(old) && changetype<usize>(late)) {
    if (old.status != late.status || old.op != late.op || old.sub != late.sub || old.ordinal != late.ordinal) return false;
    if (old.keys || late.keys || old.present != late.present || old.valueSize != late.valueSize) return false;
    old = changetype<Request>(<usize>old.next);
    late = changetype<Request>(<usize>late.next);
  }
  if (changetype<usize>(old) || changetype<usize>(late)) return false;
  untell(doubt);
  return true;
}

/** Which key it was is not known where the readings differ on it. */
function untell(doubt: usize): void {
  let old = changetype<Request>(<usize>readingOf(doubt, 0).first);
  let late = changetype<Request>(<usize>readingOf(doubt, 1).first);
  for (; changetype<usize>(old); old = changetype<Request>(<usize>old.next)) {
    if (late.present & (1 << PRESENT_KEY) && late.keyHash != old.keyHash) {
      late.present &= ~(1 << PRESENT_KEY);
      late.keyHash = 0;
      late.keySize = 0;
    }
    late = changetype<Request>(<usize>late.next);
  }
}

function isIdle(flow: Flow): bool {
  if (flow.pending || flow.current) return false;
  const client = sideOf(flow, CLIENT);
  const server = sideOf(flow, SERVER);
  return client.state == CLIENT_LINE && client.line == 0 && server.state == SERVER_LINE && server.line == 0;
}

/** Whether two readings mean the same request. */
function isSame(a: Request, b: Request): bool {
  if (a.time != b.time || a.ordinal != b.ordinal || a.sub != b.sub || a.op != b.op || a.kind != b.kind) return false;
  if (a.keys || b.keys || a.present != b.present || (a.bits | b.bits) & BIT_NO_EVENT) return false;
  return !(a.present & (1 << PRESENT_KEY)) || a.keyHash == b.keyHash;
}

/** Takes the first request a reading holds off its list. */
function dropHeld(reading: Reading): Request {
  const held = changetype<Request>(<usize>reading.first);
  reading.first = held.next;
  return held;
}

/** Returns all memory of a reading. */
function discard(doubt: usize, index: u32): void {
  const reading = readingOf(doubt, index);
  while (reading.first) freeRequest(dropHeld(reading));
  const flow = flowOf(doubt, index);
  forgetPending(flow);
  freeLine(sideOf(flow, CLIENT));
  freeLine(sideOf(flow, SERVER));
}
