/**
 * Fast paths for the most frequent messages, where all their bytes are in the current packet. Messages that
 * are incomplete, refused, quiet or ambiguous are left to client.ts and server.ts.
 */
import { AUTH_NO, CLIENT, Flow, SERVER, sideOf } from '../flow/flow';
import { keyPrint } from '../hash';
import { KEY_MAX, PRESENT_FLAGS, PRESENT_KEY, PRESENT_VALUE_SIZE, STATUS_HIT, STATUS_MISS } from '../layout';
import { answerSize, parseAnswer } from '../memcache/answer';
import { LOGIN_NO } from '../memcache/credentials';
import {
  IS_ERROR, IS_VA, KIND_GET, KIND_META, KIND_TOUCH, LINE_DATA, Request,
} from '../memcache/message';
import { END_SIZE } from '../memcache/parsed';
import { parseRequest, setGet } from '../memcache/request';
import { ANSWER_END_CR, ANSWER_VALUE, HEAD_GET, HEAD_SET } from '../memcache/words';
import { Packet, packet } from '../packet';
import { findByte, findGap, findLineEnd } from '../scan';
import { agrees } from './pairing';
import { answered, freeRequest, push, record, shift, tryRequest } from './pending';
import { CLIENT_LINE, SERVER_LINE } from './states';
import { metaStatus, textStatus } from './status';
import { setOrigin } from './submit';

const LF: u8 = 10;
const CR: u8 = 13;
/** CR and LF, little-endian. */
const CRLF: u16 = 0x0a0d;
/** The first and the third byte of a meta command: `m` and a space. */
const HEAD_META: u32 = 0x20006d;
/** Bytes of the shortest request, `mn`, with its line end. */
const REQUEST_MIN: usize = 4;

/**
 * Reads a `get` of one key with its complete line in this packet. Returns the end of the line; or 0, without
 * any effect, for another request.
 */
// @ts-ignore: decorator
@inline
export function quickGet(flow: Flow, at: usize, end: usize, from: Packet): usize {
  const key = at + 4;
  const gap = findGap(key, end);
  if (gap + 1 >= end || load<u16>(gap) != CRLF || gap == key || gap - key > KEY_MAX) return 0;
  return beginGet(flow, key, gap, from) ? gap + 2 : 0;
}

/** Submits a `get` of the key [key, end); returns false, without any effect, where there is no memory. */
// @ts-ignore: decorator
@inline
function beginGet(flow: Flow, key: usize, end: usize, from: Packet): bool {
  const request = tryRequest(flow);
  if (changetype<usize>(request) == 0) return false;
  setGet(request, key, end);
  begin(flow, request, from);
  return true;
}

/** Submits a complete request, which waits for its answer. */
// @ts-ignore: decorator
@inline
export function begin(flow: Flow, request: Request, from: Packet): void {
  setOrigin(flow, request, from.time, from.ordinal);
  request.lastTime = from.time;
  sideOf(flow, CLIENT).spoken = 1;
  push(flow, request);
}

/**
 * Takes the bytes [at, end) of a client in sync if they are one complete request that will be answered.
 * Otherwise returns false without any effect.
 */
// @ts-ignore: decorator
@inline
export function wholeRequest(flow: Flow, at: usize, end: usize): bool {
  const side = sideOf(flow, CLIENT);
  if (side.state != CLIENT_LINE || side.line) return false;
  if (end - at < REQUEST_MIN || load<u16>(end - 2) != CRLF) return false;
  const head = load<u32>(at);
  if (head != HEAD_GET) return isOther(head) && wholeOther(flow, at, end);
  const key = at + 4;
  const size = end - key - 2;
  if (size - 1 >= KEY_MAX || findGap(key, end) != end - 2) return false;
  return beginGet(flow, key, end - 2, packet);
}

/**
 * Whether a line begins like a set or a meta command, which are read without any effect but on their
 * `Request`.
 */
// @ts-ignore: decorator
@inline
export function isOther(head: u32): bool {
  return head == HEAD_SET || (head & 0xff00ff) == HEAD_META;
}

/** Takes a set or a meta command; of the value only the size is looked at. Returns as `wholeRequest`. */
export function wholeOther(flow: Flow, at: usize, end: usize): bool {
  if (!sideOf(flow, CLIENT).spoken || flow.auth != AUTH_NO || flow.login != LOGIN_NO) return false;
  const feed = findLineEnd(at, end);
  if (load<u8>(feed) != LF || feed == at || load<u8>(feed - 1) != CR) return false;
  const request = tryRequest(flow);
  if (changetype<usize>(request) == 0) return false;
  const follows = parseRequest(request, at, feed - 1);
  const behind = follows == LINE_DATA ? feed + 1 + request.dataSize + 2 : feed + 1;
  if (request.bits || follows > LINE_DATA || behind != end) {
    freeRequest(request);
    return false;
  }
  begin(flow, request, packet);
  return true;
}

/** End of the number last read by `quickNumber`. */
let numberEnd: usize = 0;

/** Reads a number of at most 10 digits at `at`; without digits it is 0. */
// @ts-ignore: decorator
@inline
function quickNumber(at: usize): u64 {
  let value: u64 = 0;
  const limit = at + 10;
  for (; at < limit; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    value = value * 10 + digit;
  }
  numberEnd = at;
  return value;
}

/** Bytes of a VALUE line besides its key: `VALUE `, two spaces, two numbers, CRLF. */
const VALUE_LINE_MAX: usize = 6 + 1 + 10 + 1 + 10 + 2;

// Results of `quickValue`.
/** Bytes of the value. */
export let quickSize: u32 = 0;
let quickFlags: u64 = 0;

/**
 * Reads a complete VALUE line at `at` for the single key of a get. Returns the address of the value, or 0 for
 * another line.
 */
// @ts-ignore: decorator
@inline
export function quickValue(request: Request, at: usize, end: usize): usize {
  const key = at + 6;
  const keyEnd = key + request.keySize;
  if (load<u32>(at) != ANSWER_VALUE || keyEnd + VALUE_LINE_MAX > end || load<u8>(keyEnd) != 0x20) return 0;
  if (request.present & (1 << PRESENT_VALUE_SIZE)) return 0;
  if (keyPrint(key, request.keySize) != request.print) return 0;
  quickFlags = quickNumber(keyEnd + 1);
  if (numberEnd == keyEnd + 1 || load<u8>(numberEnd) != 0x20) return 0;
  const sizeAt = numberEnd + 1;
  const size = quickNumber(sizeAt);
  if (numberEnd == sizeAt || load<u16>(numberEnd) != CRLF || size > 0x7ffffffd) return 0;
  quickSize = <u32>size;
  return numberEnd + 2;
}

/** Sets the fields of the request from the last `quickValue`. */
// @ts-ignore: decorator
@inline
export function takeQuickValue(request: Request): void {
  request.valueSize = quickSize;
  request.flags = quickFlags;
  request.present |= (1 << PRESENT_VALUE_SIZE) | (1 << PRESENT_FLAGS);
}

/** Whether [at, end) begins with `END` and its line end. */
// @ts-ignore: decorator
@inline
export function startsWithEnd(at: usize, end: usize): bool {
  return at + END_SIZE <= end && load<u32>(at) == ANSWER_END_CR && load<u8>(at + 4) == LF;
}

/** Whether that is all of [at, end). */
// @ts-ignore: decorator
@inline
function isEnd(at: usize, end: usize): bool {
  return at + END_SIZE == end && startsWithEnd(at, end);
}

/**
 * Takes the bytes [at, end) of a server in sync if they are the complete answer to the oldest request.
 * Otherwise returns false without any effect.
 */
// @ts-ignore: decorator
@inline
export function wholeAnswer(flow: Flow, at: usize, end: usize): bool {
  const side = sideOf(flow, SERVER);
  const request = changetype<Request>(<usize>flow.head);
  if (side.state != SERVER_LINE || side.line || changetype<usize>(request) == 0 || request.bits) return false;
  if (request.kind != KIND_GET) return otherAnswer(flow, at, end);
  if (request.keys || !(request.present & (1 << PRESENT_KEY))) return false;
  let status = STATUS_MISS;
  if (!isEnd(at, end)) {
    const data = quickValue(request, at, end);
    if (data == 0 || !isEnd(data + quickSize + 2, end)) return false;
    takeQuickValue(request);
    status = STATUS_HIT;
  }
  finish(flow, request, status, packet.time);
  return true;
}

function otherAnswer(flow: Flow, at: usize, end: usize): bool {
  const feed = findByte(at, end, LF);
  if (feed == end || feed == at || load<u8>(feed - 1) != CR) return false;
  return wholeLine(flow, at, feed - 1, end - (feed + 1));
}

/**
 * Takes the line [at, end) and the `behind` bytes after its line end if they are the complete answer to the
 * oldest request, which is no get and has no bits. Otherwise returns false without any effect.
 */
export function wholeLine(flow: Flow, at: usize, end: usize, behind: usize): bool {
  const request = changetype<Request>(<usize>flow.head);
  if ((request.kind > KIND_TOUCH && request.kind != KIND_META) || flow.auth != AUTH_NO) return false;
  const code = parseAnswer(at, end);
  if (code == IS_ERROR || !((request.fits >> code) & 1)) return false;
  if (behind != (code == IS_VA ? <usize>answerSize + 2 : 0)) return false;
  if (request.kind != KIND_META) {
    finish(flow, request, textStatus(request, code), packet.time);
    return true;
  }
  if (!agrees(request, code)) return false;
  const status = metaStatus(request, code);
  finish(flow, request, status, packet.time);
  return true;
}

/** Records the oldest pending request with its answer, which began at `time`. */
// @ts-ignore: decorator
@inline
export function finish(flow: Flow, request: Request, status: u32, time: u64): void {
  answered(request, time);
  shift(flow);
  record(flow, request, status);
  freeRequest(request);
}
