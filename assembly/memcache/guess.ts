/**
 * Whether the first bytes of a packet of an unknown port look like memcached: its words as protocol.txt has
 * them, at the start of a line of plain text, or a header of protocol_binary.h whose lengths agree. Enough
 * for a hint to people.
 */
import { load16, load32 } from '../wire/bytes';

/** A line is looked at no further than this: longer than most, and a bound. */
const LINE_MAX: usize = 300;
const LINE_FEED: u8 = 10;
const CARRIAGE_RETURN: u8 = 13;
const SPACE: u8 = 32;
const DELETE: u8 = 127;

// protocol_binary.h: magic bytes, the length of a header, the highest opcode (RINCRQ), and the most extras
// any has.
const REQUEST: u8 = 0x80;
const ANSWER: u8 = 0x81;
const HEADER: usize = 24;
const OPCODE_MAX: u8 = 0x3c;
const EXTRAS_MAX: u32 = 20;
const KEY_MAX: u32 = 250;

// The first four bytes of words as they lie in memory: get, set, add, cas and gat have their space among
// them.
const GET: u32 = 0x20746567;
const GETS: u32 = 0x73746567;
const SET: u32 = 0x20746573;
const ADD: u32 = 0x20646461;
const CAS: u32 = 0x20736163;
const GAT: u32 = 0x20746167;
const GATS: u32 = 0x73746167;
const INCR: u32 = 0x72636e69;
const DECR: u32 = 0x72636564;
const DELE: u32 = 0x656c6564;
const TOUC: u32 = 0x63756f74;
const REPL: u32 = 0x6c706572;
const APPE: u32 = 0x65707061;
const PREP: u32 = 0x70657270;

// Of answers.
const VALU: u32 = 0x554c4156;
const STOR: u32 = 0x524f5453;
const NOT_: u32 = 0x5f544f4e;
const END_: u32 = 0x0d444e45;
const EXIS: u32 = 0x53495845;
const DELETED: u32 = 0x454c4544;
const TOUCHED: u32 = 0x43554f54;

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

/** Whether a header's lengths can be those of a message. */
function isBinary(at: usize, end: usize, magic: u8): bool {
  if (at + HEADER > end || load<u8>(at) != magic || load<u8>(at + 1) > OPCODE_MAX) return false;
  const key = load16(at + 2);
  const extras = <u32>load<u8>(at + 4);
  const dataType = load<u8>(at + 5);
  return dataType == 0 && key <= KEY_MAX && extras <= EXTRAS_MAX && load32(at + 8) >= key + extras;
}

/** Whether bytes of a packet look like a request. */
export function looksLikeRequest(at: usize, end: usize): bool {
  if (at + 5 > end) return false;
  if (load<u8>(at) == REQUEST) return isBinary(at, end, REQUEST);
  const first = load<u32>(at);
  const known =
    first == GET || first == SET || first == ADD || first == CAS || first == GAT ||
    ((first == GETS || first == GATS) && load<u8>(at + 4) == SPACE) ||
    first == INCR || first == DECR || first == DELE || first == TOUC || first == REPL || first == APPE ||
    first == PREP || isMeta(at);
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
  if (load<u8>(at) == ANSWER) return isBinary(at, end, ANSWER);
  const first = load<u32>(at);
  const known =
    first == VALU || first == STOR || first == NOT_ || first == END_ || first == EXIS || first == DELETED ||
    first == TOUCHED || isMetaAnswer(at);
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
