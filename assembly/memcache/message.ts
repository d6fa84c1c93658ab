/** A request, with what is known of its answer so far. */
import { EventRecord } from '../layout';

/** An event record, so that an answered request is recorded in place, with further fields for pairing. */
// @ts-ignore: decorator
@unmanaged
export class Request extends EventRecord {
  /** Fingerprint of the key as sent. */
  print: u64;
  /** Time of the packet that delivered the request's last byte; TIME_UNKNOWN where the capture lacks it. */
  lastTime: u64;
  /** Time of the packet that delivered the answer's first byte, when ANSWERED. */
  answerTime: u64;
  /** Next pending request of the flow, 0 at the end. */
  next: u32;
  /** First and last chunk of keys where there are several, else 0. */
  keys: u32;
  lastKeys: u32;
  keyCount: u32;
  /**
   * Chunk and entry at which the search for the key of the next VALUE starts; 0 and the key index once the
   * order is broken.
   */
  cursorChunk: u32;
  cursorIndex: u32;
  /** Bytes of the data block that follows, without its CRLF. */
  dataSize: u32;
  /** Possible answers: bits 1 << answer code (IS_*). */
  fits: u32;
  /** BIT_*. */
  bits: u32;
  /** KIND_*. */
  kind: u32;
  /**
   * Opcode and opaque of a binary request, the opaque in network order; text requests use them in
   * match/errors.ts.
   */
  opcode: u32;
  sentOpaque: u32;
}

export const SIZEOF_REQUEST: u32 = offsetof<Request>();

/** The request never has an answer. */
export const BIT_NOREPLY: u32 = 1;
/** Success (or a miss) is silent. */
export const BIT_QUIET: u32 = 2;
/** The line was refused: an error is expected. */
export const BIT_REFUSED: u32 = 4;
/** The answer's first byte was seen. */
export const BIT_ANSWERED: u32 = 8;
/** Not an operation worth an event (unknown command). */
export const BIT_NO_EVENT: u32 = 16;
/** The answer is a single STAT line without END (stats sizes_enable). */
export const BIT_ONE_LINE: u32 = 32;
/**
 * Servers differ on what the client's bytes after this request are: they are not read until it is answered,
 * and then the flow is out of sync.
 */
export const BIT_LAST: u32 = 64;
/** A key did not fit its pool. */
export const BIT_OVERFLOW: u32 = 128;
/**
 * A retrieval with a key that is too long: before its error memcached discards all answers it has not sent
 * yet (conn_release_items in process_get_command, proto_text.c).
 */
export const BIT_DISCARDS: u32 = 256;
/** A command memcached does not know; other servers may. */
export const BIT_FOREIGN: u32 = 512;
/** An unknown command that is answered like a retrieval. */
export const BIT_LEASE: u32 = 1024;
/**
 * A line with an unreadable length and with noreply: since 1.6.40 the answer is ERROR_FORMAT; before there is
 * none, because noreply is read first.
 */
export const BIT_ONLY_FORMAT: u32 = 2048;
// Three bits from bit 16 on tell how releases differ on the bytes after the line: see ambiguity.ts.

export const KIND_GET: u32 = 0;
export const KIND_STORE: u32 = 1;
export const KIND_DELETE: u32 = 2;
export const KIND_ARITHMETIC: u32 = 3;
export const KIND_TOUCH: u32 = 4;
export const KIND_META: u32 = 5;
export const KIND_ADMIN: u32 = 6;
export const KIND_STATS: u32 = 7;
export const KIND_DUMP: u32 = 8;
export const KIND_WATCH: u32 = 9;
export const KIND_UNKNOWN: u32 = 10;
export const KIND_AUTH: u32 = 11;
/** A request of the binary protocol, whose answers have its opcode and opaque. */
export const KIND_BINARY: u32 = 12;
/** It is not known whether the request is answered, or by what: the next answer puts the flow out of sync. */
export const KIND_UNTOLD: u32 = 13;

// What follows a request line.
/** Nothing: the request is complete. */
export const LINE_WHOLE: u32 = 0;
/** A data block of `dataSize` bytes and CRLF. */
export const LINE_DATA: u32 = 1;
/** The connection is over: later bytes are never read by the server. */
export const LINE_QUIT: u32 = 2;

// Answer codes; `Request.fits` is a bit set of them.
export const IS_ERROR: u32 = 0;
export const IS_VALUE: u32 = 1;
export const IS_END: u32 = 2;
export const IS_STORED: u32 = 3;
export const IS_NOT_STORED: u32 = 4;
export const IS_EXISTS: u32 = 5;
export const IS_NOT_FOUND: u32 = 6;
export const IS_DELETED: u32 = 7;
export const IS_TOUCHED: u32 = 8;
export const IS_OK: u32 = 9;
export const IS_NUMBER: u32 = 10;
export const IS_HD: u32 = 11;
export const IS_VA: u32 = 12;
export const IS_EN: u32 = 13;
export const IS_NS: u32 = 14;
export const IS_EX: u32 = 15;
export const IS_NF: u32 = 16;
export const IS_ME: u32 = 17;
export const IS_MN: u32 = 18;
export const IS_STAT: u32 = 19;
export const IS_VERSION: u32 = 20;
export const IS_RESET: u32 = 21;
/** One of the words that answer only admin commands. */
export const IS_WORD: u32 = 22;
/** Any other line. */
export const IS_FREE: u32 = 23;

/** Answers that a storage command may get, too, so that they do not prove where a request begins. */
export const STORAGE_ANSWERS: u32 =
  (1 << IS_ERROR) | (1 << IS_STORED) | (1 << IS_NOT_STORED) | (1 << IS_EXISTS) | (1 << IS_NOT_FOUND) |
  (1 << IS_HD) | (1 << IS_NS) | (1 << IS_EX) | (1 << IS_NF) | (1 << IS_OK);

