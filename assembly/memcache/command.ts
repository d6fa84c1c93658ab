/** Functions that fill a `Request` from its line, shared by all commands. */
import { NO_SIZE, OP_UNKNOWN } from '../layout';
import {
  BIT_NO_EVENT, BIT_ONLY_FORMAT, BIT_QUIET, BIT_REFUSED, IS_ERROR, KIND_UNKNOWN, LINE_WHOLE, Request,
} from './message';
import { word } from './tokens';

/** Whether the token is this word of up to 8 bytes. */
// @ts-ignore: decorator
@inline
export function isWord(at: usize, end: usize, name: u64): bool {
  return end - at <= 8 && word(at, end) == name;
}

/** Clears all fields that a line may set. The caller sets time, ordinal, connection and sub. */
// @ts-ignore: decorator
@inline
export function clear(request: Request): void {
  const base = changetype<usize>(request);
  request.metaFlags = 0;
  request.keyIndex = 0;
  // present, key size, op and status in one store; proto, transport, mode, marks, traits in another:
  // text over TCP, no mode, is all zeros.
  store<u64>(base, <u64>OP_UNKNOWN << 48, offsetof<Request>('present'));
  store<u64>(base, 0, offsetof<Request>('proto'));
  request.valueSize = NO_SIZE;
  // next and keys, lastKeys and keyCount, the cursor, are neighbours.
  store<u64>(base, 0, offsetof<Request>('next'));
  store<u64>(base, 0, offsetof<Request>('lastKeys'));
  store<u64>(base, 0, offsetof<Request>('cursorChunk'));
  request.dataSize = 0;
  request.bits = 0;
}

/** Sets the kind of a request, and its possible answers besides an error. */
// @ts-ignore: decorator
@inline
export function setFits(request: Request, kind: u32, answers: u32): void {
  request.kind = kind;
  request.fits = answers | (1 << IS_ERROR);
}

/**
 * Makes a request of a command that memcached does not know, or a line it cannot read: its answer is an
 * error.
 */
export function unknown(request: Request, noreply: bool): u32 {
  request.op = <u8>OP_UNKNOWN;
  setFits(request, KIND_UNKNOWN, 0);
  // Releases differ on whether an unknown command with noreply is answered.
  request.bits = BIT_NO_EVENT | BIT_REFUSED | (noreply ? BIT_QUIET : 0);
  if (noreply) clearSkipLinks(request);
  return LINE_WHOLE;
}

/** Zeroes the fields in which match/errors.ts remembers what follows a quiet text request. */
// @ts-ignore: decorator
@inline
export function clearSkipLinks(request: Request): void {
  request.opcode = 0;
  request.sentOpaque = 0;
}

/** Marks a known command that memcached refuses without reading a value. */
// @ts-ignore: decorator
@inline
export function refused(request: Request): u32 {
  request.bits |= BIT_REFUSED;
  request.fits = 1 << IS_ERROR;
  return LINE_WHOLE;
}

/** Marks a refused command with noreply: releases differ on whether they answer it. */
export function refusedPerhaps(request: Request): u32 {
  request.bits = BIT_REFUSED | BIT_QUIET | BIT_ONLY_FORMAT;
  request.fits = 1 << IS_ERROR;
  clearSkipLinks(request);
  return LINE_WHOLE;
}
