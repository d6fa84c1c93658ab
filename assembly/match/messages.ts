/**
 * Takes the messages of a message record as the next ones of a side. Only here is it known whether they are:
 * the BPF program saw one segment and no more. The most frequent ones become requests and outcomes as they
 * are; the lines of all others are put together again, and read by the parser of lines.
 */
import { AUTH_NO, CLIENT, Flow, Side, sideOf, SYNC_NONE } from '../flow/flow';
import { count } from '../instance';
import {
  COUNTER_PAYLOAD_RECORDED, Message, MESSAGE_END, MESSAGE_FORM_END, MESSAGE_FORM_GET, MESSAGE_FORM_KEY,
  MESSAGE_FORM_LINE, MESSAGE_FORM_OK, MESSAGE_FORM_SET, MESSAGE_FORM_STORED, MESSAGE_FORM_VALUE,
  MESSAGE_LOGIN, MESSAGE_NUMBERS, PRESENT_FLAGS, PRESENT_KEY, PRESENT_VALUE_SIZE,
} from '../layout';
import { LOGIN_BOTH, LOGIN_NO } from '../memcache/credentials';
import { findAnywhere } from '../memcache/key-index';
import { addHashedKey, findKey } from '../memcache/keys';
import { BIT_ANSWERED, BIT_OVERFLOW, IS_END, KIND_GET, KIND_TOUCH, Request } from '../memcache/message';
import {
  behind, dataOf, END_SIZE, formOf, hasBit, hashOf, LINE_END, lineOf, restOf,
} from '../memcache/parsed';
import { setHashedGet } from '../memcache/request';
import { spell, spelled, spelledTo, spellEnd } from '../memcache/spelling';
import { setParsedSet } from '../memcache/storage';
import { Packet, packet, reservePacket } from '../packet';
import { isPlain } from './account';
import { bytes } from './delivery';
import { takeValue } from './gap';
import { answered, freeRequest, tryRequest } from './pending';
import { begin, finish, isOther, wholeLine, wholeOther } from './quick';
import {
  CLIENT_DATA, CLIENT_LINE, CLIENT_STEP, SERVER_AFTER_ERROR, SERVER_DATA, SERVER_LINE, SERVER_STEP,
} from './states';
import { textStatus } from './status';

/** The packet of a line that was put together. */
let line: Packet = changetype<Packet>(0);

export function createMessages(): void {
  line = reservePacket();
}

/** Bytes of the record's segment that are not taken yet. */
let left: u32 = 0;
/** Bytes that were taken on the quick paths, which do not count them. */
let recorded: u32 = 0;
/** The next message. */
let next: usize = 0;

/**
 * Takes the messages of `from`, of a sound record, as long as they are what the side sends next. Returns the
 * bytes of the segment that are not taken.
 */
export function takeMessages(flow: Flow, index: u32, from: Packet): u32 {
  const side = sideOf(flow, index);
  const end = <usize>from.end;
  left = from.size;
  recorded = 0;
  next = from.messages;
  while (next < end && flow.sync != SYNC_NONE) {
    const before = left;
    if (!isBetween(side, index)) {
      if (!skipMessage(flow, index, end, from)) break;
    } else if (isPlain(flow) && takePlain(flow, side, index, from)) {
      recorded += before - left;
    } else if (!takeSpelled(flow, index, from)) {
      break;
    }
  }
  if (recorded) count(COUNTER_PAYLOAD_RECORDED, recorded);
  return left;
}

/**
 * Skips `size` bytes of whole lines or frames, where they lie within the current data block of a side: a
 * value may have text that looks like them. Otherwise returns false without any effect.
 */
// @ts-ignore: decorator
@inline
export function skipWithinData(flow: Flow, index: u32, size: u32, time: u64): bool {
  const side = sideOf(flow, index);
  if (side.skip < size || !isWithinData(side, index)) return false;
  // A value with a line end in it is no user's name and password.
  if (index == CLIENT && size + LINE_END <= side.skip) flow.login = LOGIN_NO;
  return takeValue(flow, index, size, time);
}

/** Skips the next message, with its further keys, as a part of a value. */
function skipMessage(flow: Flow, index: u32, end: usize, from: Packet): bool {
  let at = next;
  let size = lineOf(at) + min(dataOf(at), left) + (hasBit(at, MESSAGE_END) ? END_SIZE : 0);
  for (at = behind(at); at < end && formOf(at) == MESSAGE_FORM_KEY; at = behind(at)) size += lineOf(at);
  size = min(size, left);
  if (!skipWithinData(flow, index, size, from.time)) return false;
  next = at;
  left -= size;
  return true;
}

/** Whether the side stands between two messages, so that the next byte begins one. */
// @ts-ignore: decorator
@inline
function isBetween(side: Side, index: u32): bool {
  if (side.line) return false;
  if (index == CLIENT) return side.state == CLIENT_LINE;
  return side.state == SERVER_LINE || side.state == SERVER_AFTER_ERROR;
}

/**
 * Takes the next message as it is, on a connection of which nothing unusual is known. Otherwise returns false
 * without any effect.
 */
// @ts-ignore: decorator
@inline
function takePlain(flow: Flow, side: Side, index: u32, from: Packet): bool {
  return index == CLIENT ? plainRequest(flow, side, from) : plainAnswer(flow, side, from);
}

/** Takes a get, or a set of which the value is in the segment. */
// @ts-ignore: decorator
@inline
function plainRequest(flow: Flow, side: Side, from: Packet): bool {
  const at = next;
  const end = <usize>from.end;
  const form = formOf(at);
  const message = changetype<Message>(at);
  if (form == MESSAGE_FORM_GET) {
    const request = tryRequest(flow);
    if (changetype<usize>(request) == 0) return false;
    setHashedGet(request, hashOf(at), message.keySize);
    const further = behind(at);
    if (further < end && formOf(further) == MESSAGE_FORM_KEY) {
      if (!addFurther(request, further, end)) return false;
    } else {
      next = further;
    }
    left -= lineOf(at);
    begin(flow, request, from);
    return true;
  }
  if (form != MESSAGE_FORM_SET || !side.spoken) return false;
  if (flow.auth != AUTH_NO || flow.login != LOGIN_NO) return false;
  const size = lineOf(at) + dataOf(at);
  if (size > left) return false;
  const request = tryRequest(flow);
  if (changetype<usize>(request) == 0) return false;
  setParsedSet(request, at);
  next = behind(at);
  left -= size;
  begin(flow, request, from);
  return true;
}

/** Adds the further keys of a get, from `at` on; where there is no memory returns false, and frees it. */
function addFurther(request: Request, at: usize, end: usize): bool {
  let size: u32 = 0;
  for (; at < end && formOf(at) == MESSAGE_FORM_KEY; at = behind(at)) {
    addHashedKey(request, hashOf(at), changetype<Message>(at).keySize);
    size += lineOf(at);
  }
  if (request.bits & BIT_OVERFLOW) {
    freeRequest(request);
    return false;
  }
  request.cursorChunk = request.keys;
  next = at;
  left -= size;
  return true;
}

/** Takes an answer, or a part of one, to the oldest request, of which nothing unusual is known either. */
// @ts-ignore: decorator
@inline
function plainAnswer(flow: Flow, side: Side, from: Packet): bool {
  const at = next;
  const form = formOf(at);
  const request = changetype<Request>(<usize>flow.head);
  if (changetype<usize>(request) == 0 || request.bits & ~BIT_ANSWERED) return false;
  if (side.state != SERVER_LINE) return false;
  if (request.kind == KIND_GET) {
    if (form == MESSAGE_FORM_VALUE) return plainValue(flow, side, request, from);
    if (form != MESSAGE_FORM_END) return false;
    next = behind(at);
    left -= END_SIZE;
    finish(flow, request, textStatus(request, IS_END), from.time);
    return true;
  }
  if (form == MESSAGE_FORM_LINE) return plainLine(flow, request, from);
  // The forms of these words are the codes of the answers.
  if (form < MESSAGE_FORM_STORED || form > MESSAGE_FORM_OK) return false;
  if (request.kind > KIND_TOUCH || flow.auth != AUTH_NO || !((request.fits >> form) & 1)) return false;
  next = behind(at);
  left -= lineOf(at);
  finish(flow, request, textStatus(request, form), from.time);
  return true;
}

/** Whether the messages are those of the current packet, as the fast path of lines wants; others waited. */
// @ts-ignore: decorator
@inline
function isCurrent(from: Packet): bool {
  return changetype<usize>(from) == changetype<usize>(packet);
}

/** Takes a line without a key, which need not be put together. */
function plainLine(flow: Flow, request: Request, from: Packet): bool {
  const at = next;
  const message = changetype<Message>(at);
  const data = dataOf(at);
  const size = lineOf(at);
  if (message.keySize || request.bits || size + data > left || !isCurrent(from)) return false;
  const line = restOf(at);
  if (!wholeLine(flow, line, line + size - LINE_END, data)) return false;
  next = behind(at);
  left -= size + data;
  return true;
}

/** Takes a VALUE of a key that was asked for. */
function plainValue(flow: Flow, side: Side, request: Request, from: Packet): bool {
  const at = next;
  const hash = hashOf(at);
  const size = changetype<Message>(at).valueSize;
  const flags = hasBit(at, MESSAGE_NUMBERS) ? <u64>load<u32>(restOf(at)) : 0;
  if (request.keys == 0) {
    const known = request.present & ((1 << PRESENT_KEY) | (1 << PRESENT_VALUE_SIZE));
    if (known != 1 << PRESENT_KEY || request.print != hash) return false;
    request.valueSize = size;
    request.flags = flags;
    request.present |= (1 << PRESENT_VALUE_SIZE) | (1 << PRESENT_FLAGS);
  } else {
    let entry = findKey(request, hash);
    if (changetype<usize>(entry) == 0) entry = findAnywhere(request, hash);
    if (changetype<usize>(entry) == 0) return false;
    entry.hit = 1;
    entry.valueSize = size;
    entry.flags = flags;
  }
  answered(request, from.time);
  left -= lineOf(at);
  next = behind(at);
  const data = dataOf(at);
  if (data > left) {
    side.skip = data - left;
    side.state = SERVER_DATA;
    left = 0;
    return true;
  }
  left -= data;
  if (hasBit(at, MESSAGE_END)) {
    left -= END_SIZE;
    finish(flow, request, textStatus(request, IS_END), from.time);
  }
  return true;
}

/**
 * Puts the line or frame of the next message together and hands it to the parser, and skips its value.
 * Returns false where the message is not what the parser takes it for.
 */
function takeSpelled(flow: Flow, index: u32, from: Packet): bool {
  const at = next;
  const end = <usize>from.end;
  const size = spell(at, end);
  const data = dataOf(at);
  next = spelledTo;
  const isLine = index == CLIENT && formOf(at) == MESSAGE_FORM_LINE;
  if (isLine && isPlain(flow) && isCurrent(from) && takeQuickly(flow, size + data)) {
    left -= size + data;
    recorded += size + data;
    return true;
  }
  left -= size;
  deliver(flow, index, size, from);
  const side = sideOf(flow, index);
  if (!isWithinData(side, index)) return data == 0;
  // Only the line tells that a value of 0 bytes follows, which has a line end.
  if (data != side.skip && (data != 0 || side.skip != LINE_END || next != end)) return false;
  const skipped = min(side.skip, left);
  if (index == CLIENT && flow.login && skipped == side.skip) {
    flow.login = hasBit(at, MESSAGE_LOGIN) ? LOGIN_BOTH : LOGIN_NO;
  }
  if (!takeValue(flow, index, skipped, from.time)) return false;
  left -= skipped;
  if (!hasBit(at, MESSAGE_END)) return true;
  left -= END_SIZE;
  deliver(flow, index, spellEnd(), from);
  return true;
}

/**
 * Takes the line put together last on the fast path, as `size` bytes with its value, where they are one
 * complete request. Otherwise returns false without any effect.
 */
// @ts-ignore: decorator
@inline
function takeQuickly(flow: Flow, size: u32): bool {
  return size <= left && isOther(load<u32>(spelled)) && wholeOther(flow, spelled, spelled + size);
}

// @ts-ignore: decorator
@inline
function isWithinData(side: Side, index: u32): bool {
  if (index == CLIENT) return side.state == CLIENT_DATA || side.state == CLIENT_STEP;
  return side.state == SERVER_DATA || side.state == SERVER_STEP;
}

/** Hands the `size` bytes put together last to the parser, as bytes of `from`. */
function deliver(flow: Flow, index: u32, size: u32, from: Packet): void {
  line.time = from.time;
  line.ordinal = from.ordinal;
  line.ack = from.ack;
  line.payload = <u32>spelled;
  line.size = size;
  line.captured = size;
  line.starts = 0;
  bytes(flow, index, line);
}
