/**
 * Puts the line or frame of a `message` together again, so that the parser of lines and frames is the only
 * one. In place of a key come as many letters, and its hash is that of the message:
 *
 *   message   | line: `mg  v k O7`, key at 3 | key size 5, hash |
 *   line      | mg kkkkk v k O7 CR LF |
 */
import { addPlaceholder, clearPlaceholders, setPlaceholders } from '../hash';
import { reserve } from '../instance';
import {
  KEY_MAX, Message, MESSAGE_FORM_BINARY, MESSAGE_FORM_DELETED, MESSAGE_FORM_END, MESSAGE_FORM_EXISTS,
  MESSAGE_FORM_GET, MESSAGE_FORM_KEY, MESSAGE_FORM_LINE, MESSAGE_FORM_NOT_FOUND, MESSAGE_FORM_NOT_STORED,
  MESSAGE_FORM_OK, MESSAGE_FORM_SET, MESSAGE_FORM_STORED, MESSAGE_FORM_TOUCHED, MESSAGE_FORM_VALUE,
  MESSAGE_LINE_MAX, MESSAGE_NUMBERS, MESSAGES_MAX,
} from '../layout';
import { behind, digits, formOf, hasBit, hashOf, LINE_END, restOf, wordSize } from './parsed';
import {
  ANSWER_DELETED, ANSWER_END, ANSWER_EXISTS, ANSWER_NOT_STORED, ANSWER_STORED, ANSWER_TOUCHED,
  ANSWER_VALUE, CODE_OK, HEAD_GET, HEAD_SET,
} from './words';

/** What stands for eight bytes of a key: a letter each. */
const LETTERS: u64 = 0x6b6b6b6b6b6b6b6b;
const SPACE: u8 = 0x20;
/** CR and LF, little-endian. */
const CRLF: u16 = 0x0a0d;
/** Bytes of the longest line: a get of MESSAGES_MAX keys, or a line to which further keys were added. */
const LINE_ROOM: u32 = MESSAGE_LINE_MAX + LINE_END + MESSAGES_MAX * (KEY_MAX + 1);
/** Room behind a line for reads past its end, and for words that are put where fewer bytes are needed. */
const SLACK: u32 = 32;

/** Address of the line put together last. */
export let spelled: usize = 0;
/** Address of the message after those of that line. */
export let spelledTo: usize = 0;
/** Where the next byte goes. */
let to: usize = 0;

export function createSpelling(): void {
  spelled = reserve(LINE_ROOM + SLACK);
  setPlaceholders(spelled, LINE_ROOM + SLACK, MESSAGES_MAX);
}

/**
 * Puts the line or frame of the message at `at` together, with the further keys that follow it before `end`.
 * The record is sound. Returns the bytes of the line.
 */
export function spell(at: usize, end: usize): u32 {
  clearPlaceholders();
  to = spelled;
  const form = formOf(at);
  const message = changetype<Message>(at);
  if (form == MESSAGE_FORM_LINE) {
    putRaw(at, message.keyAt, message.lineSize - LINE_END);
  } else if (form == MESSAGE_FORM_BINARY) {
    putRaw(at, message.lineSize, message.lineSize);
  } else if (form == MESSAGE_FORM_GET || form == MESSAGE_FORM_SET) {
    put32(form == MESSAGE_FORM_GET ? HEAD_GET : HEAD_SET);
    putKey(at);
    if (form == MESSAGE_FORM_SET) putNumbers(at, true);
  } else if (form == MESSAGE_FORM_VALUE) {
    put32(ANSWER_VALUE);
    // `E` and a space.
    put16(0x2045);
    putKey(at);
    putNumbers(at, false);
  } else {
    putWord(form);
  }
  at = behind(at);
  for (; at < end && formOf(at) == MESSAGE_FORM_KEY; at = behind(at)) {
    put8(SPACE);
    putKey(at);
  }
  spelledTo = at;
  if (form != MESSAGE_FORM_BINARY) put16(CRLF);
  return <u32>(to - spelled);
}

/** Puts `END` and its line end. */
export function spellEnd(): u32 {
  clearPlaceholders();
  to = spelled;
  putWord(MESSAGE_FORM_END);
  put16(CRLF);
  return <u32>(to - spelled);
}

// @ts-ignore: decorator
@inline
function put8(byte: u8): void {
  store<u8>(to++, byte);
}

// @ts-ignore: decorator
@inline
function put16(bytes: u16): void {
  store<u16>(to, bytes);
  to += 2;
}

// @ts-ignore: decorator
@inline
function put32(bytes: u32): void {
  store<u32>(to, bytes);
  to += 4;
}

/** Puts a placeholder for the key of a message. */
function putKey(at: usize): void {
  const end = to + changetype<Message>(at).keySize;
  addPlaceholder(to, hashOf(at));
  for (; to < end; to += 8) store<u64>(to, LETTERS);
  to = end;
}

/** Puts bytes, in words: there are so few that a loop is quicker than `memory.copy`. */
// @ts-ignore: decorator
@inline
function putBytes(from: usize, size: u32): void {
  const end = to + size;
  for (; to < end; to += 8) {
    store<u64>(to, load<u64>(from));
    from += 8;
  }
  to = end;
}

/** Puts the `size` raw bytes of a message, with its key, if it has one, after `keyAt` of them. */
function putRaw(at: usize, keyAt: u32, size: u32): void {
  const from = restOf(at);
  if (changetype<Message>(at).keySize == 0) {
    putBytes(from, size);
    return;
  }
  putBytes(from, keyAt);
  putKey(at);
  putBytes(from + keyAt, size - keyAt);
}

/** Puts the client flags, the time to live of a set, and the size of the value. */
function putNumbers(at: usize, isSet: bool): void {
  const numbers = hasBit(at, MESSAGE_NUMBERS) ? restOf(at) : 0;
  putNumber(numbers ? load<u32>(numbers) : 0);
  if (isSet) putNumber(numbers ? load<u32>(numbers, 4) : 0);
  putNumber(changetype<Message>(at).valueSize);
}

/** Puts a space and a number. */
function putNumber(value: u32): void {
  put8(SPACE);
  to += digits(value);
  let at = to;
  do {
    store<u8>(--at, <u8>(0x30 + (value % 10)));
    value /= 10;
  } while (value);
}

/** Puts an answer of one word, without its line end. */
function putWord(form: u32): void {
  switch (form) {
    case MESSAGE_FORM_END: putLetters(ANSWER_END, 0, 0); break;
    case MESSAGE_FORM_STORED: putLetters(ANSWER_STORED, TAIL_ED, 0); break;
    case MESSAGE_FORM_NOT_STORED: putLetters(ANSWER_NOT_STORED, ANSWER_STORED, TAIL_ED); break;
    case MESSAGE_FORM_EXISTS: putLetters(ANSWER_EXISTS, TAIL_TS, 0); break;
    case MESSAGE_FORM_NOT_FOUND: putLetters(ANSWER_NOT_STORED, TAIL_FOUN, TAIL_D); break;
    case MESSAGE_FORM_DELETED: putLetters(ANSWER_DELETED, TAIL_TED, 0); break;
    case MESSAGE_FORM_TOUCHED: putLetters(ANSWER_TOUCHED, TAIL_HED, 0); break;
    default: putLetters(CODE_OK, 0, 0);
  }
  to += wordSize(form) - LINE_END;
}

// The last letters of these words.
const TAIL_ED: u32 = 0x4445;
const TAIL_TS: u32 = 0x5354;
const TAIL_TED: u32 = 0x444554;
const TAIL_HED: u32 = 0x444548;
const TAIL_FOUN: u32 = 0x4e554f46;
const TAIL_D: u32 = 0x44;

/** Puts up to twelve letters; the caller moves on by as many as there are. */
// @ts-ignore: decorator
@inline
function putLetters(first: u32, second: u32, third: u32): void {
  store<u32>(to, first);
  store<u32>(to, second, 4);
  store<u32>(to, third, 8);
}
