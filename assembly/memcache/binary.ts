/**
 * Messages of the binary protocol (doc/protocol-binary.txt; protocol_binary.h and proto_bin.c of memcached),
 * on bytes of any transport.
 *
 *   magic 1 | opcode 1 | key 2 | extras 1 | datatype 1 | vbucket or status 2 | body 4 | opaque 4 | cas 8
 *   and the body: extras | key | value
 */
import { keyPrint } from '../hash';
import {
  KEY_MAX, OP_ADD, OP_APPEND, OP_DECR, OP_DELETE, OP_FLUSH_ALL, OP_GAT, OP_GET, OP_INCR, OP_NOOP,
  OP_PREPEND, OP_QUIT, OP_REPLACE, OP_SASL_AUTH, OP_SASL_LIST_MECHS, OP_SASL_STEP, OP_SET, OP_STATS, OP_TOUCH,
  OP_UNKNOWN, OP_VERBOSITY, OP_VERSION, PRESENT_DELTA, PRESENT_FLAGS, PRESENT_INITIAL, PRESENT_TTL,
  PRESENT_VALUE_SIZE, PRESENT_VIVIFY, PROTO_BINARY, STATUS_DELETED, STATUS_ERROR, STATUS_EXISTS, STATUS_HIT,
  STATUS_MISS, STATUS_NOT_FOUND, STATUS_NOT_STORED, STATUS_OK, STATUS_STORED, STATUS_TOUCHED, STATUS_VALUE,
  TRAIT_CAS, TRAIT_QUIET,
} from '../layout';
import { load16, load32, load64 } from '../wire/bytes';
import { setKey } from './keys';
import {
  BIT_FOREIGN, BIT_LAST, BIT_NO_EVENT, BIT_QUIET, BIT_REFUSED, KIND_BINARY, Request,
} from './message';
import { clear } from './command';

export const BINARY_HEADER: u32 = 24;
export const MAGIC_REQUEST: u8 = 0x80;
export const MAGIC_ANSWER: u8 = 0x81;

// Opcodes (protocol_binary.h), the loud ones.
const GET: u32 = 0x00;
const SET: u32 = 0x01;
const ADD: u32 = 0x02;
const REPLACE: u32 = 0x03;
const DELETE: u32 = 0x04;
const INCREMENT: u32 = 0x05;
const DECREMENT: u32 = 0x06;
const QUIT: u32 = 0x07;
const FLUSH: u32 = 0x08;
const GETQ: u32 = 0x09;
const NOOP: u32 = 0x0a;
const VERSION: u32 = 0x0b;
const GETK: u32 = 0x0c;
const GETKQ: u32 = 0x0d;
const APPEND: u32 = 0x0e;
const PREPEND: u32 = 0x0f;
const STAT: u32 = 0x10;
const SETQ: u32 = 0x11;
const DECREMENTQ: u32 = 0x16;
const QUITQ: u32 = 0x17;
const FLUSHQ: u32 = 0x18;
const APPENDQ: u32 = 0x19;
const PREPENDQ: u32 = 0x1a;
const VERBOSITY: u32 = 0x1b;
const TOUCH: u32 = 0x1c;
const GAT: u32 = 0x1d;
const GATQ: u32 = 0x1e;
const SASL_LIST_MECHS: u32 = 0x20;
const SASL_AUTH: u32 = 0x21;
const SASL_STEP: u32 = 0x22;
const GATK: u32 = 0x23;
const GATKQ: u32 = 0x24;

// Statuses (protocol_binary.h); all others are errors.
const SUCCESS: u32 = 0x0000;
const KEY_NOT_FOUND: u32 = 0x0001;
const KEY_EXISTS: u32 = 0x0002;
const NOT_STORED: u32 = 0x0005;
const AUTH_CONTINUE: u32 = 0x0021;
const UNKNOWN_COMMAND: u32 = 0x0081;

/** Stands for no opcode, which no answer has. */
const NO_OPCODE: u32 = 0x100;
/** Expiration of an INCREMENT or DECREMENT that must not create its key. */
const DO_NOT_CREATE: u32 = 0xffffffff;

/** The opcode of the same operation that is always answered. */
function loud(opcode: u32): u32 {
  if (opcode >= SETQ && opcode <= DECREMENTQ) return opcode - SETQ + SET;
  switch (opcode) {
    case GETQ: return GET;
    case GETKQ: return GETK;
    case QUITQ: return QUIT;
    case FLUSHQ: return FLUSH;
    case APPENDQ: return APPEND;
    case PREPENDQ: return PREPEND;
    case GATQ: return GAT;
    case GATKQ: return GATK;
    default: return opcode;
  }
}

function opOf(opcode: u32): u32 {
  switch (opcode) {
    case GET: case GETK: return OP_GET;
    case GAT: case GATK: return OP_GAT;
    case SET: return OP_SET;
    case ADD: return OP_ADD;
    case REPLACE: return OP_REPLACE;
    case APPEND: return OP_APPEND;
    case PREPEND: return OP_PREPEND;
    case DELETE: return OP_DELETE;
    case INCREMENT: return OP_INCR;
    case DECREMENT: return OP_DECR;
    case TOUCH: return OP_TOUCH;
    case QUIT: return OP_QUIT;
    case FLUSH: return OP_FLUSH_ALL;
    case NOOP: return OP_NOOP;
    case VERSION: return OP_VERSION;
    case STAT: return OP_STATS;
    case VERBOSITY: return OP_VERBOSITY;
    case SASL_LIST_MECHS: return OP_SASL_LIST_MECHS;
    case SASL_AUTH: return OP_SASL_AUTH;
    case SASL_STEP: return OP_SASL_STEP;
    default: return OP_UNKNOWN;
  }
}

// How dispatch_bin_command handles a request.
/** It accepts the request: extras, key and value fit the operation. */
const TAKEN: u32 = 0;
/**
 * It refuses the form of the request, after reading extras and key, and closes; some forms leave a value to
 * be read as a header.
 */
const MALFORMED: u32 = 1;
/** It does not know the opcode. */
const UNKNOWN: u32 = 2;

/** How memcached handles a request with this loud opcode and these sizes. */
function formOf(opcode: u32, extras: u32, key: u32, body: u32): u32 {
  if (extras + key > body) return MALFORMED;
  const bare = extras + key == body;
  let good: bool;
  switch (opcode) {
    case GET: case GETK: case DELETE: good = extras == 0 && key > 0 && bare; break;
    case SET: case ADD: case REPLACE: good = extras == 8 && key > 0; break;
    case APPEND: case PREPEND: case SASL_AUTH: case SASL_STEP: good = extras == 0 && key > 0; break;
    case INCREMENT: case DECREMENT: good = extras == 20 && key > 0 && bare; break;
    case TOUCH: case GAT: case GATK: good = extras == 4 && key > 0 && bare; break;
    case FLUSH: good = (extras == 0 || extras == 4) && key == 0 && bare; break;
    case STAT: good = extras == 0 && bare; break;
    case QUIT: case NOOP: case VERSION: case SASL_LIST_MECHS: good = body == 0; break;
    default: return UNKNOWN;
  }
  return good && key <= KEY_MAX ? TAKEN : MALFORMED;
}

/** Whether the key of this operation is recorded: the arguments of others may be names and secrets. */
// @ts-ignore: decorator
@inline
function hasKeptKey(op: u32): bool {
  return op <= OP_TOUCH;
}

/** Bytes that `parseBinaryRequest` needs of the request at `at`; its header must be complete. */
export function requestHead(at: usize): u32 {
  const opcode = loud(load<u8>(at + 1));
  const extras = <u32>load<u8>(at + 4);
  const key = load16(at + 2);
  if (!hasKeptKey(opOf(opcode)) || formOf(opcode, extras, key, load32(at + 8)) != TAKEN) return BINARY_HEADER;
  return BINARY_HEADER + extras + key;
}

/**
 * Whether the header at `at` may begin a request in mid-stream: one that memcached accepts, of an operation
 * whose answer can prove it.
 */
export function mayBegin(at: usize): bool {
  if (load<u8>(at) != MAGIC_REQUEST || load<u8>(at + 5) != 0) return false;
  const opcode = loud(load<u8>(at + 1));
  if (opcode == SASL_AUTH || opcode == SASL_STEP) return false;
  return formOf(opcode, load<u8>(at + 4), load16(at + 2), load32(at + 8)) == TAKEN;
}

/** Reads the request with its head at `at`; `dataSize` bytes follow the head. */
export function parseBinaryRequest(request: Request, at: usize): void {
  clear(request);
  const sent = <u32>load<u8>(at + 1);
  const opcode = loud(sent);
  const op = opOf(opcode);
  request.op = <u8>op;
  request.proto = <u8>PROTO_BINARY;
  request.kind = KIND_BINARY;
  request.opcode = sent;
  request.sentOpaque = opaqueOf(at);
  if (sent != opcode) {
    request.bits = BIT_QUIET;
    request.traits = <u8>1 << <u8>TRAIT_QUIET;
  }
  const extras = <u32>load<u8>(at + 4);
  const key = load16(at + 2);
  const body = load32(at + 8);
  const form = formOf(opcode, extras, key, body);
  if (form != TAKEN) {
    request.bits |= BIT_REFUSED;
    if (form == UNKNOWN) {
      request.dataSize = body;
      // memcached swallows as much as its body behind extras and key that were read already
      // (write_bin_error); a server that knows the opcode does not.
      if (extras + key) request.bits |= BIT_LAST | BIT_FOREIGN;
    } else {
      // It ends the connection.
      request.bits |= BIT_LAST;
      request.dataSize = extras + key;
    }
    return;
  }
  if (!hasKeptKey(op)) {
    request.dataSize = body;
    return;
  }
  request.dataSize = body - extras - key;
  const fields = at + BINARY_HEADER;
  setKey(request, fields + extras, key);
  if (load64(at + 16) != 0) request.traits |= <u8>1 << <u8>TRAIT_CAS;
  if (extras == 8) {
    request.flags = load32(fields);
    request.ttl = load32(fields + 4);
    request.present |= (1 << PRESENT_FLAGS) | (1 << PRESENT_TTL);
  } else if (extras == 4) {
    request.ttl = load32(fields);
    request.present |= 1 << PRESENT_TTL;
  } else if (extras == 20) {
    request.delta = load64(fields);
    request.present |= 1 << PRESENT_DELTA;
    // As N and J of a meta ma: time to live and initial value of a key that it creates.
    const expiration = load32(fields + 16);
    if (expiration != DO_NOT_CREATE) {
      request.initial = load64(fields + 8);
      request.vivify = expiration;
      request.present |= (1 << PRESENT_INITIAL) | (1 << PRESENT_VIVIFY);
    }
  }
  if (isStorage(request)) {
    request.valueSize = request.dataSize;
    request.present |= 1 << PRESENT_VALUE_SIZE;
  }
}

/**
 * Makes a request without an answer, the last of its connection, of bytes that do not begin with the magic of
 * a request.
 */
export function refuseMagic(request: Request): void {
  clear(request);
  request.kind = KIND_BINARY;
  request.opcode = NO_OPCODE;
  request.bits = BIT_LAST | BIT_REFUSED | BIT_NO_EVENT;
}

/** Opaque of the request or answer with its head at `at`, in network order. */
// @ts-ignore: decorator
@inline
export function opaqueOf(at: usize): u32 {
  return load<u32>(at + 12);
}

/** Whether the request ends the connection (QUIT). */
export function isQuit(request: Request): bool {
  return request.op == OP_QUIT && (request.bits & BIT_REFUSED) == 0;
}

/** Whether the request has a value; in mid-stream such a request may be a part of another's value. */
export function isStorage(request: Request): bool {
  return request.op >= OP_SET && request.op <= OP_PREPEND;
}

// Results of the last `parseBinaryAnswer`.
export let answerOpcode: u32 = 0;
export let answerOpaque: u32 = 0;
export let answerStatus: u32 = 0;
/** Bytes after the head. */
export let answerRest: u32 = 0;
/** Bytes of the value. */
let answerValue: u32 = 0;
/** Whether the answer has flags, and the flags. */
export let answerHasFlags: bool = false;
export let answerFlags: u32 = 0;
/** Whether the answer has a key, and its fingerprint; set only for answers to GETK and the like. */
export let answerHasKey: bool = false;
export let answerPrint: u64 = 0;
/** Whether more answers to the same request follow (STAT). */
export let answerGoesOn: bool = false;

/** Whether the header at `at`, which must be complete, can be that of an answer. */
export function isAnswer(at: usize): bool {
  return load<u8>(at) == MAGIC_ANSWER && load16(at + 2) + load<u8>(at + 4) <= load32(at + 8);
}

/** Bytes that `parseBinaryAnswer` needs of the answer at `at`; its header must be complete. */
export function answerHead(at: usize): u32 {
  const op = opOf(loud(load<u8>(at + 1)));
  const key = load16(at + 2);
  if ((op != OP_GET && op != OP_GAT) || key > KEY_MAX) return BINARY_HEADER;
  return BINARY_HEADER + load<u8>(at + 4) + key;
}

/** Reads the answer with its head at `at`. */
export function parseBinaryAnswer(at: usize): void {
  const head = answerHead(at);
  const extras = <u32>load<u8>(at + 4);
  const key = load16(at + 2);
  answerOpcode = load<u8>(at + 1);
  answerOpaque = opaqueOf(at);
  answerStatus = load16(at + 6);
  answerRest = load32(at + 8) - (head - BINARY_HEADER);
  answerValue = load32(at + 8) - extras - key;
  answerHasFlags = head > BINARY_HEADER && extras >= 4;
  answerHasKey = head > BINARY_HEADER && key > 0;
  if (answerHasFlags) answerFlags = load32(at + BINARY_HEADER);
  if (answerHasKey) answerPrint = keyPrint(at + BINARY_HEADER + extras, key);
  answerGoesOn = answerOpcode == STAT && answerStatus == SUCCESS && key > 0;
}

/**
 * Whether the last answer belongs to this request. Where opaques repeat, the order and the key, if any,
 * decide.
 */
export function isAnswerTo(request: Request): bool {
  if (request.opcode != answerOpcode || request.sentOpaque != answerOpaque) return false;
  return !answerHasKey || answerPrint == request.print;
}

/**
 * Whether the last answer names its request by more than its opcode: many clients leave every opaque 0.
 */
export function namesRequest(): bool {
  return answerOpaque != 0 || answerHasKey;
}

/**
 * Whether the last answer tells that the server knows an opcode memcached does not: the next request begins
 * behind its body.
 */
export function isKnownThere(request: Request): bool {
  return (request.bits & BIT_FOREIGN) != 0 && answerStatus != UNKNOWN_COMMAND;
}

/** Sets the fields of a hit from the last answer. */
export function takeHit(request: Request): void {
  request.valueSize = answerValue;
  request.present |= 1 << PRESENT_VALUE_SIZE;
  if (answerHasFlags) {
    request.flags = answerFlags;
    request.present |= 1 << PRESENT_FLAGS;
  }
}

/**
 * Outcome of the request by the last answer, with the names of the text protocol: ADD of an existing key and
 * REPLACE of a missing one are NOT_STORED, and requests with a cas get EXISTS or NOT_FOUND.
 */
export function outcomeOf(request: Request): u32 {
  const op = <u32>request.op;
  const status = answerStatus;
  if (op == OP_GET || op == OP_GAT) {
    return status == SUCCESS ? STATUS_HIT : status == KEY_NOT_FOUND ? STATUS_MISS : STATUS_ERROR;
  }
  if (!hasKeptKey(op)) return status == SUCCESS || status == AUTH_CONTINUE ? STATUS_OK : STATUS_ERROR;
  if (status == NOT_STORED) return STATUS_NOT_STORED;
  const cas = (request.traits & (<u8>1 << <u8>TRAIT_CAS)) != 0;
  if (status == KEY_NOT_FOUND) {
    const missing = op == OP_REPLACE || op == OP_APPEND || op == OP_PREPEND;
    return missing && !cas ? STATUS_NOT_STORED : STATUS_NOT_FOUND;
  }
  if (status == KEY_EXISTS) return op == OP_ADD && !cas ? STATUS_NOT_STORED : STATUS_EXISTS;
  if (status != SUCCESS) return STATUS_ERROR;
  if (isStorage(request)) return STATUS_STORED;
  if (op == OP_DELETE) return STATUS_DELETED;
  return op == OP_TOUCH ? STATUS_TOUCHED : STATUS_VALUE;
}
