/**
 * The `message`s of a message record: what the BPF program made of the lines and frames of a segment.
 *
 *   form 1 | key size 1 | line size 1 | key at 1 | value size 4 | hash of the key 8 | numbers, or raw bytes
 *
 * The program knows one segment and no more, and a broken one may write anything. So a record is read only
 * where all its sizes agree with the segment it stands for.
 */
import {
  KEY_MAX, Message, MESSAGE_END, MESSAGE_FORM_BINARY, MESSAGE_FORM_DELETED, MESSAGE_FORM_END,
  MESSAGE_FORM_EXISTS, MESSAGE_FORM_GET, MESSAGE_FORM_KEY, MESSAGE_FORM_LINE, MESSAGE_FORM_NOT_FOUND,
  MESSAGE_FORM_NOT_STORED, MESSAGE_FORM_OK, MESSAGE_FORM_SET, MESSAGE_FORM_STORED, MESSAGE_FORM_TOUCHED,
  MESSAGE_FORM_VALUE, MESSAGE_LINE_MAX, MESSAGE_LOGIN, MESSAGE_NUMBERS, MESSAGES_MAX, SIZEOF_MESSAGE,
} from '../layout';
import { BINARY_HEADER } from './binary';
import { VALUE_MAX } from './number';

/** Bytes of a line end. */
export const LINE_END: u32 = 2;
/** Bytes of `END` and its line end. */
export const END_SIZE: u32 = 5;
/** Most bytes of extras (protocol_binary.h). */
const EXTRAS_MAX: u32 = 20;
const HASH_SIZE: usize = 8;
const NUMBERS_SIZE: usize = 8;
const BITS: u32 = MESSAGE_LOGIN | MESSAGE_NUMBERS | MESSAGE_END;

/** Enum message_form. */
// @ts-ignore: decorator
@inline
export function formOf(at: usize): u32 {
  return changetype<Message>(at).form & ~BITS;
}

// @ts-ignore: decorator
@inline
export function hasBit(at: usize, bit: u32): bool {
  return (changetype<Message>(at).form & bit) != 0;
}

/** Hash of the key; only where there is a key. */
// @ts-ignore: decorator
@inline
export function hashOf(at: usize): u64 {
  return load<u64>(at, SIZEOF_MESSAGE);
}

/** Address of what follows the head and the hash: numbers, or raw bytes. */
// @ts-ignore: decorator
@inline
export function restOf(at: usize): usize {
  return at + SIZEOF_MESSAGE + (changetype<Message>(at).keySize ? HASH_SIZE : 0);
}

/** Address of the next message, or the end of the record. */
// @ts-ignore: decorator
@inline
export function behind(at: usize): usize {
  const message = changetype<Message>(at);
  const form = formOf(at);
  const rest = restOf(at);
  if (form == MESSAGE_FORM_LINE) return rest + ((message.lineSize - LINE_END + 7) & ~7);
  if (form == MESSAGE_FORM_BINARY) return rest + ((<u32>message.lineSize + 7) & ~7);
  return message.form & MESSAGE_NUMBERS ? rest + NUMBERS_SIZE : rest;
}

/** Bytes of the line or frame in the segment, without its value. */
// @ts-ignore: decorator
@inline
export function lineOf(at: usize): u32 {
  return <u32>changetype<Message>(at).lineSize + changetype<Message>(at).keySize;
}

/** Bytes of its value, the line end included; some may be behind the segment. */
// @ts-ignore: decorator
@inline
export function dataOf(at: usize): u32 {
  const size = changetype<Message>(at).valueSize;
  const form = formOf(at);
  if (form == MESSAGE_FORM_BINARY) return size;
  return size || form == MESSAGE_FORM_SET || form == MESSAGE_FORM_VALUE ? size + LINE_END : 0;
}

/**
 * Whether the messages in [at, end) can be the `size` bytes of a segment from the client, or else from the
 * server: no message goes over its end, and their bytes add up.
 */
export function isSound(at: usize, end: usize, size: u32, fromClient: bool): bool {
  let left = size;
  let takesKeys = false;
  let last: usize = 0;
  for (let count: u32 = 0; at < end; count++) {
    if (count == MESSAGES_MAX || end - at < SIZEOF_MESSAGE) return false;
    const next = behind(at);
    if (next > end || !isFormed(at, fromClient)) return false;
    const form = formOf(at);
    if (form == MESSAGE_FORM_KEY && !takesKeys) return false;
    takesKeys =
      form == MESSAGE_FORM_GET || form == MESSAGE_FORM_KEY ||
      (form == MESSAGE_FORM_LINE && changetype<Message>(at).keySize != 0);
    const line = lineOf(at);
    if (line > left) return false;
    left -= line;
    const data = dataOf(at);
    // The last value may go on behind the segment.
    if (data > left) return next == end && !hasBit(at, MESSAGE_END);
    left -= data;
    if (hasBit(at, MESSAGE_END)) {
      if (left < END_SIZE) return false;
      left -= END_SIZE;
    }
    last = at;
    at = next;
  }
  if (last == 0) return false;
  // Only the line itself tells that a value of 0 bytes follows it.
  return left == 0 || (left == LINE_END && formOf(last) == MESSAGE_FORM_LINE && dataOf(last) == 0);
}

/** Whether the record with messages in [at, end) begins with an answer, as far as its form tells. */
export function isAnswerForm(at: usize, end: usize): bool {
  if (end - at < SIZEOF_MESSAGE) return false;
  const form = formOf(at);
  return form >= MESSAGE_FORM_VALUE && form <= MESSAGE_FORM_OK;
}

/** Whether the sizes of a message are possible for its form. */
function isFormed(at: usize, fromClient: bool): bool {
  const message = changetype<Message>(at);
  const form = formOf(at);
  const bits = <u32>message.form & BITS;
  const key = <u32>message.keySize;
  const line = <u32>message.lineSize;
  if (key > KEY_MAX || <u64>message.valueSize > VALUE_MAX) return false;
  switch (form) {
    case MESSAGE_FORM_LINE:
      return (
        line > LINE_END && line <= MESSAGE_LINE_MAX + LINE_END && (bits & MESSAGE_NUMBERS) == 0 &&
        (key == 0 || <u32>message.keyAt <= line - LINE_END) &&
        (!(bits & MESSAGE_END) || (!fromClient && message.valueSize > 0))
      );
    case MESSAGE_FORM_BINARY:
      return bits == 0 && line >= BINARY_HEADER && line <= BINARY_HEADER + EXTRAS_MAX;
    case MESSAGE_FORM_SET:
      if (!fromClient || line != SET_LEAST + digitsOf(at, true)) return false;
      return key > 0 && (bits & MESSAGE_END) == 0;
    case MESSAGE_FORM_VALUE:
      if (fromClient || line != VALUE_LEAST + digitsOf(at, false)) return false;
      return key > 0 && (bits & MESSAGE_LOGIN) == 0;
    case MESSAGE_FORM_GET: return fromClient && key > 0 && bits == 0 && isBare(message, 6);
    case MESSAGE_FORM_KEY: return fromClient && key > 0 && bits == 0 && isBare(message, 1);
    default: return !fromClient && key == 0 && bits == 0 && isBare(message, wordSize(form));
  }
}

// Bytes of the lines of a set and a VALUE besides key and digits: the words, spaces, and the line end.
const SET_LEAST: u32 = 9;
const VALUE_LEAST: u32 = 10;

/** Digits of the numbers in the line of a set or VALUE. */
function digitsOf(at: usize, isSet: bool): u32 {
  const size = digits(changetype<Message>(at).valueSize);
  if (!hasBit(at, MESSAGE_NUMBERS)) return size + (isSet ? 2 : 1);
  const numbers = restOf(at);
  return size + digits(load<u32>(numbers)) + (isSet ? digits(load<u32>(numbers, 4)) : 0);
}

/** Digits of a number. */
// @ts-ignore: decorator
@inline
export function digits(value: u32): u32 {
  let count: u32 = 1;
  for (; value > 9; value /= 10) count++;
  return count;
}

/** Whether a message has no value, and a line of `size` bytes besides its key. */
// @ts-ignore: decorator
@inline
function isBare(message: Message, size: u32): bool {
  return message.valueSize == 0 && message.lineSize == size;
}

/** Bytes of an answer of one word, its line end included; 0 of no such form. */
export function wordSize(form: u32): u32 {
  switch (form) {
    case MESSAGE_FORM_END: return END_SIZE;
    case MESSAGE_FORM_STORED: case MESSAGE_FORM_EXISTS: return 8;
    case MESSAGE_FORM_NOT_STORED: return 12;
    case MESSAGE_FORM_NOT_FOUND: return 11;
    case MESSAGE_FORM_DELETED: case MESSAGE_FORM_TOUCHED: return 9;
    case MESSAGE_FORM_OK: return 4;
    default: return 0;
  }
}
