/** Reads client bytes: request lines and data blocks become pending requests. */
import {
  AUTH_TRIED, AUTH_WANTED, CLIENT, Flow, FLOW_TEXT, Side, sideOf, SYNC_NONE, SYNC_TENTATIVE,
} from '../flow/flow';
import { count } from '../instance';
import {
  COUNTER_AMBIGUOUS_LENGTHS, COUNTER_BOUND_LINES, COUNTER_PAYLOAD_GAP, COUNTER_PAYLOAD_SKIPPED_AFTER_QUIT,
  COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD, COUNTER_UNKNOWN_COMMANDS, PRESENT_VALUE_SIZE,
  STATUS_SILENT,
} from '../layout';
import { becomeLogin, expectLogin, lookAtLogin, mayLogIn } from '../memcache/credentials';
import { AMBIGUOUS_INDENT, AMBIGUOUS_MASK, AMBIGUOUS_SIZE_FLAG } from '../memcache/ambiguity';
import {
  BIT_LAST, BIT_NO_EVENT, BIT_NOREPLY, BIT_OVERFLOW, BIT_QUIET, BIT_REFUSED, IS_ERROR, KIND_AUTH, KIND_UNTOLD,
  LINE_DATA, LINE_QUIT, Request,
} from '../memcache/message';
import { addKeys, isUnboundedRetrieval, openRetrieval, parseRequest } from '../memcache/request';
import { HEAD_GET } from '../memcache/words';
import { Packet, reservePacket } from '../packet';
import { findByte, findLineEnd } from '../scan';
import { disown, WHY_NOT_UNDERSTOOD } from './account';
import { passUnknown } from './binary-client';
import { beginHolding, hold } from './held';
import { appendLine, dropLineHead, freeLine, giveLine } from './lines';
import { findText } from './protocol';
import { freeRequest, newRequest, push, record } from './pending';
import { quickGet } from './quick';
import {
  CLIENT_DATA, CLIENT_DROP, CLIENT_HELD, CLIENT_KEYS, CLIENT_LINE, CLIENT_OVER, CLIENT_STEP, CLIENT_UNKNOWN,
} from './states';
import { dataDone, lostRequest, setOrigin, submit } from './submit';
import { loseSync, mayTry, passOverClient, tryFrom } from './sync';

const LF: u8 = 10;
const CR: u8 = 13;

/** End of a line, without the CR before its LF. */
// @ts-ignore: decorator
@inline
function withoutCr(at: usize, end: usize): usize {
  return end > at && load<u8>(end - 1) == CR ? end - 1 : end;
}

/** The packet of bytes that were kept until they were known to be text. */
let held: Packet = changetype<Packet>(0);

export function createClient(): void {
  held = reservePacket();
}

/** Reads the client's next bytes, of the packet `from`. */
export function clientBytes(flow: Flow, at: usize, end: usize, from: Packet): void {
  const side = sideOf(flow, CLIENT);
  if (flow.kind != FLOW_TEXT) {
    at = findText(flow, at, end, from);
    if (at == end) return;
    if (side.line) replay(flow, side, from);
  }
  if (flow.sync == SYNC_NONE) {
    if (flow.owed || !mayTry(flow, from) || !beginsRequest(flow, at, end)) {
      passOverClient(flow, at, end);
      return;
    }
    tryFrom(flow);
  }
  while (at < end) {
    switch (side.state) {
      case CLIENT_LINE:
        at = lineBytes(flow, at, end, from);
        break;
      case CLIENT_DATA: {
        const bytes = min<usize>(side.skip, end - at);
        if (flow.login) {
          const value = max<i32>(<i32>side.skip - 2, 0);
          flow.login = lookAtLogin(flow.login, at, at + min<usize>(bytes, value));
        }
        at += bytes;
        side.skip -= <u32>bytes;
        if (side.skip == 0) dataDone(flow, side, from.time);
        break;
      }
      case CLIENT_KEYS:
        at = keyBytes(flow, at, end, from);
        break;
      case CLIENT_DROP: {
        const feed = findByte(at, end, LF);
        disown(flow, <u32>(min(feed + 1, end) - at), COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
        at = feed + 1;
        if (feed < end) {
          const request = changetype<Request>(<usize>flow.current);
          flow.current = 0;
          side.state = CLIENT_LINE;
          request.lastTime = from.time;
          push(flow, request);
        }
        break;
      }
      case CLIENT_HELD:
        hold(flow, at, end, from);
        return;
      case CLIENT_STEP: {
        const bytes = <u32>min<usize>(side.skip, end - at);
        disown(flow, bytes, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
        at += bytes;
        side.skip -= bytes;
        if (side.skip == 0) dataDone(flow, side, from.time);
        break;
      }
      case CLIENT_UNKNOWN:
        passUnknown(flow);
        disown(flow, <u32>(end - at), COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
        return;
      default:
        disown(flow, <u32>(end - at), COUNTER_PAYLOAD_SKIPPED_AFTER_QUIT);
        return;
    }
    if (flow.sync == SYNC_NONE) {
      if (at < end) passOverClient(flow, at, end);
      return;
    }
  }
}

/** Reads the kept bytes, before those of the packet `from`. */
function replay(flow: Flow, side: Side, from: Packet): void {
  const base = <usize>side.line;
  const size = side.lineSize;
  side.line = 0;
  side.lineSize = 0;
  held.time = side.lineTime;
  held.ordinal = side.lineOrdinal;
  held.ack = from.ack;
  held.starts = 0;
  clientBytes(flow, base, base + size, held);
  giveLine(base);
}

/** Whether a segment begins with a complete line that has a known command. */
function beginsRequest(flow: Flow, at: usize, end: usize): bool {
  const feed = findByte(at, end, LF);
  if (feed == end) return false;
  const request = newRequest(flow);
  if (changetype<usize>(request) == 0) return false;
  parseRequest(request, at, withoutCr(at, feed));
  const known = (request.bits & (BIT_NO_EVENT | BIT_REFUSED | BIT_LAST | AMBIGUOUS_MASK)) == 0;
  freeRequest(request);
  return known;
}

/** Bytes of the current request line with its line end, without squeezed spaces. */
let rawSize: u32 = 0;
/** Whether the current line has a NUL. */
let hasNul: bool = false;

function lineBytes(flow: Flow, at: usize, end: usize, from: Packet): usize {
  const side = sideOf(flow, CLIENT);
  if (side.line == 0 && end - at > 6 && load<u32>(at) == HEAD_GET) {
    const next = quickGet(flow, at, end, from);
    if (next) return next;
  }
  let feed = findLineEnd(at, end);
  hasNul = false;
  if (feed < end && load<u8>(feed) != LF) {
    // A NUL ends the line for releases before 1.6.40, and is an ordinary byte for later ones.
    hasNul = true;
    feed = findByte(feed, end, LF);
  }
  if (side.line == 0) {
    if (feed < end) {
      rawSize = <u32>(feed + 1 - at);
      side.lineTime = from.time;
      side.lineOrdinal = from.ordinal;
      requestLine(flow, at, withoutCr(at, feed), from.time);
      return feed + 1;
    }
  }
  const taken = appendLine(side, at, feed, from);
  if (taken < <u32>(feed - at)) return overflow(flow, side, at + taken, end);
  if (feed == end) return end;
  const base = <usize>side.line;
  const lineEnd = withoutCr(base, base + side.lineSize);
  if (!hasNul) hasNul = findLineEnd(base, lineEnd) < lineEnd;
  // The line is complete: from here on the delivery counts its bytes, not the buffer.
  rawSize = side.lineSize + 1;
  side.lineSize = 0;
  requestLine(flow, base, lineEnd, from.time);
  freeLine(side);
  return feed + 1;
}

/** Handles a full buffer of an incomplete line: a retrieval is read in parts, any other line is dropped. */
function overflow(flow: Flow, side: Side, at: usize, end: usize): usize {
  if (side.line == 0) {
    // The pool of buffers is used up.
    lostRequest(flow);
    return at;
  }
  const base = <usize>side.line;
  const lineEnd = base + side.lineSize;
  const request = newRequest(flow);
  if (changetype<usize>(request) == 0) {
    lostRequest(flow);
    return at;
  }
  if (isUnboundedRetrieval(base, lineEnd)) {
    const keys = openRetrieval(request, base, lineEnd);
    setOrigin(flow, request, side.lineTime, side.lineOrdinal);
    flow.current = <u32>changetype<usize>(request);
    dropLineHead(side, <u32>(keys - base));
    takeWholeKeys(request, side, 0);
    side.state = CLIENT_KEYS;
  } else {
    count(COUNTER_BOUND_LINES);
    parseRequest(request, base, base);
    setOrigin(flow, request, side.lineTime, side.lineOrdinal);
    flow.current = <u32>changetype<usize>(request);
    disown(flow, side.lineSize, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
    freeLine(side);
    side.state = CLIENT_DROP;
  }
  return at;
}

/**
 * Moves all keys that are certainly complete out of the buffer; the last one may go on. The first `known`
 * bytes have no space.
 */
function takeWholeKeys(request: Request, side: Side, known: u32): void {
  const base = <usize>side.line;
  const from = base + known;
  let end = base + side.lineSize;
  while (end > from && load<u8>(end - 1) != 0x20) end--;
  if (end == from) {
    // A token this long is not a key, and only as much is kept as shows that.
    if (side.lineSize > 1024) side.lineSize = 1024;
    return;
  }
  addKeys(request, base, end);
  dropLineHead(side, <u32>(end - base));
}

function keyBytes(flow: Flow, at: usize, end: usize, from: Packet): usize {
  const side = sideOf(flow, CLIENT);
  const request = changetype<Request>(<usize>flow.current);
  const feed = findByte(at, end, LF);
  while (at < feed) {
    const known = side.lineSize;
    at += appendLine(side, at, feed, from);
    if (side.line == 0) {
      lostRequest(flow);
      return at;
    }
    takeWholeKeys(request, side, known);
  }
  if (feed == end) return end;
  const base = <usize>side.line;
  if (base) {
    addKeys(request, base, withoutCr(base, base + side.lineSize));
    freeLine(side);
  }
  flow.current = 0;
  side.state = CLIENT_LINE;
  request.cursorChunk = request.keys;
  request.lastTime = from.time;
  if (request.bits & BIT_OVERFLOW) {
    freeRequest(request);
    lostRequest(flow);
    return feed + 1;
  }
  submit(flow, request);
  return feed + 1;
}

/** Handles a request line. Its last byte arrived at `lastTime`, its first at the side's `lineTime`. */
function requestLine(flow: Flow, at: usize, end: usize, lastTime: u64): void {
  const side = sideOf(flow, CLIENT);
  const request = newRequest(flow);
  if (changetype<usize>(request) == 0) {
    disown(flow, rawSize, COUNTER_PAYLOAD_GAP);
    lostRequest(flow);
    return;
  }
  let follows = parseRequest(request, at, end);
  // Up to 1.6.39 a NUL ends the line; later it is an ordinary byte.
  if (hasNul) request.bits |= BIT_QUIET | BIT_LAST;
  setOrigin(flow, request, side.lineTime, side.lineOrdinal);
  request.lastTime = lastTime;
  if (request.bits & (BIT_NO_EVENT | BIT_REFUSED | BIT_LAST | BIT_OVERFLOW | AMBIGUOUS_MASK) || flow.auth) {
    if (!unusual(flow, request)) return;
    if (request.kind == KIND_AUTH) follows = LINE_DATA;
    if (request.bits & BIT_LAST) {
      stopReading(flow, side, request);
      return;
    }
    if (request.bits & AMBIGUOUS_MASK) {
      if (!side.spoken && flow.fromSyn) flow.login = expectLogin(request);
      side.spoken = 1;
      beginHolding(flow, side, request);
      return;
    }
  }
  const first = !side.spoken;
  side.spoken = 1;
  if (follows == LINE_DATA) {
    // A refused line is not a login.
    if (first && flow.fromSyn && !(request.bits & BIT_REFUSED)) flow.login = expectLogin(request);
    flow.current = <u32>changetype<usize>(request);
    side.skip = request.dataSize + 2;
    side.state = request.bits & BIT_NO_EVENT ? CLIENT_STEP : CLIENT_DATA;
    return;
  }
  if (follows == LINE_QUIT) {
    record(flow, request, STATUS_SILENT);
    freeRequest(request);
    side.state = CLIENT_OVER;
    return;
  }
  submit(flow, request);
}

/**
 * Handles a line on which releases differ about what follows: no byte is read until its answer, which puts
 * the flow out of sync.
 */
function stopReading(flow: Flow, side: Side, request: Request): void {
  count(COUNTER_AMBIGUOUS_LENGTHS);
  side.state = CLIENT_UNKNOWN;
  if (request.bits & (BIT_QUIET | BIT_NOREPLY)) {
    // Some releases answer a quiet line, others do not, so the next answer puts the flow out of sync.
    if (!(request.bits & BIT_QUIET)) record(flow, request, STATUS_SILENT);
    else if (!(request.bits & BIT_NO_EVENT)) disown(flow, rawSize, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
    request.kind = KIND_UNTOLD;
    request.fits = u32.MAX_VALUE;
    request.bits = BIT_NO_EVENT | BIT_REFUSED | BIT_LAST;
  } else if (request.bits & BIT_REFUSED) {
    request.fits = 1 << IS_ERROR;
  }
  push(flow, request);
}

/** Handles lines outside the fast path. Returns false when the request needs nothing more. */
function unusual(flow: Flow, request: Request): bool {
  if (request.bits & BIT_OVERFLOW) {
    freeRequest(request);
    disown(flow, rawSize, COUNTER_PAYLOAD_GAP);
    lostRequest(flow);
    return false;
  }
  const unfit = BIT_NO_EVENT | BIT_REFUSED | BIT_LAST | AMBIGUOUS_MASK;
  if (flow.sync == SYNC_TENTATIVE && request.bits & unfit) {
    freeRequest(request);
    loseSync(flow, WHY_NOT_UNDERSTOOD);
    return false;
  }
  if (flow.auth == AUTH_WANTED && mayLogIn(request) && request.present & (1 << PRESENT_VALUE_SIZE)) {
    flow.auth = AUTH_TRIED;
    becomeLogin(request);
    if ((request.bits & AMBIGUOUS_MASK) == AMBIGUOUS_INDENT) request.bits &= ~BIT_NO_EVENT;
    // Only the length of its line matters.
    request.bits &= ~(BIT_LAST | BIT_REFUSED | BIT_QUIET | AMBIGUOUS_MASK);
  }
  const ambiguity = request.bits & AMBIGUOUS_MASK;
  if (ambiguity == AMBIGUOUS_SIZE_FLAG && flow.sizeFlags) request.bits &= ~AMBIGUOUS_MASK;
  // No answer will tell whether the bytes are a value or commands.
  else if (ambiguity && request.bits & (BIT_QUIET | BIT_NOREPLY)) {
    request.bits = (request.bits & ~AMBIGUOUS_MASK) | BIT_QUIET | BIT_LAST;
  }
  if (request.bits & BIT_NO_EVENT && !(request.bits & AMBIGUOUS_MASK)) {
    count(COUNTER_UNKNOWN_COMMANDS);
    disown(flow, rawSize, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
  }
  return true;
}
