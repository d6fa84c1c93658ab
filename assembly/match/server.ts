/** Reads server bytes: answer lines and data blocks complete pending requests. */
import {
  AUTH_NO, AUTH_WANTED, CLIENT, Flow, FLOW_BINARY, FLOW_NEW, FLOW_TEXT, FLOW_TLS, SERVER, Side, sideOf,
  SYNC_NONE, SYNC_TENTATIVE, SYNC_YES,
} from '../flow/flow';
import { count } from '../instance';
import {
  COUNTER_AMBIGUOUS_LENGTHS, COUNTER_BOUND_LINES, COUNTER_PAYLOAD_SKIPPED_STREAM,
  COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD, COUNTER_UNKNOWN_COMMANDS, COUNTER_UNMATCHED_ANSWERS, OP_WATCH,
  PRESENT_FLAGS, PRESENT_KEY, PRESENT_VALUE_SIZE, STATUS_ERROR, STATUS_HIT, STATUS_MISS, STATUS_OK,
} from '../layout';
import {
  answerFlags, answerPrint, answerSize, asksForCredentials, errorClass, hasKey, hasOpaque, parseAnswer,
} from '../memcache/answer';
import { becomeLogin, LOGIN_NO, mayLogIn, withhold } from '../memcache/credentials';
import {
  AMBIGUOUS_INDENT, AMBIGUOUS_MASK, AMBIGUOUS_SIZE_FLAG, isTaken, NOT_TAKEN, NOT_TOLD, TAKEN,
} from '../memcache/ambiguity';
import { findAnywhere } from '../memcache/key-index';
import { findKey } from '../memcache/keys';
import {
  BIT_ANSWERED, BIT_FOREIGN, BIT_LAST, BIT_NO_EVENT, BIT_ONE_LINE, BIT_QUIET, IS_EN, IS_END, IS_ERROR,
  IS_FREE, IS_OK, IS_STAT, IS_STORED, IS_VA, IS_VALUE, KIND_AUTH, KIND_DUMP, KIND_GET, KIND_META, KIND_UNTOLD,
  Request,
} from '../memcache/message';
import { END_SIZE } from '../memcache/parsed';
import { Packet } from '../packet';
import { findByte } from '../scan';
import { countUnproven, disown, leaveRestUnread, WHY_AFTER_GAP, WHY_NOT_UNDERSTOOD } from './account';
import { answersAlone } from './alone';
import { binaryServerBytes } from './binary-server';
import { STEP_DONE, STEP_NOT, stepOver } from './foreign';
import { HELD_VALUE_MAX, lookAtHeld, mayBeLogin } from './held';
import { answered, forgetPending, freeRequest, record, shift } from './pending';
import { appendLine, freeLine } from './lines';
import { quickSize, quickValue, startsWithEnd, takeQuickValue } from './quick';
import { resume } from './resume';
import {
  CLIENT_LINE, CLIENT_OVER, SERVER_AFTER_ERROR, SERVER_DATA, SERVER_DROP, SERVER_LINE, SERVER_STEP,
  SERVER_STREAM,
} from './states';
import { metaStatus, textStatus } from './status';
import { believe, endsExchange, loseSync, provesRequest, takeServerAck } from './sync';
import { isTlsInside } from './tls';
import { matchPending } from './pairing';

const LF: u8 = 10;
const CR: u8 = 13;

/** Acknowledgement number of the packet that brought the current bytes. */
let acknowledged: u32 = 0;

/** Reads the server's next bytes, of the packet `from`. */
export function serverBytes(flow: Flow, at: usize, end: usize, from: Packet): void {
  if (flow.sync != SYNC_YES) takeServerAck(flow, from.ack);
  if (flow.kind != FLOW_TEXT) {
    if (flow.kind == FLOW_BINARY) binaryServerBytes(flow, at, end, from);
    else if (flow.kind == FLOW_NEW) {
      // The protocol of the client is not known yet.
      if (flow.half) answersAlone(flow, at, end, from);
      else if (flow.sync != SYNC_NONE) disown(flow, <u32>(end - at), COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
      else if (isTlsInside(flow, sideOf(flow, SERVER), at, end)) flow.kind = FLOW_TLS;
      else leaveRestUnread(flow, <u32>(end - at));
    }
    return;
  }
  acknowledged = from.ack;
  const side = sideOf(flow, SERVER);
  while (at < end) {
    if (flow.sync == SYNC_NONE) {
      leaveRestUnread(flow, <u32>(end - at));
      return;
    }
    if (side.state == SERVER_LINE) {
      if (side.line == 0 && flow.head) {
        const next = quickAnswer(flow, at, end, from.time);
        if (next) {
          at = next;
          continue;
        }
      }
      at = lineBytes(flow, at, end, from);
    } else if (side.state == SERVER_DATA) {
      const bytes = min<usize>(side.skip, end - at);
      at += bytes;
      side.skip -= <u32>bytes;
      if (side.skip == 0) side.state = SERVER_LINE;
    } else if (side.state == SERVER_AFTER_ERROR) {
      at = lineBytes(flow, at, end, from);
    } else if (side.state == SERVER_STEP) {
      const bytes = <u32>min<usize>(side.skip, end - at);
      disown(flow, bytes, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
      at += bytes;
      side.skip -= bytes;
      if (side.skip == 0) side.state = SERVER_LINE;
    } else if (side.state == SERVER_DROP) {
      const feed = findByte(at, end, LF);
      at = feed + 1;
      if (feed < end) side.state = SERVER_LINE;
    } else {
      disown(flow, <u32>(end - at), COUNTER_PAYLOAD_SKIPPED_STREAM);
      return;
    }
  }
}

/** Bytes of the current answer line with its line end; of a line that is too long to keep, the kept ones. */
let rawSize: u32 = 0;

/** Collects an answer line, which may be split anywhere. Returns the address where reading goes on. */
function lineBytes(flow: Flow, at: usize, end: usize, by: Packet): usize {
  const side = sideOf(flow, SERVER);
  const feed = findByte(at, end, LF);
  let from = at;
  let to = feed;
  let isCut = false;
  if (side.line || feed == end) {
    const taken = appendLine(side, at, feed, by);
    from = side.line;
    if (from == 0) {
      loseSync(flow, WHY_AFTER_GAP);
      return at;
    }
    // The start of a line tells its kind, so the rest need not be kept.
    isCut = taken < <u32>(feed - at);
    if (isCut) count(COUNTER_BOUND_LINES);
    else if (feed == end) return end;
    to = from + side.lineSize;
    at += taken;
    rawSize = isCut ? side.lineSize : side.lineSize + 1;
    // The line is complete: from here on the delivery counts its bytes, not the buffer.
    side.lineSize = 0;
  } else {
    rawSize = <u32>(feed + 1 - at);
    side.lineTime = by.time;
    at = feed;
  }
  if (!isCut && to > from && load<u8>(to - 1) == CR) to--;
  answerLine(flow, from, to);
  freeLine(side);
  if (!isCut) return at + 1;
  if (flow.sync != SYNC_NONE) side.state = SERVER_DROP;
  return at;
}

/**
 * Reads the answer to a get of one key, with its lines complete in this packet, as nearly all answers are.
 * Returns the address where reading goes on; or 0, without any effect, for another answer.
 */
// @ts-ignore: decorator
@inline
function quickAnswer(flow: Flow, at: usize, end: usize, time: u64): usize {
  const request = changetype<Request>(<usize>flow.head);
  if (request.kind != KIND_GET || request.keys || !(request.present & (1 << PRESENT_KEY))) return 0;
  if (startsWithEnd(at, end)) {
    answered(request, time);
    const hit = request.present & (1 << PRESENT_VALUE_SIZE);
    concludeText(flow, request, IS_END, hit ? STATUS_HIT : STATUS_MISS);
    return at + END_SIZE;
  }
  const data = quickValue(request, at, end);
  if (data == 0) return 0;
  answered(request, time);
  takeQuickValue(request);
  if (flow.sync == SYNC_TENTATIVE) believe(flow);
  const behind = data + <usize>quickSize + 2;
  if (startsWithEnd(behind, end)) {
    concludeText(flow, request, IS_END, STATUS_HIT);
    return behind + END_SIZE;
  }
  const side = sideOf(flow, SERVER);
  side.skip = quickSize + 2;
  side.state = SERVER_DATA;
  return data;
}

/** Handles an answer without a pending request that fits it. */
function unmatched(flow: Flow, code: u32): void {
  count(COUNTER_UNMATCHED_ANSWERS);
  disown(flow, rawSize, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
  // A server may send `ERROR Too many open connections` before any request, and close.
  if (flow.head == 0 && code == IS_ERROR) return;
  loseSync(flow, WHY_NOT_UNDERSTOOD);
}

/** Handles an answer line. Its first byte arrived at the side's `lineTime`. */
function answerLine(flow: Flow, at: usize, end: usize): void {
  const side = sideOf(flow, SERVER);
  if (side.state == SERVER_AFTER_ERROR) {
    side.state = SERVER_LINE;
    if (at == end) return;
  }
  let request = changetype<Request>(<usize>flow.head);
  if (changetype<usize>(request) && request.kind == KIND_DUMP && request.bits & BIT_ANSWERED) {
    dumpLine(flow, request, at, end);
    return;
  }
  const code = parseAnswer(at, end);
  if (changetype<usize>(request) == 0) {
    unmatched(flow, code);
    return;
  }
  if (request.bits & BIT_FOREIGN && !(request.bits & BIT_QUIET)) {
    foreignLine(flow, code, at, end);
    return;
  }
  const error = code == IS_ERROR ? errorClass(at, end) : 0;
  if (
    !((request.fits >> code) & 1) || request.bits & BIT_QUIET || request.kind == KIND_META || code == IS_ERROR
  ) {
    request = matchPending(flow, code, error);
    if (changetype<usize>(request) == 0) {
      unmatched(flow, code);
      return;
    }
  }
  if (request.kind == KIND_UNTOLD) {
    concludeText(flow, request, code, STATUS_ERROR);
    return;
  }
  const asks = code == IS_ERROR && asksForCredentials(at, end);
  if (asks) flow.auth = AUTH_WANTED;
  if (request.bits & AMBIGUOUS_MASK) {
    ambiguousLine(flow, request, code, asks ? NOT_TOLD : isTaken(request, code, error));
  } else {
    answerTo(flow, request, code);
  }
}

/** Handles a line of the answer to a command that memcached does not know. */
function foreignLine(flow: Flow, code: u32, at: usize, end: usize): void {
  const request = changetype<Request>(<usize>flow.head);
  const step = stepOver(flow, code, at, end);
  if (step == STEP_NOT) {
    unmatched(flow, code);
  } else if (step == STEP_DONE) {
    if (code == IS_ERROR && asksForCredentials(at, end)) flow.auth = AUTH_WANTED;
    concludeText(flow, request, code, STATUS_ERROR);
  } else {
    answered(request, sideOf(flow, SERVER).lineTime);
    disown(flow, rawSize, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
  }
}

/** Reads the client's bytes after an ambiguous line, once its answer tells what they are (`taken`). */
function ambiguousLine(flow: Flow, request: Request, code: u32, taken: u32): void {
  const client = sideOf(flow, CLIENT);
  const size = request.dataSize + 2;
  if (taken == NOT_TAKEN && size > HELD_VALUE_MAX) taken = NOT_TOLD;
  if (taken == NOT_TOLD) {
    count(COUNTER_AMBIGUOUS_LENGTHS);
    request.bits |= BIT_LAST;
  } else if (taken == TAKEN) {
    lookAtHeld(flow, client, request);
    if (mayBeLogin(flow)) withhold(request);
    if (code != IS_ERROR && (request.bits & AMBIGUOUS_MASK) == AMBIGUOUS_SIZE_FLAG) flow.sizeFlags = 1;
  }
  flow.login = LOGIN_NO;
  if ((request.bits & AMBIGUOUS_MASK) == AMBIGUOUS_INDENT) {
    if (taken == TAKEN) request.bits &= ~BIT_NO_EVENT;
    // This server does not know the command.
    else if (taken == NOT_TAKEN) count(COUNTER_UNKNOWN_COMMANDS);
  }
  request.bits &= ~AMBIGUOUS_MASK;
  answerTo(flow, request, code);
  if (flow.sync != SYNC_NONE) resume(flow, taken == TAKEN ? size : 0);
}

/** Handles a line of the answer to a request. */
// @ts-ignore: decorator
@inline
function answerTo(flow: Flow, request: Request, code: u32): void {
  const side = sideOf(flow, SERVER);
  answered(request, side.lineTime);
  if (code == IS_VALUE) {
    value(flow, side, request);
    return;
  }
  if (code == IS_STAT && !(request.bits & BIT_ONE_LINE)) return;
  if (request.kind == KIND_DUMP && (code == IS_FREE || code == IS_OK)) return;
  if (flow.auth) authAnswer(flow, request, code);
  if (code == IS_ERROR) {
    const isRetrieval = request.kind == KIND_GET;
    concludeText(flow, request, code, STATUS_ERROR);
    if (isRetrieval && flow.sync != SYNC_NONE) side.state = SERVER_AFTER_ERROR;
    return;
  }
  if (request.kind == KIND_META) {
    if (code == IS_VA) {
      side.skip = answerSize + 2;
      side.state = SERVER_DATA;
    }
    concludeText(flow, request, code, metaStatus(request, code));
    return;
  }
  if (request.op == OP_WATCH && code == IS_OK) {
    concludeText(flow, request, code, STATUS_OK);
    forgetPending(flow);
    side.state = SERVER_STREAM;
    sideOf(flow, CLIENT).state = CLIENT_OVER;
    return;
  }
  concludeText(flow, request, code, textStatus(request, code));
}

/** Handles the answer to a request that was sent while the server may have wanted credentials. */
function authAnswer(flow: Flow, request: Request, code: u32): void {
  if (flow.auth == AUTH_WANTED && mayLogIn(request)) becomeLogin(request);
  if (request.kind == KIND_AUTH) flow.auth = code == IS_STORED ? AUTH_NO : AUTH_WANTED;
}

/** Handles a line of a dump, which has plain keys and is read only to find its end. */
function dumpLine(flow: Flow, request: Request, at: usize, end: usize): void {
  const code = parseAnswer(at, end);
  if (code == IS_END || code == IS_EN) concludeText(flow, request, code, STATUS_OK);
}

/** Handles a VALUE line of a retrieval, after which its data block follows. */
function value(flow: Flow, side: Side, request: Request): void {
  side.skip = answerSize + 2;
  side.state = SERVER_DATA;
  if (request.keys == 0) {
    // The VALUE must have the single key of the request, and can occur only once.
    const known = answerPrint == request.print && request.present & (1 << PRESENT_KEY);
    if (known && !(request.present & (1 << PRESENT_VALUE_SIZE))) {
      request.valueSize = answerSize;
      request.flags = answerFlags;
      request.present |= (1 << PRESENT_VALUE_SIZE) | (1 << PRESENT_FLAGS);
      if (flow.sync == SYNC_TENTATIVE) believe(flow);
      return;
    }
  } else {
    let entry = findKey(request, answerPrint);
    if (changetype<usize>(entry) == 0) entry = findAnywhere(request, answerPrint);
    if (changetype<usize>(entry)) {
      entry.hit = 1;
      entry.valueSize = answerSize;
      entry.flags = answerFlags;
      if (flow.sync == SYNC_TENTATIVE) believe(flow);
      return;
    }
  }
  count(COUNTER_UNMATCHED_ANSWERS);
  disown(flow, rawSize, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
  loseSync(flow, WHY_NOT_UNDERSTOOD);
}

/** Records the oldest pending request with its answer. */
// @ts-ignore: decorator
@inline
function concludeText(flow: Flow, request: Request, code: u32, status: u32): void {
  shift(flow);
  const tentative = flow.sync == SYNC_TENTATIVE;
  const named = tentative && namesRequest(request, code);
  const ended = tentative && endsExchange(flow, acknowledged, named);
  if ((named || ended) && provesRequest(code)) believe(flow);
  const bits = request.bits;
  if (bits & BIT_NO_EVENT) disown(flow, rawSize, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
  record(flow, request, status);
  freeRequest(request);
  // In mid-stream an error may be the answer to a part of a value.
  if (bits & BIT_LAST || (tentative && code == IS_ERROR)) {
    loseSync(flow, WHY_NOT_UNDERSTOOD);
    return;
  }
  if (tentative && flow.sync == SYNC_TENTATIVE) {
    countUnproven();
    if (ended) believe(flow);
  }
}

/** Whether a meta answer names its request, by opaque or key; those of retrievals are taken in `value`. */
function namesRequest(request: Request, code: u32): bool {
  return request.kind == KIND_META && code != IS_ERROR && (hasKey || hasOpaque);
}

/**
 * Whether the capture lacks, after the end of a value, only the `END` of its answer: the request is a
 * retrieval of one key, and the missing bytes `behind` the value are as many as `END` has. Captures with a
 * snapshot length are like this.
 */
export function isImplied(flow: Flow, behind: u32): bool {
  const request = changetype<Request>(<usize>flow.head);
  if (behind != END_SIZE || changetype<usize>(request) == 0) return false;
  return request.kind == KIND_GET && request.keys == 0 && (request.present & (1 << PRESENT_VALUE_SIZE)) != 0;
}

/** Ends an answer with an implied `END`. */
export function finishImplied(flow: Flow, side: Side): void {
  side.skip = 0;
  side.state = SERVER_LINE;
  // The acknowledgement number of the packet with the end of the answer was not captured.
  acknowledged = 0;
  concludeText(flow, changetype<Request>(<usize>flow.head), IS_END, STATUS_HIT);
}
