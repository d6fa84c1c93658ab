/** Answer lines, text and meta (doc/protocol.txt; sections of error and status words in proto_text.c). */
import { keyPrint, otherHash } from '../hash';
import { NO_SIZE } from '../layout';
import {
  IS_DELETED, IS_EN, IS_END, IS_ERROR, IS_EX, IS_EXISTS, IS_FREE, IS_HD, IS_ME, IS_MN, IS_NF, IS_NOT_FOUND,
  IS_NOT_STORED, IS_NS, IS_NUMBER, IS_OK, IS_RESET, IS_STAT, IS_STORED, IS_TOUCHED, IS_VA, IS_VALUE,
  IS_VERSION, IS_WORD,
} from './message';
import { flagBit } from './meta';
import { parsed, parseSigned, parseUnsigned } from './number';
import { nextToken, tokenEnd } from './tokens';
import {
  ANSWER_BADCLASS, ANSWER_BUSY, ANSWER_CLIENT_ERROR, ANSWER_DELETED, ANSWER_END, ANSWER_ERROR,
  ANSWER_ERROR_MIXED, ANSWER_EXISTS, ANSWER_ITEM, ANSWER_MEMLIMIT, ANSWER_MISS, ANSWER_NOSPARE,
  ANSWER_NOTFULL, ANSWER_NOTSTARTED, ANSWER_NOT_STORED, ANSWER_PREFIX, ANSWER_RESET, ANSWER_SAME,
  ANSWER_SERVER_ERROR, ANSWER_STALE, ANSWER_STAT, ANSWER_STORED, ANSWER_TOUCHED, ANSWER_UNSAFE, ANSWER_VALUE,
  ANSWER_VERSION, ANSWER_WATCHER, CODE_EN, CODE_EX, CODE_HD, CODE_ME, CODE_MN, CODE_NF, CODE_NS, CODE_OK,
  CODE_VA,
} from './words';

// Results of the last `parseAnswer` besides the code it returned.
/** Bytes of the data block of a VALUE or VA. */
export let answerSize: u32 = 0;
/** Client flags of a VALUE, or of the meta flag f when `hasFlags`. */
export let answerFlags: u64 = 0;
/** Fingerprint of the key of a VALUE, or of the meta flag k when `hasKey`. */
export let answerPrint: u64 = 0;
// Meta return flags; set for two-letter answers only.
export let hasFlags: bool = false;
export let hasKey: bool = false;
/**
 * Number of the returned key, different for every key, so that a cached hash is not taken for another key's.
 */
export let keyNumber: u32 = 0;
/** Address and end of the returned key, and whether it is in base64. */
export let keyAt: usize = 0;
export let keyEnd: usize = 0;
export let keyIsBase64: bool = false;
export let hasOpaque: bool = false;
export let answerOpaque: u64 = 0;
/** Size by the flag s, or NO_SIZE. */
export let toldSize: u32 = 0;
export let hasTimeLeft: bool = false;
export let timeLeft: i64 = 0;
/** Bits of enum mark. */
export let answerMarks: u32 = 0;
/** Returned flags, as bits of `flagBit`. */
export let answerLetters: u64 = 0;

/** Reads `<key> <flags> <bytes> [<cas>]` of a VALUE line; false where it is invalid. */
function parseValueLine(at: usize, end: usize): bool {
  const key = nextToken(at, end);
  const behind = tokenEnd;
  answerPrint = keyPrint(key, behind - key);
  const flags = nextToken(behind, end);
  if (flags == end || !parseUnsigned(flags, tokenEnd)) return false;
  answerFlags = parsed;
  const size = nextToken(tokenEnd, end);
  if (size == end || !parseUnsigned(size, tokenEnd) || parsed > 0x7ffffffd) return false;
  answerSize = <u32>parsed;
  return true;
}

function parseReturnFlags(at: usize, end: usize): void {
  for (at = nextToken(at, end); at < end; at = nextToken(tokenEnd, end)) {
    const value = at + 1;
    answerLetters |= flagBit(load<u8>(at));
    switch (load<u8>(at)) {
      case 0x4f: // O
        hasOpaque = true;
        answerOpaque = otherHash(value, tokenEnd - value);
        break;
      case 0x6b: // k
        hasKey = true;
        keyNumber++;
        keyAt = value;
        keyEnd = tokenEnd;
        answerPrint = keyPrint(value, tokenEnd - value);
        break;
      case 0x66: // f
        if (parseUnsigned(value, tokenEnd)) {
          hasFlags = true;
          answerFlags = parsed;
        }
        break;
      case 0x73: // s
        if (parseUnsigned(value, tokenEnd) && parsed < NO_SIZE) toldSize = <u32>parsed;
        break;
      case 0x74: // t
        if (parseSigned(value, tokenEnd)) {
          hasTimeLeft = true;
          timeLeft = <i64>parsed;
        }
        break;
      case 0x62: // b
        keyIsBase64 = true;
        break;
      case 0x57: // W
        answerMarks |= 1;
        break;
      case 0x58: // X
        answerMarks |= 2;
        break;
      case 0x5a: // Z
        answerMarks |= 4;
        break;
    }
  }
}

/** Reads a two-letter answer with its flags. */
function parseMetaAnswer(pair: u32, at: usize, end: usize): u32 {
  hasFlags = false;
  hasKey = false;
  keyIsBase64 = false;
  hasOpaque = false;
  hasTimeLeft = false;
  toldSize = NO_SIZE;
  answerMarks = 0;
  answerLetters = 0;
  at += 2;
  if (pair == CODE_VA) {
    const size = nextToken(at, end);
    if (size == end || !parseUnsigned(size, tokenEnd) || parsed > 0x7ffffffd) return IS_FREE;
    answerSize = <u32>parsed;
    parseReturnFlags(tokenEnd, end);
    return IS_VA;
  }
  // An ME line is debugging information, which is not recorded.
  if (pair == CODE_ME) return IS_ME;
  if (pair == CODE_MN) return IS_MN;
  parseReturnFlags(at, end);
  if (pair == CODE_HD) return IS_HD;
  if (pair == CODE_EN) return IS_EN;
  if (pair == CODE_NS) return IS_NS;
  if (pair == CODE_EX) return IS_EX;
  if (pair == CODE_NF) return IS_NF;
  if (pair == CODE_OK) return IS_OK;
  return IS_FREE;
}

/** Reads the answer line [at, end), without its line end. Returns IS_*. */
export function parseAnswer(at: usize, end: usize): u32 {
  const size = end - at;
  const head = load<u32>(at);
  if (size == 3) {
    if ((head & 0xffffff) == ANSWER_END) return IS_END;
  } else if (size >= 4) {
    if (head == ANSWER_VALUE) {
      const isValue = size > 6 && load<u16>(at + 4) == 0x2045 && parseValueLine(at + 6, end);
      return isValue ? IS_VALUE : IS_FREE;
    }
    if (head == ANSWER_STORED && size == 6) return IS_STORED;
    if (head == ANSWER_NOT_STORED && size > 8) {
      if (size == 10 && load<u8>(at + 4) == 0x53) return IS_NOT_STORED;
      if (size == 9 && load<u8>(at + 4) == 0x46) return IS_NOT_FOUND;
      return IS_FREE;
    }
    if (head == ANSWER_DELETED && size == 7) return IS_DELETED;
    if (head == ANSWER_TOUCHED && size == 7) return IS_TOUCHED;
    if (head == ANSWER_EXISTS && size == 6) return IS_EXISTS;
    if (head == ANSWER_CLIENT_ERROR || head == ANSWER_SERVER_ERROR) return IS_ERROR;
    // ERROR alone, with a text or a colon; one answer is "Error TLS not enabled".
    if (head == ANSWER_ERROR || head == ANSWER_ERROR_MIXED) return IS_ERROR;
    if (head == ANSWER_STAT || head == ANSWER_ITEM || head == ANSWER_PREFIX) return IS_STAT;
    if (head == ANSWER_VERSION) return IS_VERSION;
    if (head == ANSWER_RESET && size == 5) return IS_RESET;
    if (
      head == ANSWER_BUSY || head == ANSWER_BADCLASS || head == ANSWER_NOSPARE || head == ANSWER_NOTFULL ||
      head == ANSWER_UNSAFE || head == ANSWER_SAME || head == ANSWER_NOTSTARTED || head == ANSWER_MEMLIMIT ||
      head == ANSWER_WATCHER || head == ANSWER_MISS || head == ANSWER_STALE
    ) return IS_WORD;
  }
  if (size >= 2 && (size == 2 || load<u8>(at + 2) == 0x20)) {
    const pair = head & 0xffff;
    const code = parseMetaAnswer(pair, at, end);
    if (code != IS_FREE) return code;
  }
  if (size > 0 && <u32>load<u8>(at) - 0x30 < 10 && parseUnsigned(at, end)) return IS_NUMBER;
  return IS_FREE;
}

// The eight bytes after `CLIENT_ERROR ` in the errors of try_read_command_asciiauth, and the last eight of
// one.
const UNAUTHEN: u64 = 0x6e65687475616e75;
const AUTHENTI: u64 = 0x69746e6568747561;
const AUTH_TOK: u64 = 0x6b6f742068747561;
const BAD_AUTH: u64 = 0x6874756120646162;
const MINATION: u64 = 0x6e6f6974616e696d;

/** Whether an error line shows that the server still wants credentials. */
export function asksForCredentials(at: usize, end: usize): bool {
  if (end - at < 21 || load<u8>(at) != 0x43) return false;
  const text = load<u64>(at + 13);
  if (text == UNAUTHEN || text == AUTHENTI || text == AUTH_TOK || text == BAD_AUTH) return true;
  return load<u64>(end - 8) == MINATION;
}

/** Any other error. */
export const ERROR_OTHER: u32 = 0;
/** An error of arithmetic commands only. */
export const ERROR_ARITHMETIC: u32 = 1;
/** An error of storage commands only. */
export const ERROR_STORAGE: u32 = 2;
/** `bad command line format`: an unreadable line, or a key that is too long. */
export const ERROR_FORMAT: u32 = 3;
/** `ERROR` alone: an unknown command. */
export const ERROR_BARE: u32 = 4;

/** An error of meta commands only, of their flags or a key in base64. */
export const ERROR_META: u32 = 5;

/** Bytes of `CLIENT_ERROR bad command line format`. That of delete goes on with its usage. */
const FORMAT_SIZE: usize = 36;

// The eight bytes behind `CLIENT_ERROR ` or `SERVER_ERROR `.
const CANNOT_I: u64 = 0x6920746f6e6e6163;
const INVALID_: u64 = 0x2064696c61766e69;
const BAD_DATA: u64 = 0x6174616420646162;
const OBJECT_T: u64 = 0x74207463656a626f;
const BAD_COMM: u64 = 0x6d6d6f6320646162;

const DUPLICAT: u64 = 0x746163696c707564;
const OPTIONS_: u64 = 0x20736e6f6974706f;
const ERROR_DE: u64 = 0x656420726f727265;
const OPAQUE_T: u64 = 0x742065757161706f;
const INCORREC: u64 = 0x636572726f636e69;

/** Class of an error line, by the texts of proto_text.c and memcached.c. */
export function errorClass(at: usize, end: usize): u32 {
  if (end - at == 5) return ERROR_BARE;
  if (end - at < 21) return ERROR_OTHER;
  const text = load<u64>(at + 13);
  if (text == CANNOT_I) return ERROR_ARITHMETIC;
  if (text == INVALID_ && end - at > 22) {
    // "invalid numeric delta argument"; "invalid flag", "invalid or duplicate flag", "invalid mode for ms M
    // token"; and "invalid exptime argument".
    const word = load<u16>(at + 21);
    if (word == 0x756e) return ERROR_ARITHMETIC;
    if (word == 0x6c66 || word == 0x726f || word == 0x6f6d) return ERROR_META;
  }
  if (text == DUPLICAT || text == OPTIONS_ || text == ERROR_DE || text == OPAQUE_T || text == INCORREC) {
    return ERROR_META;
  }
  if (text == BAD_DATA || text == OBJECT_T) return ERROR_STORAGE;
  if (text == BAD_COMM && end - at == FORMAT_SIZE) return ERROR_FORMAT;
  return ERROR_OTHER;
}
