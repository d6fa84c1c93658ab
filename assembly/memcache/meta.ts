/** Request lines of the meta protocol (doc/protocol.txt, "Meta Commands"; proto_text.c of memcached). */
import { keyHash, keyPrint, otherHash } from '../hash';
import { reserve } from '../instance';
import {
  KEY_MAX, MODE_ADD, MODE_APPEND, MODE_DECR, MODE_INCR, MODE_INVALIDATE, MODE_NONE, MODE_PREPEND,
  MODE_REPLACE, MODE_SET, MODE_TOUCH, OP_MA, OP_MD, OP_ME, OP_MG, OP_MS, OP_UNKNOWN, PRESENT_CAS_NEW,
  PRESENT_DELTA, PRESENT_FLAGS, PRESENT_INITIAL, PRESENT_OPAQUE, PRESENT_RECACHE, PRESENT_TTL,
  PRESENT_VALUE_SIZE, PRESENT_VIVIFY, PROTO_META, TRAIT_BASE64, TRAIT_CAS, TRAIT_QUIET,
} from '../layout';
import { decodeBase64 } from './base64';
import { clearSkipLinks } from './command';
import { AMBIGUOUS_FLAG, AMBIGUOUS_META_SIZE, AMBIGUOUS_SIZE_FLAG } from './ambiguity';
import { setKey } from './keys';
import {
  BIT_LAST, BIT_NO_EVENT, BIT_QUIET, BIT_REFUSED, IS_EN, IS_ERROR, IS_EX, IS_HD, IS_ME, IS_NF, IS_NS, IS_OK,
  IS_VA, KIND_META, KIND_UNKNOWN, LINE_DATA, LINE_WHOLE, Request,
} from './message';
import {
  parsed, parseSigned, parseSize, parseUnsigned, SIZE_AMBIGUOUS, SIZE_BAD, SIZE_PLAIN,
} from './number';
import { nextToken, tokenEnd } from './tokens';

/**
 * Number of flags of an ms that releases up to 1.6.39 refuse: MFLAG_MAX_OPT_LENGTH, 20, counts an empty token
 * at the end.
 */
const FLAGS_MAX: u32 = 17;
/** Longest token of an opaque, without its letter. */
const OPAQUE_MAX: usize = 31;
/** Longest token a 250-byte key has in base64. */
const BASE64_KEY_MAX: u32 = 336;

/** Buffer for decoded base64 keys. */
let decoded: usize = 0;

export function createMeta(): void {
  decoded = reserve(512);
}

// The returned key hashed last, which may be compared with many requests.
let hashedNumber: u32 = 0;
let hashedKey: u64 = 0;
let isHashed: bool = false;

/**
 * Whether a returned key [at, end) is that of the request, in either form: an item returns its key as it was
 * stored. `number` is different for every key.
 */
export function isKeyOf(request: Request, at: usize, end: usize, base64: bool, number: u32): bool {
  if (number != hashedNumber) {
    hashedNumber = number;
    const size = !base64 ? <i32>(end - at) : end - at > BASE64_KEY_MAX ? 0 : decodeBase64(at, end, decoded);
    isHashed = size > 0;
    if (isHashed) hashedKey = keyHash(base64 ? decoded : at, size);
  }
  return isHashed && hashedKey == request.keyHash;
}

/** Bit of a flag letter in a bitmap of requested flags. */
// @ts-ignore: decorator
@inline
export function flagBit(letter: u32): u64 {
  if (letter - 0x61 < 26) return <u64>1 << (letter - 0x61);
  if (letter - 0x41 < 26) return <u64>1 << (letter - 0x41 + 26);
  return 0;
}

/**
 * Flags some release knows, b c f h k l q s t u v x and C D E F I J L M N O P R S T: _meta_flag_preparse
 * (proto_text.c).
 */
const FLAGS_KNOWN: u64 = 0x3becf0bd0ca6;
/** Requested flags that a hit returns: c f h k l s t O. */
export const FLAGS_RETURNED: u64 = 0x100000c0ca4;
/** Those that an answer to ma returns: c k t O. */
export const FLAGS_RETURNED_MA: u64 = 0x10000080404;
/** Flags that some releases refuse (1.6.18, for one): x E. */
export const FLAGS_LATER: u64 = 0x40800000;
const FLAG_B: u64 = 1 << 1;
const FLAG_Q: u64 = 1 << 16;
const FLAG_V: u64 = 1 << 21;
const FLAG_C_UPPER: u64 = 1 << 28;
const FLAG_N_UPPER: u64 = 1 << 39;
const FLAG_I_UPPER: u64 = 1 << 34;
const FLAG_T_UPPER: u64 = 1 << 45;

/** Mode of an M token, by process_mset_command and process_marithmetic_command: only ma takes lower case. */
function modeOf(op: u32, letter: u32): u32 {
  if (op == OP_MS) {
    if (letter == 0x45) return MODE_ADD;
    if (letter == 0x41) return MODE_APPEND;
    if (letter == 0x50) return MODE_PREPEND;
    if (letter == 0x52) return MODE_REPLACE;
    if (letter == 0x53) return MODE_SET;
  } else if (op == OP_MA) {
    if (letter == 0x49 || letter == 0x69 || letter == 0x2b) return MODE_INCR;
    if (letter == 0x44 || letter == 0x64 || letter == 0x2d) return MODE_DECR;
  }
  return MODE_NONE;
}

/**
 * Whether any flag was neither a letter nor a digit, which mcmc does not accept (_mcmc_tokenize_meta,
 * vendor/mcmc).
 */
let hasSign: bool = false;

// @ts-ignore: decorator
@inline
function isSign(letter: u32): bool {
  return letter - 0x41 > 0x7a - 0x41 && letter - 0x30 > 9;
}

/**
 * Finds a flag S<len> in [at, end). Returns SIZE_PLAIN and sets its number where there is one, else SIZE_BAD.
 */
function findSizeFlag(at: usize, end: usize): u32 {
  for (at = nextToken(at, end); at < end; at = nextToken(tokenEnd, end)) {
    if (load<u8>(at) == 0x53) return parseSize(at + 1, tokenEnd) == SIZE_PLAIN ? SIZE_PLAIN : SIZE_BAD;
  }
  return SIZE_BAD;
}

/** Reads all flags; returns how many there are. */
function parseFlags(request: Request, op: u32, at: usize, end: usize): u32 {
  let flags: u64 = 0;
  let tokens: u32 = 0;
  hasSign = false;
  for (at = nextToken(at, end); at < end; at = nextToken(tokenEnd, end)) {
    tokens++;
    const letter = <u32>load<u8>(at);
    if (isSign(letter)) hasSign = true;
    const value = at + 1;
    const valueEnd = tokenEnd;
    const bit = flagBit(letter);
    // Every release refuses unknown flags, and a flag given twice.
    if (!(bit & FLAGS_KNOWN) || flags & bit) request.bits |= BIT_REFUSED;
    flags |= bit;
    // The token of a mode is one letter.
    if (letter == 0x4d && valueEnd - value != 1 && (op == OP_MS || op == OP_MA)) request.bits |= BIT_REFUSED;
    if (value == valueEnd) continue;
    switch (letter) {
      case 0x4f: // O
        if (valueEnd - value > OPAQUE_MAX) request.bits |= BIT_REFUSED;
        request.opaque = otherHash(value, valueEnd - value);
        request.present |= 1 << PRESENT_OPAQUE;
        break;
      case 0x54: // T
        if (parseSigned(value, valueEnd)) {
          request.ttl = <i64>parsed;
          request.present |= 1 << PRESENT_TTL;
        } else request.bits |= BIT_REFUSED;
        break;
      case 0x4e: // N
        if (parseSigned(value, valueEnd)) {
          request.vivify = <i64>parsed;
          request.present |= 1 << PRESENT_VIVIFY;
        } else request.bits |= BIT_REFUSED;
        break;
      case 0x52: // R
        if (parseSigned(value, valueEnd)) {
          request.recache = <i64>parsed;
          request.present |= 1 << PRESENT_RECACHE;
        } else request.bits |= BIT_REFUSED;
        break;
      case 0x46: // F
        if (op == OP_MS && parseUnsigned(value, valueEnd)) {
          request.flags = parsed;
          request.present |= 1 << PRESENT_FLAGS;
        }
        break;
      case 0x44: // D
        if (parseUnsigned(value, valueEnd)) {
          request.delta = parsed;
          request.present |= 1 << PRESENT_DELTA;
        } else request.bits |= BIT_REFUSED;
        break;
      case 0x4a: // J
        if (parseUnsigned(value, valueEnd)) {
          request.initial = parsed;
          request.present |= 1 << PRESENT_INITIAL;
        } else request.bits |= BIT_REFUSED;
        break;
      case 0x45: // E
        if (parseUnsigned(value, valueEnd)) {
          request.casNew = parsed;
          request.present |= 1 << PRESENT_CAS_NEW;
        } else request.bits |= BIT_REFUSED;
        break;
      case 0x4d: // M
        request.mode = <u8>modeOf(op, load<u8>(value));
        if (request.mode == MODE_NONE && (op == OP_MS || op == OP_MA)) request.bits |= BIT_REFUSED;
        break;
    }
  }
  request.metaFlags = flags;
  return tokens;
}

/** The possible answers to a command, without those that its q flag silences. */
function answers(op: u32, flags: u64, mode: u32): u32 {
  const quiet = (flags & FLAG_Q) != 0;
  const value = (flags & FLAG_V) != 0;
  if (op == OP_MG) {
    // HD answers a v request only where C matched.
    let fits: u32 = 0;
    if (value) fits |= 1 << IS_VA;
    // Before release 1.6.10, and with -o meta_response_old up to 1.6.17, HD was OK.
    if (!value || flags & FLAG_C_UPPER) fits |= (1 << IS_HD) | (1 << IS_OK);
    if (!quiet) fits |= 1 << IS_EN;
    return fits;
  }
  if (op == OP_ME) return (1 << IS_ME) | (1 << IS_EN);
  let fits: u32 = (1 << IS_NS) | (1 << IS_EX) | (1 << IS_NF);
  if (op == OP_MS && quiet) {
    // An answer must certainly belong to a quiet request: without a cas only the mode can be the reason of a
    // refusal.
    if (!(flags & FLAG_C_UPPER)) fits = mode == MODE_NONE || mode == MODE_SET ? 0 : 1 << IS_NS;
  }
  if (!quiet) fits |= (1 << IS_HD) | (1 << IS_OK);
  // With N a missing item is created, which is answered despite q.
  else if (op == OP_MA && flags & FLAG_N_UPPER) fits |= (1 << IS_HD) | (1 << IS_OK);
  if (op == OP_MA && value && fits & (1 << IS_HD)) {
    fits &= ~((1 << IS_HD) | (1 << IS_OK));
    fits |= 1 << IS_VA;
  }
  return fits;
}

/** Reads a meta request; `at` is after the command. Returns as `parseRequest`. */
export function parseMeta(request: Request, op: u32, at: usize, end: usize): u32 {
  request.op = <u8>op;
  request.proto = <u8>PROTO_META;
  request.kind = KIND_META;
  const key = nextToken(at, end);
  const keyEnd = tokenEnd;
  if (key == end) {
    request.op = <u8>OP_UNKNOWN;
    request.kind = KIND_UNKNOWN;
    request.fits = 1 << IS_ERROR;
    request.bits = BIT_NO_EVENT | BIT_REFUSED;
    return LINE_WHOLE;
  }
  let outcome = LINE_WHOLE;
  let flagsAt = keyEnd;
  let badSize = false;
  let ambiguity: u32 = 0;
  if (op == OP_MS) {
    const size = nextToken(keyEnd, end);
    flagsAt = tokenEnd;
    let reading = parseSize(size, flagsAt);
    if (reading == SIZE_AMBIGUOUS) ambiguity = AMBIGUOUS_META_SIZE;
    else if (reading == SIZE_BAD) {
      // Before release 1.6.10 the length was a flag S<len>.
      reading = findSizeFlag(size, end);
      if (reading != SIZE_BAD) {
        ambiguity = AMBIGUOUS_SIZE_FLAG;
        flagsAt = keyEnd;
      }
    }
    if (reading != SIZE_BAD) {
      request.dataSize = <u32>parsed;
      request.valueSize = <u32>parsed;
      request.present |= 1 << PRESENT_VALUE_SIZE;
      outcome = LINE_DATA;
    } else {
      badSize = true;
    }
  }
  const tokens = parseFlags(request, op, flagsAt, end);
  const flags = request.metaFlags;
  const base64 = (flags & FLAG_B) != 0;
  const keySize = <u32>(keyEnd - key);
  const longKey = keySize > (base64 ? BASE64_KEY_MAX : KEY_MAX);
  if (base64 && !longKey) {
    request.traits |= <u8>1 << <u8>TRAIT_BASE64;
    const size = decodeBase64(key, keyEnd, decoded);
    if (size > 0) setKey(request, decoded, size);
    if (size <= 0 || size > <i32>KEY_MAX) request.bits |= BIT_REFUSED;
    // Answers repeat the key as it was sent.
    request.print = keyPrint(key, keySize);
  } else if (!longKey) {
    setKey(request, key, keySize);
  }
  if (flags & FLAG_Q) {
    request.bits |= BIT_QUIET;
    clearSkipLinks(request);
    request.traits |= <u8>1 << <u8>TRAIT_QUIET;
  }
  if (flags & FLAG_C_UPPER) request.traits |= <u8>1 << <u8>TRAIT_CAS;
  if (request.mode == MODE_NONE) {
    if ((op == OP_MS || op == OP_MD) && flags & FLAG_I_UPPER) request.mode = <u8>MODE_INVALIDATE;
    else if (op == OP_MG && flags & FLAG_T_UPPER) request.mode = <u8>MODE_TOUCH;
  }
  request.fits = answers(op, flags, request.mode) | (1 << IS_ERROR);
  if (badSize || (longKey && op != OP_MS)) request.bits |= BIT_REFUSED;
  else if (op == OP_MS && (keySize > KEY_MAX || tokens >= FLAGS_MAX || (ambiguity && hasSign))) {
    request.bits |= BIT_LAST;
    // Later releases may accept a key that is too long only in base64, and one flag more than old releases
    // do. The error is sent despite q.
    if (!ambiguity && (longKey || tokens > FLAGS_MAX)) {
      request.bits = (request.bits & ~BIT_QUIET) | BIT_REFUSED;
    }
  } else if (op == OP_MS && hasSign) {
    // The only answer is an error, despite q.
    request.bits = (request.bits & ~BIT_QUIET) | AMBIGUOUS_FLAG;
  } else {
    request.bits |= ambiguity;
  }
  return outcome;
}
