/**
 * Storage commands of the classic text protocol, and what releases of memcached make of those that are not as they
 * should be: some skip the value behind a line they refuse, others read it as commands.
 */
import {
  KEY_MAX, OP_CAS, PRESENT_FLAGS, PRESENT_TTL, PRESENT_VALUE_SIZE, TRAIT_CAS, TRAIT_QUIET,
} from '../layout';
import { is, refused, setFits, unknown, VALUE_MAX } from './fill';
import { setKey } from './keys';
import {
  BIT_NO_EVENT, BIT_NOREPLY, BIT_OLD_TAKES, BIT_QUIET, BIT_REFUSED, BIT_REFUSED_LOUDLY, DOUBT_MASK, DOUBT_META,
  DOUBT_META_SIZE, DOUBT_RELEASE, DOUBT_SHIFT, IS_ERROR, IS_EXISTS, IS_NOT_FOUND, IS_NOT_STORED, IS_STORED, KIND_STORE,
  LINE_DATA, LINE_WHOLE, Request,
} from './message';
import { parsed, parseSigned, parseUnsigned } from './number';
import { nextToken, tokenEnd } from './tokens';
import { WORD_NOREPLY } from './words';

/** Reads a storage command; `at` is behind its name. As `parseRequest`. */
export function storage(request: Request, op: u32, at: usize, end: usize): u32 {
  request.op = <u8>op;
  setFits(
    request, KIND_STORE,
    op == OP_CAS
      ? (1 << IS_STORED) | (1 << IS_EXISTS) | (1 << IS_NOT_FOUND) | (1 << IS_NOT_STORED)
      : (1 << IS_STORED) | (1 << IS_NOT_STORED),
  );
  if (op == OP_CAS) request.traits |= <u8>1 << <u8>TRAIT_CAS;
  const key = nextToken(at, end);
  const keyEnd = tokenEnd;
  const flags = nextToken(keyEnd, end);
  const flagsEnd = tokenEnd;
  const expiry = nextToken(flagsEnd, end);
  const expiryEnd = tokenEnd;
  const size = nextToken(expiryEnd, end);
  const sizeEnd = tokenEnd;
  if (key == end) return unknown(request, false);
  const longKey = keyEnd - key > KEY_MAX;
  setKey(request, key, keyEnd - key);
  // Too few tokens are refused before noreply is looked at, so an error does come.
  if (size == end) return refused(request);

  let unique: usize = end;
  let uniqueEnd: usize = end;
  let rest = sizeEnd;
  if (op == OP_CAS) {
    unique = nextToken(sizeEnd, end);
    uniqueEnd = tokenEnd;
    rest = uniqueEnd;
  }
  let extra = 0;
  let last = unique < end ? unique : size;
  let lastEnd = unique < end ? uniqueEnd : sizeEnd;
  for (let token = nextToken(rest, end); token < end; token = nextToken(tokenEnd, end)) {
    extra++;
    last = token;
    lastEnd = tokenEnd;
  }
  const noreply = is(last, lastEnd, WORD_NOREPLY);
  if (noreply) {
    request.bits |= BIT_NOREPLY;
    request.traits |= <u8>1 << <u8>TRAIT_QUIET;
    if (extra) extra--;
  }
  // An unreadable length is never followed by a value the server would skip.
  if (!parseUnsigned(size, sizeEnd) || parsed > VALUE_MAX) return refused(request);
  request.dataSize = <u32>parsed;
  request.valueSize = <u32>parsed;
  request.present |= 1 << PRESENT_VALUE_SIZE;
  // Refused by every release; from 1.6.40 on the value is skipped, before that it is read as commands.
  let wrong = longKey || (op == OP_CAS && unique == end);
  if (parseUnsigned(flags, flagsEnd)) {
    request.flags = parsed;
    request.present |= 1 << PRESENT_FLAGS;
  } else wrong = true;
  if (parseSigned(expiry, expiryEnd)) {
    request.ttl = <i64>parsed;
    request.present |= 1 << PRESENT_TTL;
  } else wrong = true;
  if (op == OP_CAS && unique < end && !parseUnsigned(unique, uniqueEnd)) wrong = true;
  if (wrong) request.bits |= BIT_REFUSED | (DOUBT_RELEASE << DOUBT_SHIFT);
  // More than one token too many is a matter of the release as well; one is taken by all.
  if (extra > 1) request.bits |= BIT_REFUSED_LOUDLY | (DOUBT_RELEASE << DOUBT_SHIFT);
  return LINE_DATA;
}

/**
 * Settles a request that releases differ on, by whether its server does as later ones do (1) or as old ones (0).
 * Returns whether a data block follows.
 */
export function resolveDoubt(request: Request, late: u32): bool {
  const doubt = (request.bits & DOUBT_MASK) >> DOUBT_SHIFT;
  const oldTakes = doubt == DOUBT_META_SIZE || (request.bits & BIT_OLD_TAKES) != 0;
  if (oldTakes != (late != 0)) {
    request.bits &= ~DOUBT_MASK;
    return true;
  }
  refuseDoubted(request);
  return false;
}

/** The request is one that its server refuses without skipping the value. */
function refuseDoubted(request: Request): void {
  request.fits = 1 << IS_ERROR;
  // To a later server it is no command it knows.
  if (request.bits & BIT_OLD_TAKES) request.bits |= BIT_NO_EVENT;
  // An error is sent whatever the line asks for, unless noreply was read before.
  if (request.bits & BIT_REFUSED_LOUDLY) request.bits &= ~BIT_NOREPLY;
  request.bits = (request.bits & ~(DOUBT_MASK | BIT_QUIET)) | BIT_REFUSED;
}

/**
 * A line that is followed by a data block begins with spaces: up to 1.6.39 they mean nothing, later the line is no
 * command. Returns what follows it, as `parseRequest`.
 */
export function doubtIndented(request: Request): u32 {
  const doubt = (request.bits & DOUBT_MASK) >> DOUBT_SHIFT;
  // Whatever old releases refuse without skipping the value no release skips the value of.
  if (doubt == DOUBT_RELEASE || doubt == DOUBT_META) {
    request.bits |= BIT_NO_EVENT;
    refuseDoubted(request);
    return LINE_WHOLE;
  }
  if (doubt == 0) request.bits |= BIT_OLD_TAKES | BIT_REFUSED_LOUDLY | (DOUBT_RELEASE << DOUBT_SHIFT);
  return LINE_DATA;
}
