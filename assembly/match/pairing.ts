/**
 * Finds the request of an answer: the oldest, except for quiet requests without an answer, and for errors.
 */
import { Flow } from '../flow/flow';
import { count } from '../instance';
import { COUNTER_AMBIGUOUS_QUIET, OP_MA, OP_MG, PRESENT_OPAQUE, STATUS_UNANSWERED } from '../layout';
import {
  answerLetters, answerOpaque, answerPrint, ERROR_FORMAT, hasKey, hasOpaque, keyAt, keyEnd, keyIsBase64,
  keyNumber,
} from '../memcache/answer';
import { AMBIGUOUS_MASK } from '../memcache/ambiguity';
import {
  BIT_DISCARDS, BIT_LAST, BIT_ONLY_FORMAT, BIT_QUIET, BIT_REFUSED, IS_EN, IS_ERROR, IS_HD, IS_NF, IS_OK,
  IS_VA, KIND_ADMIN, KIND_META, Request,
} from '../memcache/message';
import { FLAGS_RETURNED, FLAGS_RETURNED_MA, isKeyOf } from '../memcache/meta';
import { cannotFail, likelyFor } from './errors';
import { freeRequest, record, recordSilence, shift } from './pending';

/**
 * The pending request of an answer, or 0. Records the quiet requests before it as silent. An opaque or a key
 * in the answer must be that of the request.
 */
export function matchPending(flow: Flow, code: u32, error: u32): Request {
  let request = changetype<Request>(<usize>flow.head);
  let found = changetype<Request>(0);
  let created = changetype<Request>(0);
  const meta = (code >= <u32>IS_HD && code <= <u32>IS_NF) || code == IS_OK;
  if (code == IS_ERROR) {
    // An error belongs to the first request it is likely for, if only quiet ones precede that; else to
    // the oldest.
    const likely = changetype<usize>(request) ? likelyFor(request, error) : request;
    found = changetype<usize>(likely) ? likely : request;
    if (changetype<usize>(found) && cannotFail(found, error)) return changetype<Request>(0);
    if (error == ERROR_FORMAT && changetype<usize>(likely) == 0) {
      const discarding = findDiscarding(request);
      if (changetype<usize>(discarding)) {
        discardBefore(flow, discarding);
        return discarding;
      }
    }
  } else {
    while (changetype<usize>(request)) {
      if ((request.fits >> code) & 1 && (!meta || request.kind != KIND_META || agrees(request, code))) {
        if (!isCreation(request, code)) {
          found = request;
          break;
        }
        if (changetype<usize>(created) == 0) created = request;
      }
      if (!(request.bits & BIT_QUIET)) break;
      request = changetype<Request>(<usize>request.next);
    }
    if (changetype<usize>(created)) {
      if (changetype<usize>(found) == 0 || returnsOther(found)) found = created;
      else if (!hasKey && !hasOpaque) count(COUNTER_AMBIGUOUS_QUIET);
    }
  }
  if (changetype<usize>(found) == 0 || isOfNext(found)) return changetype<Request>(0);
  if (found.bits & BIT_QUIET && code != IS_ERROR && found != created && isOfLoud(found, code)) {
    count(COUNTER_AMBIGUOUS_QUIET);
    return changetype<Request>(0);
  }
  if (found.bits & BIT_QUIET && !hasKey) {
    // Opaques may repeat.
    const after = changetype<Request>(<usize>found.next);
    const fits = changetype<usize>(after) != 0 && ((after.fits >> code) & 1) != 0;
    if (fits && (!hasOpaque || agrees(after, code))) count(COUNTER_AMBIGUOUS_QUIET);
  }
  while (flow.head != <u32>changetype<usize>(found)) {
    const silent = changetype<Request>(<usize>flow.head);
    shift(flow);
    recordSilence(flow, silent);
    freeRequest(silent);
  }
  return found;
}

/**
 * Whether the answer tells that a quiet ma has created its item. Mostly the item exists, and there is no
 * answer: that of a later request is preferred.
 */
function isCreation(request: Request, code: u32): bool {
  return request.op == OP_MA && (request.bits & BIT_QUIET) != 0 && code < <u32>IS_EN;
}

/**
 * Whether an answer without key and opaque may be that of the loud request behind the quiet ones from `quiet`
 * on. Then nobody can tell which of them got it, nor which request the next answer is for.
 */
function isOfLoud(quiet: Request, code: u32): bool {
  if (hasKey || hasOpaque) return false;
  let loud = quiet;
  for (let i = 0; changetype<usize>(loud) && loud.bits & BIT_QUIET; i++) {
    if (i == SEARCH_DEPTH) return false;
    loud = changetype<Request>(<usize>loud.next);
  }
  if (changetype<usize>(loud) == 0 || !((loud.fits >> code) & 1)) return false;
  if (loud.kind != KIND_META || !isHit(code)) return true;
  const returned = loud.op == OP_MA ? FLAGS_RETURNED_MA : FLAGS_RETURNED;
  return ((loud.metaFlags ^ answerLetters) & returned) == 0;
}

// @ts-ignore: decorator
@inline
function isHit(code: u32): bool {
  return code == IS_VA || code == IS_HD || code == IS_OK;
}

/** Whether a meta answer has not exactly the flags that this mg or ma asked for. */
function returnsOther(request: Request): bool {
  const returned = request.op == OP_MG ? FLAGS_RETURNED : request.op == OP_MA ? FLAGS_RETURNED_MA : 0;
  return ((request.metaFlags ^ answerLetters) & returned) != 0;
}

/**
 * Most pending requests searched for another one that an answer may be of: more than memcached answers before
 * it sends (-R, default 20), and few enough to search them for every answer.
 */
const SEARCH_DEPTH: i32 = 128;

/**
 * Whether an error may belong to the request after this one: only some releases answer this one, and the same
 * error may answer the next one, too.
 */
function isOfNext(found: Request): bool {
  if (!(found.bits & BIT_ONLY_FORMAT)) return false;
  let next = changetype<Request>(<usize>found.next);
  for (let i = 0; i < SEARCH_DEPTH && changetype<usize>(next) && next.bits & BIT_ONLY_FORMAT; i++) {
    next = changetype<Request>(<usize>next.next);
  }
  if (changetype<usize>(next) == 0) return false;
  const mask = BIT_REFUSED | BIT_DISCARDS | BIT_LAST | AMBIGUOUS_MASK;
  return next.kind == KIND_ADMIN || (next.bits & mask) != 0;
}

/** The first pending request whose error discards the answers before it, or 0. */
function findDiscarding(request: Request): Request {
  for (let i = 0; i < SEARCH_DEPTH && changetype<usize>(request); i++) {
    if (request.bits & BIT_DISCARDS) return request;
    request = changetype<Request>(<usize>request.next);
  }
  return changetype<Request>(0);
}

/** Ends all requests pending before `request`, which will never be answered. */
function discardBefore(flow: Flow, request: Request): void {
  while (flow.head != <u32>changetype<usize>(request)) {
    const lost = changetype<Request>(<usize>flow.head);
    shift(flow);
    record(flow, lost, STATUS_UNANSWERED);
    freeRequest(lost);
  }
}

/**
 * Whether opaque and key of a meta answer are those of this request. Old releases omit both in some answers,
 * which can then only belong to a request that is always answered.
 */
export function agrees(request: Request, code: u32): bool {
  // A hit returns exactly the requested flags. For a request that is always answered, flags of another
  // release are accepted.
  if (isHit(code) && request.bits & BIT_QUIET && returnsOther(request)) return false;
  const asked = (request.present & (1 << PRESENT_OPAQUE)) != 0;
  if (hasOpaque ? !asked || answerOpaque != request.opaque : asked && request.bits & BIT_QUIET) return false;
  if (!hasKey || answerPrint == request.print) return true;
  return isKeyOf(request, keyAt, keyEnd, keyIsBase64, keyNumber);
}
