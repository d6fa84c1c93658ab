/**
 * Storage commands of the classic text protocol. Releases of memcached differ on malformed lines: some skip
 * the value after the line, others read it as commands.
 */
import {
  KEY_MAX, Message, MESSAGE_NUMBERS, OP_CAS, OP_SET, PRESENT_FLAGS, PRESENT_TTL, PRESENT_VALUE_SIZE,
  TRAIT_CAS, TRAIT_QUIET,
} from '../layout';
import { clear, isWord, refused, refusedPerhaps, setFits, unknown } from './command';
import {
  AMBIGUOUS_CAS, AMBIGUOUS_INDENT, AMBIGUOUS_MASK, AMBIGUOUS_SIZE, AMBIGUOUS_TOKENS,
} from './ambiguity';
import { setHashedKey, setKey } from './keys';
import {
  BIT_LAST, BIT_NO_EVENT, BIT_NOREPLY, BIT_QUIET, BIT_REFUSED, IS_ERROR, IS_EXISTS, IS_NOT_FOUND,
  IS_NOT_STORED, IS_STORED, KIND_STORE, LINE_DATA, LINE_WHOLE, Request,
} from './message';
import { parsed, parseSigned, parseSize, parseUnsigned, SIZE_AMBIGUOUS, SIZE_BAD } from './number';
import { hasBit, hashOf, restOf } from './parsed';
import { nextToken, tokenEnd } from './tokens';
import { WORD_NOREPLY } from './words';

/** Fills a request from the `set` of a message record at `at`. */
// @ts-ignore: decorator
@inline
export function setParsedSet(request: Request, at: usize): void {
  const message = changetype<Message>(at);
  const hasNumbers = hasBit(at, MESSAGE_NUMBERS);
  clear(request);
  request.op = <u8>OP_SET;
  setFits(request, KIND_STORE, (1 << IS_STORED) | (1 << IS_NOT_STORED));
  setHashedKey(request, hashOf(at), message.keySize);
  request.dataSize = message.valueSize;
  request.valueSize = message.valueSize;
  request.flags = hasNumbers ? load<u32>(restOf(at)) : 0;
  request.ttl = hasNumbers ? <i64>load<u32>(restOf(at), 4) : 0;
  request.present |= (1 << PRESENT_VALUE_SIZE) | (1 << PRESENT_FLAGS) | (1 << PRESENT_TTL);
}

/** Reads a storage command; `at` is after its name. Returns as `parseRequest`. */
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
  // Too few tokens are refused before noreply is read, so there is an error.
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
  const noreply = isWord(last, lastEnd, WORD_NOREPLY);
  if (noreply) {
    request.bits |= BIT_NOREPLY;
    request.traits |= <u8>1 << <u8>TRAIT_QUIET;
  }
  // After an unreadable length the server never skips a value.
  const reading = parseSize(size, sizeEnd);
  if (reading == SIZE_BAD) {
    // Too few or too many tokens are refused before noreply is read.
    const counted = extra <= 1 && (op != OP_CAS || unique < end);
    request.bits &= ~BIT_NOREPLY;
    return noreply && counted ? refusedPerhaps(request) : refused(request);
  }
  request.dataSize = <u32>parsed;
  request.valueSize = <u32>parsed;
  request.present |= 1 << PRESENT_VALUE_SIZE;
  // Every release refuses it; since 1.6.40 the value is skipped, before it is read as commands.
  let wrong = longKey;
  if (parseUnsigned(flags, flagsEnd)) {
    request.flags = parsed;
    request.present |= 1 << PRESENT_FLAGS;
  } else wrong = true;
  if (parseSigned(expiry, expiryEnd)) {
    request.ttl = <i64>parsed;
    request.present |= 1 << PRESENT_TTL;
  } else wrong = true;
  if (op == OP_CAS && unique < end && !parseUnsigned(unique, uniqueEnd)) wrong = true;
  const badSize = reading == SIZE_AMBIGUOUS;
  // All releases accept one token too many.
  const tooMany = extra > 1;
  const noUnique = op == OP_CAS && unique == end;
  if (noUnique) request.bits |= BIT_REFUSED;
  if (wrong || (noUnique && badSize)) request.bits |= BIT_REFUSED | BIT_LAST;
  else if (noUnique) request.bits |= AMBIGUOUS_CAS;
  else if (badSize && tooMany) request.bits |= BIT_LAST;
  else if (badSize) request.bits |= AMBIGUOUS_SIZE;
  else if (tooMany) request.bits |= AMBIGUOUS_TOKENS;
  // A release that refuses such a line does so before reading noreply.
  if ((badSize || tooMany) && noreply) request.bits |= BIT_QUIET | BIT_LAST;
  return LINE_DATA;
}

/**
 * Handles spaces at the beginning of a line with a data block: releases up to 1.6.39 ignore them, later ones
 * refuse the line. Returns as `parseRequest`.
 */
export function indented(request: Request): u32 {
  const isCas = (request.bits & AMBIGUOUS_MASK) == AMBIGUOUS_CAS;
  if (request.bits & BIT_REFUSED && (request.bits & BIT_LAST || isCas)) {
    // Releases up to 1.6.39 refuse the line without skipping a value, and later ones skip none either.
    request.bits = (request.bits & ~(BIT_LAST | BIT_QUIET | BIT_NOREPLY | AMBIGUOUS_MASK)) | BIT_NO_EVENT;
    request.fits = 1 << IS_ERROR;
    return LINE_WHOLE;
  }
  const unsure = AMBIGUOUS_MASK | BIT_LAST | BIT_QUIET | BIT_NOREPLY;
  if (request.bits & unsure) request.bits |= BIT_QUIET | BIT_LAST;
  // Until the answer tells, the line may be an unknown command.
  else request.bits |= AMBIGUOUS_INDENT | BIT_NO_EVENT;
  return LINE_DATA;
}
