/** Whose an answer is: in order, but for quiet requests that are passed over and errors that take others' place. */
import { Flow } from '../flow/flow';
import { count } from '../instance';
import { COUNTER_AMBIGUOUS_QUIET, OP_MA, OP_MG, OP_MS, PRESENT_OPAQUE, STATUS_UNANSWERED } from '../layout';
import {
  answerLetters, answerOpaque, answerPrint, ERROR_ARITHMETIC, ERROR_FORMAT, ERROR_STORAGE, hasKey, hasOpaque, keyAt, keyEnd, keyIsBase64,
} from '../memcache/answer';
import {
  BIT_DISCARDS, BIT_QUIET, BIT_REFUSED, IS_ERROR, IS_HD, IS_NF, IS_VA, KIND_ARITHMETIC, KIND_DOUBT, KIND_STORE, Request,
} from '../memcache/message';
import { FLAGS_RETURNED, isKeyOf } from '../memcache/meta';
import { freeRequest, record, recordSilence, shift } from './pending';

/**
 * The pending request an answer belongs to, having recorded as silent the quiet ones before it; 0 where
 * there is none. An opaque or a key in the answer must be the request's.
 */
export function matchPending(flow: Flow, code: u32, error: u32): Request {
  let request = changetype<Request>(<usize>flow.head);
  let found = changetype<Request>(0);
  const meta = code >= <u32>IS_HD && code <= <u32>IS_NF;
  if (code == IS_ERROR) {
    // An error belongs to the first request it is likely for, if only quiet ones precede that; else to
    // the oldest.
    found = request;
    let likely = false;
    for (let candidate = request; changetype<usize>(candidate); candidate = changetype<Request>(<usize>candidate.next)) {
      // A line that had to be refused comes before one that may have failed.
      const refused = (candidate.bits & (BIT_REFUSED | BIT_DISCARDS)) != 0;
      if (expects(candidate, error) && (refused || !likely)) {
        found = candidate;
        likely = true;
        if (refused) break;
      }
      if (!(candidate.bits & BIT_QUIET)) break;
    }
    if (error == ERROR_FORMAT && !likely) {
      const discarding = findDiscarding(request);
      if (changetype<usize>(discarding)) {
        discardBefore(flow, discarding);
        return discarding;
      }
    }
  } else {
    while (changetype<usize>(request)) {
      if ((request.fits >> code) & 1 && (!meta || request.kind == KIND_DOUBT || agrees(request, code))) {
        found = request;
        break;
      }
      if (!(request.bits & BIT_QUIET)) break;
      request = changetype<Request>(<usize>request.next);
    }
  }
  if (changetype<usize>(found) == 0) return found;
  if (found.bits & BIT_QUIET && !hasOpaque && !hasKey) {
    const after = changetype<Request>(<usize>found.next);
    if (changetype<usize>(after) && (after.fits >> code) & 1) count(COUNTER_AMBIGUOUS_QUIET);
  }
  while (flow.head != <u32>changetype<usize>(found)) {
    const silent = changetype<Request>(<usize>flow.head);
    shift(flow);
    recordSilence(flow, silent);
    freeRequest(silent);
  }
  return found;
}

/** Requests looked at for one whose error took the answers of others: beyond what memcached reads at a time. */
const DISCARDING_DEPTH: i32 = 512;

/** The first pending request whose error discards the answers before it, or 0. */
function findDiscarding(request: Request): Request {
  for (let i = 0; i < DISCARDING_DEPTH && changetype<usize>(request); i++) {
    if (request.bits & BIT_DISCARDS) return request;
    request = changetype<Request>(<usize>request.next);
  }
  return changetype<Request>(0);
}

/** Everything pending before a request will never be answered. */
function discardBefore(flow: Flow, request: Request): void {
  while (flow.head != <u32>changetype<usize>(request)) {
    const lost = changetype<Request>(<usize>flow.head);
    shift(flow);
    record(flow, lost, STATUS_UNANSWERED);
    freeRequest(lost);
  }
}

/** Whether an error of this class is likely for a request. */
function expects(request: Request, error: u32): bool {
  if (error == ERROR_ARITHMETIC) return request.kind == KIND_ARITHMETIC || request.op == OP_MA;
  if (error == ERROR_STORAGE) return request.kind == KIND_STORE || request.op == OP_MS;
  return (request.bits & (BIT_REFUSED | BIT_DISCARDS)) != 0;
}

/**
 * Whether opaque and key of a meta answer are this request's. Old releases leave both out of some answers,
 * which only a request that must be answered can then claim.
 */
function agrees(request: Request, code: u32): bool {
  // A hit returns what was asked for, no less and no more. Whoever must be answered may be of another release.
  if (request.bits & BIT_QUIET && request.op == OP_MG && (code == IS_VA || code == IS_HD)) {
    if ((request.metaFlags ^ answerLetters) & FLAGS_RETURNED) return false;
  }
  const asked = (request.present & (1 << PRESENT_OPAQUE)) != 0;
  if (hasOpaque ? !asked || answerOpaque != request.opaque : asked && request.bits & BIT_QUIET) return false;
  return !hasKey || answerPrint == request.print || isKeyOf(request, keyAt, keyEnd, keyIsBase64);
}
