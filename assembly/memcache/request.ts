/**
 * Request lines of the classic text protocol (doc/protocol.txt, proto_text.c of memcached): fills a `Request`
 * from a line, and tells what follows the line.
 */
import {
  OP_ADD, OP_APPEND, OP_CACHE_MEMLIMIT, OP_CAS, OP_DEBUGITEM, OP_DEBUGTIME, OP_DECR, OP_DELETE, OP_EXTSTORE,
  OP_FLUSH_ALL, OP_GAT, OP_GATS, OP_GET, OP_GETS, OP_INCR, OP_LRU, OP_LRU_CRAWLER, OP_MA, OP_MD, OP_ME, OP_MG,
  OP_MISBEHAVE, OP_MN, OP_MS, OP_PREPEND, OP_QUIT, OP_REFRESH_CERTS, OP_REPLACE, OP_SET, OP_SHUTDOWN,
  OP_SLABS, OP_STATS, OP_TOUCH, OP_VERBOSITY, OP_VERSION, OP_WATCH, PRESENT_DELTA, PRESENT_TTL, TRAIT_QUIET,
  KEY_MAX,
} from '../layout';
import { clear, isWord, refused, setFits, unknown } from './command';
import { foreign } from './foreign';
import { addKey, setHashedKey, setKey } from './keys';
import {
  BIT_DISCARDS, BIT_LAST, BIT_NO_EVENT, BIT_NOREPLY, BIT_ONE_LINE, BIT_QUIET, BIT_REFUSED, IS_DELETED, IS_END,
  IS_EN, IS_FREE, IS_MN, IS_NOT_FOUND, IS_NUMBER, IS_OK, IS_RESET, IS_STAT, IS_TOUCHED, IS_VALUE, IS_VERSION,
  IS_WORD, KIND_ADMIN, KIND_ARITHMETIC, KIND_DELETE, KIND_DUMP, KIND_GET, KIND_STATS, KIND_TOUCH, KIND_WATCH,
  LINE_DATA, LINE_QUIT, LINE_WHOLE, Request,
} from './message';
import { parseMeta } from './meta';
import { parsed, parseSigned, parseUnsigned } from './number';
import { indented, storage } from './storage';
import { nextToken, tokenEnd, word } from './tokens';
import {
  HEAD_GET, HEAD_SET, NAME_ADD, NAME_APPEND, NAME_BGET, NAME_CACHE_MEMLIMIT, NAME_CAS, NAME_DEBUGITEM,
  NAME_DEBUGTIME, NAME_DECR, NAME_DELETE, NAME_EXTSTORE, NAME_FLUSH_ALL, NAME_GAT, NAME_GATS, NAME_GET,
  NAME_GETS, NAME_INCR, NAME_LRU, NAME_LRU_CRAWLER, NAME_MISBEHAVE, NAME_PREPEND, NAME_QUIT,
  NAME_REFRESH_CERTS, NAME_REPLACE, NAME_SET, NAME_SHUTDOWN, NAME_SLABS, NAME_STATS, NAME_TOUCH,
  NAME_VERBOSITY, NAME_VERSION, NAME_WATCH, PAIR_MA, PAIR_MD, PAIR_ME, PAIR_MG, PAIR_MN, PAIR_MS,
  TAIL_CACHE_MEMLIMIT, TAIL_DEBUGITEM, TAIL_DEBUGTIME, TAIL_FLUSH_ALL, TAIL_LRU_CRAWLER, TAIL_MISBEHAVE,
  TAIL_REFRESH_CERTS, TAIL_VERBOSITY, WORD_METADUMP, WORD_MGDUMP, WORD_NOREPLY, WORD_SIZES_D, WORD_SIZES_E,
} from './words';

const SPACE: u8 = 0x20;

/** Fills a retrieval up to its keys; `at` is after the name. Returns the address of the keys. */
export function beginRetrieval(request: Request, op: u32, at: usize, end: usize): usize {
  request.op = <u8>op;
  setFits(request, KIND_GET, (1 << IS_VALUE) | (1 << IS_END));
  if (op == OP_GAT || op == OP_GATS) {
    const token = nextToken(at, end);
    at = tokenEnd;
    if (parseSigned(token, at)) {
      request.ttl = <i64>parsed;
      request.present |= 1 << PRESENT_TTL;
    } else request.bits |= BIT_REFUSED;
  }
  return at;
}

/** Adds every key in [at, end). */
export function addKeys(request: Request, at: usize, end: usize): void {
  for (at = nextToken(at, end); at < end; at = nextToken(tokenEnd, end)) {
    if (tokenEnd - at > KEY_MAX) request.bits |= BIT_DISCARDS;
    addKey(request, at, tokenEnd - at);
  }
}

function retrieval(request: Request, op: u32, at: usize, end: usize): u32 {
  at = nextToken(beginRetrieval(request, op, at, end), end);
  if (tokenEnd == end && at < end) {
    if (end - at > KEY_MAX) request.bits |= BIT_DISCARDS;
    setKey(request, at, end - at);
    request.keyCount = 1;
  } else {
    addKeys(request, at, end);
    request.cursorChunk = request.keys;
    if (request.keyCount == 0) {
      // Old releases answer END to gat without a key; all others refuse it.
      request.bits |= BIT_NO_EVENT | BIT_REFUSED;
      return LINE_WHOLE;
    }
  }
  return LINE_WHOLE;
}

/** Whether the last token of [at, end) is `noreply`. */
function endsInNoreply(at: usize, end: usize): bool {
  while (end > at && load<u8>(end - 1) == SPACE) end--;
  return end - at >= 8 && load<u64>(end - 7 - 1) >> 8 == WORD_NOREPLY && load<u8>(end - 8) == SPACE;
}

function setNoreply(request: Request, at: usize, end: usize): void {
  if (!endsInNoreply(at, end)) return;
  request.bits |= BIT_NOREPLY;
  request.traits |= <u8>1 << <u8>TRAIT_QUIET;
}

/** Reads delete, incr, decr or touch: a key, a number for some, an optional noreply. */
function keyed(request: Request, op: u32, at: usize, end: usize): u32 {
  request.op = <u8>op;
  if (op == OP_DELETE) setFits(request, KIND_DELETE, (1 << IS_DELETED) | (1 << IS_NOT_FOUND));
  else if (op == OP_TOUCH) setFits(request, KIND_TOUCH, (1 << IS_TOUCHED) | (1 << IS_NOT_FOUND));
  else setFits(request, KIND_ARITHMETIC, (1 << IS_NUMBER) | (1 << IS_NOT_FOUND));
  const key = nextToken(at, end);
  const keyEnd = tokenEnd;
  if (key == end) return unknown(request, false);
  setKey(request, key, keyEnd - key);
  const number = nextToken(keyEnd, end);
  const numberEnd = tokenEnd;
  if (op == OP_DELETE) {
    setNoreply(request, keyEnd, end);
    // Up to release 1.6.39 a number but 0 is refused; since then it is ignored.
    const isZero = numberEnd - number == 1 && load<u8>(number) == 0x30;
    if (number < end && !isZero && !(request.bits & BIT_NOREPLY)) request.bits |= BIT_REFUSED;
    // Up to release 1.6.39 `noreply` is a key here; since then there is no answer.
    if (number == end && isWord(key, keyEnd, WORD_NOREPLY)) request.bits |= BIT_QUIET | BIT_LAST;
    return LINE_WHOLE;
  }
  if (number == end) return refused(request);
  // The command fails, and there is no answer.
  if (isWord(number, numberEnd, WORD_NOREPLY)) {
    setNoreply(request, keyEnd, end);
    if (request.bits & BIT_NOREPLY) return LINE_WHOLE;
  }
  if (op == OP_TOUCH) {
    if (parseSigned(number, numberEnd)) {
      request.ttl = <i64>parsed;
      request.present |= 1 << PRESENT_TTL;
    } else request.bits |= BIT_REFUSED;
  } else if (parseUnsigned(number, numberEnd)) {
    request.delta = parsed;
    request.present |= 1 << PRESENT_DELTA;
  } else request.bits |= BIT_REFUSED;
  setNoreply(request, numberEnd, end);
  return LINE_WHOLE;
}

/** Reads an admin command: it is counted by name, and its arguments are not kept. */
function admin(request: Request, op: u32, at: usize, end: usize, kind: u32, answers: u32): u32 {
  request.op = <u8>op;
  setFits(request, kind, answers);
  if (op == OP_FLUSH_ALL || op == OP_VERBOSITY || op == OP_CACHE_MEMLIMIT) setNoreply(request, at, end);
  return LINE_WHOLE;
}

/** Possible answers to admin commands without a special answer. */
const ADMIN_ANSWERS: u32 = (1 << IS_OK) | (1 << IS_WORD) | (1 << IS_FREE);

function stats(request: Request, at: usize, end: usize): u32 {
  const sub = nextToken(at, end);
  const name = word(sub, tokenEnd) & 0x00ffffffffffffff;
  if (sub < end && (name == WORD_SIZES_E || name == WORD_SIZES_D)) request.bits |= BIT_ONE_LINE;
  const answers: u32 = (1 << IS_STAT) | (1 << IS_END) | (1 << IS_RESET) | (1 << IS_OK);
  return admin(request, OP_STATS, at, end, KIND_STATS, answers);
}

/** Since release 1.6.43 a dump begins with OK. */
const DUMP_ANSWERS: u32 = (1 << IS_OK) | (1 << IS_FREE) | (1 << IS_END) | (1 << IS_EN) | (1 << IS_WORD);

function crawler(request: Request, at: usize, end: usize): u32 {
  const sub = nextToken(at, end);
  const name = word(sub, tokenEnd);
  if (sub < end && (name == WORD_METADUMP || name == WORD_MGDUMP)) {
    return admin(request, OP_LRU_CRAWLER, at, end, KIND_DUMP, DUMP_ANSWERS);
  }
  return admin(request, OP_LRU_CRAWLER, at, end, KIND_ADMIN, ADMIN_ANSWERS);
}

/** Reads a command by its name [at, nameEnd). */
function named(request: Request, at: usize, nameEnd: usize, end: usize): u32 {
  const size = nameEnd - at;
  const name = word(at, nameEnd);
  if (size <= 8) {
    if (name == NAME_GET) return retrieval(request, OP_GET, nameEnd, end);
    if (name == NAME_SET) return storage(request, OP_SET, nameEnd, end);
    if (name == NAME_GETS) return retrieval(request, OP_GETS, nameEnd, end);
    if (name == NAME_ADD) return storage(request, OP_ADD, nameEnd, end);
    if (name == NAME_REPLACE) return storage(request, OP_REPLACE, nameEnd, end);
    if (name == NAME_APPEND) return storage(request, OP_APPEND, nameEnd, end);
    if (name == NAME_PREPEND) return storage(request, OP_PREPEND, nameEnd, end);
    if (name == NAME_CAS) return storage(request, OP_CAS, nameEnd, end);
    if (name == NAME_DELETE) return keyed(request, OP_DELETE, nameEnd, end);
    if (name == NAME_INCR) return keyed(request, OP_INCR, nameEnd, end);
    if (name == NAME_DECR) return keyed(request, OP_DECR, nameEnd, end);
    if (name == NAME_TOUCH) return keyed(request, OP_TOUCH, nameEnd, end);
    if (name == NAME_GAT) return retrieval(request, OP_GAT, nameEnd, end);
    if (name == NAME_GATS) return retrieval(request, OP_GATS, nameEnd, end);
    // An undocumented alias of get up to release 1.6.39.
    if (name == NAME_BGET) return retrieval(request, OP_GET, nameEnd, end);
    if (name == NAME_VERSION) return admin(request, OP_VERSION, nameEnd, end, KIND_ADMIN, 1 << IS_VERSION);
    if (name == NAME_STATS) return stats(request, nameEnd, end);
    if (name == NAME_QUIT) {
      request.op = <u8>OP_QUIT;
      request.kind = KIND_ADMIN;
      request.bits = BIT_NOREPLY;
      return LINE_QUIT;
    }
    if (name == NAME_SLABS) return admin(request, OP_SLABS, nameEnd, end, KIND_ADMIN, ADMIN_ANSWERS);
    if (name == NAME_LRU) return admin(request, OP_LRU, nameEnd, end, KIND_ADMIN, ADMIN_ANSWERS);
    if (name == NAME_EXTSTORE) return admin(request, OP_EXTSTORE, nameEnd, end, KIND_ADMIN, ADMIN_ANSWERS);
    if (name == NAME_SHUTDOWN) return admin(request, OP_SHUTDOWN, nameEnd, end, KIND_ADMIN, 0);
    if (name == NAME_WATCH) {
      return admin(request, OP_WATCH, nameEnd, end, KIND_WATCH, (1 << IS_OK) | (1 << IS_WORD));
    }
  } else {
    const tail = load<u64>(nameEnd - 8);
    if (size == 9) {
      if (name == NAME_VERBOSITY && tail == TAIL_VERBOSITY) {
        return admin(request, OP_VERBOSITY, nameEnd, end, KIND_ADMIN, 1 << IS_OK);
      }
      if (name == NAME_FLUSH_ALL && tail == TAIL_FLUSH_ALL) {
        return admin(request, OP_FLUSH_ALL, nameEnd, end, KIND_ADMIN, 1 << IS_OK);
      }
      if (name == NAME_MISBEHAVE && tail == TAIL_MISBEHAVE) {
        return admin(request, OP_MISBEHAVE, nameEnd, end, KIND_ADMIN, ADMIN_ANSWERS);
      }
      if (name == NAME_DEBUGTIME && tail == TAIL_DEBUGTIME) {
        return admin(request, OP_DEBUGTIME, nameEnd, end, KIND_ADMIN, ADMIN_ANSWERS);
      }
      if (name == NAME_DEBUGITEM && tail == TAIL_DEBUGITEM) {
        return admin(request, OP_DEBUGITEM, nameEnd, end, KIND_ADMIN, ADMIN_ANSWERS);
      }
    } else if (size == 11 && name == NAME_LRU_CRAWLER && tail == TAIL_LRU_CRAWLER) {
      return crawler(request, nameEnd, end);
    } else if (size == 13 && name == NAME_REFRESH_CERTS && tail == TAIL_REFRESH_CERTS) {
      return admin(request, OP_REFRESH_CERTS, nameEnd, end, KIND_ADMIN, ADMIN_ANSWERS);
    } else if (size == 14 && name == NAME_CACHE_MEMLIMIT && tail == TAIL_CACHE_MEMLIMIT) {
      return admin(request, OP_CACHE_MEMLIMIT, nameEnd, end, KIND_ADMIN, ADMIN_ANSWERS);
    }
  }
  return foreign(request, at, nameEnd, end, endsInNoreply(at, end));
}

/**
 * Reads the line [at, end), without its line end, into a cleared request.
 * Returns LINE_WHOLE, LINE_DATA or LINE_QUIT.
 */
export function parseRequest(request: Request, at: usize, end: usize): u32 {
  clear(request);
  if (at + 4 < end) {
    const head = load<u32>(at);
    if (head == HEAD_GET) return retrieval(request, OP_GET, at + 4, end);
    if (head == HEAD_SET) return storage(request, OP_SET, at + 4, end);
  }
  const start = at;
  at = nextToken(at, end);
  if (at == end) return unknown(request, false);
  const nameEnd = tokenEnd;
  const follows = command(request, at, nameEnd, end);
  return at > start && follows == LINE_DATA ? indented(request) : follows;
}

/** Reads a line with the command [at, nameEnd). */
function command(request: Request, at: usize, nameEnd: usize, end: usize): u32 {
  if (nameEnd - at == 2) {
    const pair = <u32>load<u16>(at);
    if (pair == PAIR_MG) return parseMeta(request, OP_MG, nameEnd, end);
    if (pair == PAIR_MS) return parseMeta(request, OP_MS, nameEnd, end);
    if (pair == PAIR_MD) return parseMeta(request, OP_MD, nameEnd, end);
    if (pair == PAIR_MA) return parseMeta(request, OP_MA, nameEnd, end);
    if (pair == PAIR_ME) return parseMeta(request, OP_ME, nameEnd, end);
    if (pair == PAIR_MN) return admin(request, OP_MN, nameEnd, end, KIND_ADMIN, 1 << IS_MN);
  }
  return named(request, at, nameEnd, end);
}

/** `get` of one key, the request most traffic consists of; the key is [at, end), 1 to 250 bytes. */
// @ts-ignore: decorator
@inline
export function setGet(request: Request, at: usize, end: usize): void {
  clear(request);
  request.op = <u8>OP_GET;
  setFits(request, KIND_GET, (1 << IS_VALUE) | (1 << IS_END));
  setKey(request, at, end - at);
  request.keyCount = 1;
}

/** The same by the hash of the key, of a message record. */
// @ts-ignore: decorator
@inline
export function setHashedGet(request: Request, hash: u64, size: u32): void {
  clear(request);
  request.op = <u8>OP_GET;
  setFits(request, KIND_GET, (1 << IS_VALUE) | (1 << IS_END));
  setHashedKey(request, hash, size);
  request.keyCount = 1;
}

/** Whether [at, end) begins like a retrieval, whose line memcached does not limit. */
export function isUnboundedRetrieval(at: usize, end: usize): bool {
  at = nextToken(at, end);
  if (tokenEnd == end) return false;
  const name = word(at, tokenEnd);
  if (tokenEnd - at > 4) return false;
  return (
    name == NAME_GET || name == NAME_GETS || name == NAME_GAT || name == NAME_GATS || name == NAME_BGET
  );
}

/**
 * Starts a retrieval with a line that is too long to keep; `addKeys` adds its keys. Returns the address of
 * the keys.
 */
export function openRetrieval(request: Request, at: usize, end: usize): usize {
  clear(request);
  at = nextToken(at, end);
  const name = word(at, tokenEnd);
  let op = OP_GET;
  if (name == NAME_GETS) op = OP_GETS;
  else if (name == NAME_GAT) op = OP_GAT;
  else if (name == NAME_GATS) op = OP_GATS;
  return beginRetrieval(request, op, tokenEnd, end);
}
