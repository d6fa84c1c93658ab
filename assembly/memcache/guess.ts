/**
 * Whether the first bytes of a packet on another port look like memcached: a line of plain text that begins
 * with a word of protocol.txt, or a header of protocol_binary.h with consistent lengths. This is good enough
 * for a hint.
 */
import { KEY_MAX } from '../layout';
import { load16, load32 } from '../wire/bytes';
import { BINARY_HEADER, MAGIC_ANSWER, MAGIC_REQUEST } from './binary';
import {
  ANSWER_DELETED, ANSWER_END_CR, ANSWER_EXISTS, ANSWER_NOT_STORED, ANSWER_STORED, ANSWER_TOUCHED,
  ANSWER_VALUE, HEAD_GET, HEAD_SET, NAME_ADD, NAME_APPEND, NAME_CAS, NAME_DECR, NAME_DELETE, NAME_GAT,
  NAME_GATS, NAME_GETS, NAME_INCR, NAME_PREPEND, NAME_REPLACE, NAME_TOUCH,
} from './words';

/** Most bytes of a line that are checked, more than most lines have. */
const LINE_MAX: usize = 300;
const LINE_FEED: u8 = 10;
const CARRIAGE_RETURN: u8 = 13;
const SPACE: u8 = 32;
const DELETE: u8 = 127;

// protocol_binary.h: the highest opcode (RINCRQ), and the most bytes of extras.
const OPCODE_MAX: u8 = 0x3c;
const EXTRAS_MAX: u32 = 20;

// The first four bytes of names, little-endian; names of three letters with the following space.
const ADD: u32 = <u32>NAME_ADD | 0x20000000;
const CAS: u32 = <u32>NAME_CAS | 0x20000000;
const GAT: u32 = <u32>NAME_GAT | 0x20000000;

/** Whether [at, end) begins with a line of plain text, as far as it was captured. */
function isLine(at: usize, end: usize): bool {
  for (const stop = min(end, at + LINE_MAX); at < stop; at++) {
    const byte = load<u8>(at);
    if (byte == LINE_FEED) return true;
    if (byte == CARRIAGE_RETURN) return at + 1 == end || load<u8>(at + 1) == LINE_FEED;
    if (byte < SPACE || byte == DELETE) return false;
  }
  return true;
}

/** Whether the lengths in a header can be those of a message. */
function isBinary(at: usize, end: usize, magic: u8): bool {
  if (at + BINARY_HEADER > end || load<u8>(at) != magic || load<u8>(at + 1) > OPCODE_MAX) return false;
  const key = load16(at + 2);
  const extras = <u32>load<u8>(at + 4);
  const dataType = load<u8>(at + 5);
  return dataType == 0 && key <= KEY_MAX && extras <= EXTRAS_MAX && load32(at + 8) >= key + extras;
}

/** Whether bytes of a packet look like a request. */
export function looksLikeRequest(at: usize, end: usize): bool {
  if (at + 5 > end) return false;
  if (load<u8>(at) == MAGIC_REQUEST) return isBinary(at, end, MAGIC_REQUEST);
  const first = load<u32>(at);
  const known =
    first == HEAD_GET || first == HEAD_SET || first == ADD || first == CAS || first == GAT ||
    ((first == <u32>NAME_GETS || first == <u32>NAME_GATS) && load<u8>(at + 4) == SPACE) ||
    first == <u32>NAME_INCR || first == <u32>NAME_DECR || first == <u32>NAME_DELETE ||
    first == <u32>NAME_TOUCH || first == <u32>NAME_REPLACE || first == <u32>NAME_APPEND ||
    first == <u32>NAME_PREPEND || isMeta(at);
  return known && isLine(at, end);
}

/** mg, ms, md, ma and me, each with a space; mn with the end of its line. */
function isMeta(at: usize): bool {
  if (load<u8>(at) != 0x6d) return false;
  const second = load<u8>(at + 1);
  if (second == 0x6e) return load<u8>(at + 2) == CARRIAGE_RETURN;
  if (load<u8>(at + 2) != SPACE) return false;
  return second == 0x67 || second == 0x73 || second == 0x64 || second == 0x61 || second == 0x65;
}

/** Whether bytes of a packet look like an answer. */
export function looksLikeAnswer(at: usize, end: usize): bool {
  if (at + 4 > end) return false;
  if (load<u8>(at) == MAGIC_ANSWER) return isBinary(at, end, MAGIC_ANSWER);
  const first = load<u32>(at);
  const known =
    first == ANSWER_VALUE || first == ANSWER_STORED || first == ANSWER_NOT_STORED ||
    first == ANSWER_END_CR || first == ANSWER_EXISTS || first == ANSWER_DELETED ||
    first == ANSWER_TOUCHED || isMetaAnswer(at);
  return known && isLine(at, end);
}

/** HD, NF, NS, EX and EN, alone or with flags; VA with a length. */
function isMetaAnswer(at: usize): bool {
  const code = <u32>load<u16>(at);
  const behind = load<u8>(at + 2);
  if (code == 0x4156) return behind == SPACE && load<u8>(at + 3) - 0x30 < 10;
  if (behind != SPACE && behind != CARRIAGE_RETURN) return false;
  return code == 0x4448 || code == 0x464e || code == 0x534e || code == 0x5845 || code == 0x4e45;
}
