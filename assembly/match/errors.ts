/**
 * Finds the request of an error among the quiet requests at the head of the queue. Every error searches them,
 * and all of them where none fits. To avoid quadratic time, each quiet request remembers the next one that
 * may fit; those in between do not.
 *
 *   head ── quiet ── quiet ── quiet ── quiet ── loud ── …
 *            └──────── skips ────────────┘
 *
 * These links are in fields that quiet text requests do not need: they have one key, no opcode and no opaque.
 * The fields are zeroed where a request becomes quiet.
 */
import { ERROR_ARITHMETIC, ERROR_FORMAT, ERROR_META, ERROR_STORAGE } from '../memcache/answer';
import { OP_MA, OP_MS } from '../layout';
import { AMBIGUOUS_MASK } from '../memcache/ambiguity';
import {
  BIT_DISCARDS, BIT_ONLY_FORMAT, BIT_QUIET, BIT_REFUSED, KIND_ARITHMETIC, KIND_META, KIND_STORE, KIND_UNTOLD,
  Request,
} from '../memcache/message';
import { FLAGS_LATER } from '../memcache/meta';

// Classes of requests to search for.
/** A line that must be refused, for any error. */
const REFUSED: u32 = 0;
/** An arithmetic or storage command that may fail, or that must be refused. */
const ARITHMETIC: u32 = 1;
const REFUSED_ARITHMETIC: u32 = 2;
const STORAGE: u32 = 3;
const REFUSED_STORAGE: u32 = 4;
/** As REFUSED, by ERROR_FORMAT. */
const REFUSED_FORMAT: u32 = 5;

/** Address of the field in which a quiet request remembers the next one that may fit. */
// @ts-ignore: decorator
@inline
function skipLink(request: Request, wanted: u32): usize {
  const base = changetype<usize>(request);
  if (wanted == REFUSED_FORMAT) return base + offsetof<Request>('sentOpaque');
  if (wanted == REFUSED) return base + offsetof<Request>('opcode');
  return base + offsetof<Request>('lastKeys') + ((wanted - 1) << 2);
}

/** Whether a command is arithmetic. */
// @ts-ignore: decorator
@inline
function isArithmetic(request: Request): bool {
  return request.kind == KIND_ARITHMETIC || request.op == OP_MA;
}

/** Whether a command stores a value. */
// @ts-ignore: decorator
@inline
function isStorage(request: Request): bool {
  return request.kind == KIND_STORE || request.op == OP_MS;
}

/** Whether an error of the wanted class may be for this request. */
function isLikely(request: Request, wanted: u32): bool {
  if (request.kind == KIND_UNTOLD) return true;
  if (request.bits & BIT_ONLY_FORMAT) return wanted == REFUSED_FORMAT;
  const refused = (request.bits & (BIT_REFUSED | BIT_DISCARDS | AMBIGUOUS_MASK)) != 0;
  if (wanted == REFUSED || wanted == REFUSED_FORMAT) return refused;
  if (wanted == REFUSED_ARITHMETIC || wanted == REFUSED_STORAGE) {
    if (!refused) return false;
  }
  return wanted < STORAGE ? isArithmetic(request) : isStorage(request);
}

/** The next request after a quiet one that may fit, 0 at the end. */
// @ts-ignore: decorator
@inline
function behind(request: Request, wanted: u32): u32 {
  const skip = load<u32>(skipLink(request, wanted));
  return skip ? skip : request.next;
}

/** The first request that fits, if only quiet ones precede it; else 0. */
function firstLikely(head: Request, wanted: u32): Request {
  let last = head;
  let found = isLikely(last, wanted);
  while (!found && last.bits & BIT_QUIET) {
    const next = behind(last, wanted);
    if (next == 0) break;
    last = changetype<Request>(<usize>next);
    found = isLikely(last, wanted);
  }
  for (let request = head; request != last; ) {
    const next = behind(request, wanted);
    store<u32>(skipLink(request, wanted), <u32>changetype<usize>(last));
    request = changetype<Request>(<usize>next);
  }
  return found ? last : changetype<Request>(0);
}

/**
 * Whether a known command cannot have this error: where it seems to have it, an answer before was taken for
 * that to another request.
 */
export function cannotFail(request: Request, error: u32): bool {
  const kind = request.kind;
  if (kind > KIND_META) return false;
  if (error == ERROR_META) return kind != KIND_META;
  if (error == ERROR_STORAGE) return !isStorage(request);
  if (error == ERROR_ARITHMETIC) return !isArithmetic(request);
  return false;
}

/** Most quiet requests searched for a meta command that had to be refused. */
const META_DEPTH: i32 = 128;

/**
 * The first meta command that had to be refused, if only quiet requests precede it; else the first with a
 * flag that some releases refuse; else 0.
 */
function refusedMeta(head: Request): Request {
  let perhaps = changetype<Request>(0);
  let request = head;
  for (let i = 0; i < META_DEPTH && changetype<usize>(request); i++) {
    if (request.kind == KIND_UNTOLD) return request;
    if (request.kind == KIND_META) {
      if (request.bits & (BIT_REFUSED | AMBIGUOUS_MASK)) return request;
      if (request.metaFlags & FLAGS_LATER && changetype<usize>(perhaps) == 0) perhaps = request;
    }
    if (!(request.bits & BIT_QUIET)) break;
    request = changetype<Request>(<usize>request.next);
  }
  return perhaps;
}

/**
 * The likely request of an error of this class, if only quiet ones precede it, else 0: preferably a line that
 * must be refused, rather than one that may fail.
 */
export function likelyFor(head: Request, error: u32): Request {
  if (error == ERROR_META) return refusedMeta(head);
  if (error == ERROR_FORMAT) return firstLikely(head, REFUSED_FORMAT);
  if (error != ERROR_ARITHMETIC && error != ERROR_STORAGE) return firstLikely(head, REFUSED);
  const arithmetic = error == ERROR_ARITHMETIC;
  const refused = firstLikely(head, arithmetic ? REFUSED_ARITHMETIC : REFUSED_STORAGE);
  return changetype<usize>(refused) ? refused : firstLikely(head, arithmetic ? ARITHMETIC : STORAGE);
}
