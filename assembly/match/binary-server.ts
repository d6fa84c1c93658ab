/** Reads server bytes of a binary connection: answers complete pending requests by order and opaque. */
import { CLIENT, Flow, SERVER, Side, sideOf, SYNC_NONE, SYNC_TENTATIVE } from '../flow/flow';
import { count } from '../instance';
import {
  COUNTER_AMBIGUOUS_LENGTHS, COUNTER_AMBIGUOUS_QUIET, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD,
  COUNTER_UNMATCHED_ANSWERS, STATUS_HIT,
} from '../layout';
import {
  answerGoesOn, answerHasKey, answerHead, answerRest, BINARY_HEADER, isAnswer, isAnswerTo, isKnownThere,
  isStorage, MAGIC_ANSWER, namesRequest, outcomeOf, parseBinaryAnswer, takeHit,
} from '../memcache/binary';
import { BIT_FOREIGN, BIT_LAST, BIT_NO_EVENT, BIT_QUIET, Request } from '../memcache/message';
import { Packet } from '../packet';
import {
  countUnproven, disown, leaveRestUnread, setWhy, WHY_AFTER_GAP, WHY_NOT_UNDERSTOOD,
} from './account';
import { appendLine, freeLine } from './lines';
import { answered, freeRequest, record, recordSilence, shift } from './pending';
import { CLIENT_LINE, CLIENT_UNKNOWN, SERVER_DATA, SERVER_LINE } from './states';
import { believe, endsExchange, loseSync } from './sync';

/** Reads the server's next bytes, of the packet `from`. */
export function binaryServerBytes(flow: Flow, at: usize, end: usize, from: Packet): void {
  const side = sideOf(flow, SERVER);
  while (at < end) {
    if (flow.sync == SYNC_NONE) {
      leaveRestUnread(flow, <u32>(end - at));
      return;
    }
    if (side.state == SERVER_LINE) {
      at = headBytes(flow, at, end, from);
    } else {
      const bytes = min<usize>(side.skip, end - at);
      at += bytes;
      side.skip -= <u32>bytes;
      if (side.skip == 0) side.state = SERVER_LINE;
    }
  }
}

/** Collects the head of an answer, which may be split anywhere. Returns the address where reading goes on. */
function headBytes(flow: Flow, at: usize, end: usize, from: Packet): usize {
  const side = sideOf(flow, SERVER);
  if (side.line == 0) {
    if (load<u8>(at) != MAGIC_ANSWER) {
      noAnswer(flow, side);
      return at;
    }
    if (end - at >= BINARY_HEADER) {
      const size = answerHead(at);
      if (end - at >= size) {
        side.lineTime = from.time;
        answerAt(flow, at, from.ack);
        return at + size;
      }
    }
  }
  for (;;) {
    const have = side.lineSize;
    const need = have < BINARY_HEADER ? BINARY_HEADER : answerHead(side.line);
    if (have == need) break;
    if (at == end) return end;
    const taken = appendLine(side, at, min(at + (need - have), end), from);
    if (taken == 0) {
      loseSync(flow, WHY_AFTER_GAP);
      return at;
    }
    at += taken;
  }
  const head = <usize>side.line;
  const size = side.lineSize;
  // The head is complete: from here on the delivery counts its bytes, not the buffer.
  side.lineSize = 0;
  if (!isAnswer(head)) disown(flow, size, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
  answerAt(flow, head, from.ack);
  freeLine(side);
  return at;
}

/** Handles bytes that begin no answer. */
function noAnswer(flow: Flow, side: Side): void {
  count(COUNTER_UNMATCHED_ANSWERS);
  if (!side.spoken) {
    // A server that accepts only text, or has too many connections, reads no binary request.
    setWhy(flow, WHY_NOT_UNDERSTOOD);
    flow.sync = SYNC_NONE;
    flow.settled = 0;
  }
  loseSync(flow, WHY_NOT_UNDERSTOOD);
}

/** Handles the answer with its head at `at`. Its first byte arrived at the side's `lineTime`. */
function answerAt(flow: Flow, at: usize, ack: u32): void {
  const side = sideOf(flow, SERVER);
  if (!isAnswer(at)) {
    noAnswer(flow, side);
    return;
  }
  side.spoken = 1;
  parseBinaryAnswer(at);
  side.skip = answerRest;
  if (answerRest) side.state = SERVER_DATA;
  const request = matchBinary(flow);
  if (changetype<usize>(request) == 0) {
    if (!refusedEarly(flow)) {
      count(COUNTER_UNMATCHED_ANSWERS);
      disown(flow, answerHead(at), COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
      loseSync(flow, WHY_NOT_UNDERSTOOD);
    }
    return;
  }
  answered(request, side.lineTime);
  if (answerGoesOn) return;
  shift(flow);
  concludeBinary(flow, request, ack);
}

/** The pending request of the answer, or 0. Records the quiet requests before it as silent. */
function matchBinary(flow: Flow): Request {
  let request = changetype<Request>(<usize>flow.head);
  while (changetype<usize>(request) && !isAnswerTo(request)) {
    if (!(request.bits & BIT_QUIET)) return changetype<Request>(0);
    request = changetype<Request>(<usize>request.next);
  }
  const current = changetype<Request>(<usize>flow.current);
  const isOfCurrent = changetype<usize>(current) != 0 && isAnswerTo(current);
  if (changetype<usize>(request) == 0 && !isOfCurrent) return request;
  if (changetype<usize>(request) && request.bits & BIT_QUIET && !answerHasKey) {
    const after = changetype<Request>(<usize>request.next);
    if (changetype<usize>(after) && isAnswerTo(after)) count(COUNTER_AMBIGUOUS_QUIET);
  }
  while (flow.head != <u32>changetype<usize>(request)) {
    const silent = changetype<Request>(<usize>flow.head);
    shift(flow);
    recordSilence(flow, silent);
    freeRequest(silent);
  }
  return request;
}

/**
 * Whether the answer refuses the request whose value is still arriving, because it is too large or not
 * permitted.
 */
function refusedEarly(flow: Flow): bool {
  const current = changetype<Request>(<usize>flow.current);
  if (flow.head || changetype<usize>(current) == 0 || !isAnswerTo(current)) return false;
  flow.current = 0;
  concludeBinary(flow, current, 0);
  return true;
}

/** Records a request, removed from its list, with its answer. */
function concludeBinary(flow: Flow, request: Request, ack: u32): void {
  const status = outcomeOf(request);
  if (status == STATUS_HIT) takeHit(request);
  const ended = flow.sync == SYNC_TENTATIVE && endsExchange(flow, ack, namesRequest());
  // It has the opcode of the request, so the bytes taken for that request were that request.
  if (ended && !isStorage(request)) believe(flow);
  if (request.bits & BIT_NO_EVENT) disown(flow, BINARY_HEADER, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
  record(flow, request, status);
  if (flow.sync == SYNC_TENTATIVE) {
    countUnproven();
    if (ended) believe(flow);
  }
  const bits = request.bits;
  const goesOn = (bits & BIT_LAST) == 0 || isKnownThere(request);
  freeRequest(request);
  if (goesOn) {
    const client = sideOf(flow, CLIENT);
    if (bits & BIT_LAST && client.state == CLIENT_UNKNOWN) client.state = CLIENT_LINE;
    return;
  }
  if (bits & BIT_FOREIGN) count(COUNTER_AMBIGUOUS_LENGTHS);
  loseSync(flow, WHY_NOT_UNDERSTOOD);
}
