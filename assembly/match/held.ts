/**
 * Holds client bytes after an ambiguous line, of which only the answer tells whether they are a value or
 * commands (memcache/ambiguity.ts). They are held in the side's line buffer, with a mark for each segment:
 *
 *   base                                                        base + LINE_MAX
 *   | bytes of segment 0 | of segment 1 | … →      ← … | mark 1 | mark 0 | number of marks
 *
 * A value longer than HELD_VALUE_MAX is only counted, and the flow loses sync where its bytes turn out to be
 * commands. It also loses sync where the buffer is full.
 */
import { CLIENT, Flow, Side, sideOf } from '../flow/flow';
import { count } from '../instance';
import { COUNTER_AMBIGUOUS_LENGTHS, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD, LINE_MAX } from '../layout';
import { LOGIN_BOTH, LOGIN_NO, lookAtLogin } from '../memcache/credentials';
import { AMBIGUOUS_MASK } from '../memcache/ambiguity';
import { BIT_LAST, Request } from '../memcache/message';
import { Packet } from '../packet';
import { disown } from './account';
import { appendLine, freeLine } from './lines';
import { push } from './pending';
import { CLIENT_HELD, CLIENT_UNKNOWN } from './states';

/** Longest value held, bytes, its CRLF included: half of the room. */
export const HELD_VALUE_MAX: u32 = LINE_MAX >> 1;

// A mark: offset of the bytes of a segment, and its time and ordinal relative to the first.
const MARK_SIZE: u32 = 8;
const MARK_ORDINAL: usize = 2;
const MARK_TIME: usize = 4;

/** Address of a mark. */
// @ts-ignore: decorator
@inline
function markAt(base: usize, index: u32): usize {
  return base + LINE_MAX - <usize>(index + 1) * MARK_SIZE;
}

/** Number of segments in a buffer. */
// @ts-ignore: decorator
@inline
export function marksOf(base: usize): u32 {
  return load<u32>(base + LINE_MAX);
}

/** Offset of the bytes of a held segment. */
// @ts-ignore: decorator
@inline
export function startOf(base: usize, index: u32): u32 {
  return load<u16>(markAt(base, index));
}

/** Packets since that of the first segment; negative where the capture has them in reverse order. */
// @ts-ignore: decorator
@inline
export function ordinalOf(base: usize, index: u32): i64 {
  return <i64>load<i16>(markAt(base, index), MARK_ORDINAL);
}

/** Nanoseconds since the first segment. */
// @ts-ignore: decorator
@inline
export function timeOf(base: usize, index: u32): i64 {
  return <i64>load<i32>(markAt(base, index), MARK_TIME);
}

/** From here on the client's bytes are held: an ambiguous request waits for its answer. */
export function beginHolding(flow: Flow, side: Side, request: Request): void {
  push(flow, request);
  side.state = CLIENT_HELD;
  side.skip = request.dataSize + 2 > HELD_VALUE_MAX ? request.dataSize + 2 : 0;
}

/** Holds [at, end), of the packet `from`. */
export function hold(flow: Flow, at: usize, end: usize, from: Packet): void {
  const side = sideOf(flow, CLIENT);
  const request = changetype<Request>(<usize>flow.tail);
  if (side.skip) {
    const bytes = <u32>min<usize>(side.skip, end - at);
    side.skip -= bytes;
    at += bytes;
    if (side.skip == 0) request.lastTime = from.time;
    if (at == end) return;
  }
  if (keep(side, at, <u32>(end - at), from)) return;
  count(COUNTER_AMBIGUOUS_LENGTHS);
  request.bits = (request.bits & ~AMBIGUOUS_MASK) | BIT_LAST;
  disown(flow, side.lineSize + <u32>(end - at), COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
  freeLine(side);
  side.state = CLIENT_UNKNOWN;
  flow.owed = 1;
}

function keep(side: Side, at: usize, size: u32, from: Packet): bool {
  const isFirst = side.line == 0;
  if (isFirst) appendLine(side, at, at, from);
  const base = <usize>side.line;
  if (base == 0) return false;
  const marks = isFirst ? 0 : marksOf(base);
  const elapsed = from.time - side.lineTime;
  const packets = from.ordinal - side.lineOrdinal;
  if (elapsed != <u64><i64><i32>elapsed || packets != <u64><i64><i16>packets) return false;
  if (side.lineSize + size + (marks + 1) * MARK_SIZE > LINE_MAX) return false;
  memory.copy(base + side.lineSize, at, size);
  const mark = markAt(base, marks);
  store<u16>(mark, <u16>side.lineSize);
  store<u16>(mark, <u16>packets, MARK_ORDINAL);
  store<u32>(mark, <u32>elapsed, MARK_TIME);
  store<u32>(base + LINE_MAX, marks + 1);
  side.lineSize += size;
  return true;
}

/** Takes the held bytes as a value: sets the time of its last byte, and whether it may be credentials. */
export function lookAtHeld(flow: Flow, side: Side, request: Request): void {
  const size = request.dataSize + 2;
  const base = <usize>side.line;
  if (size > HELD_VALUE_MAX || side.lineSize < size) {
    // Bytes that were not held or have not arrived cannot be checked, so they may be credentials.
    if (flow.login) flow.login = LOGIN_BOTH;
    return;
  }
  if (flow.login) flow.login = lookAtLogin(flow.login, base, base + request.dataSize);
  let last = marksOf(base) - 1;
  while (startOf(base, last) >= size) last--;
  request.lastTime = side.lineTime + timeOf(base, last);
}

/** Whether the value looks like a name and a password. */
export function mayBeLogin(flow: Flow): bool {
  const both = flow.login == LOGIN_BOTH;
  flow.login = LOGIN_NO;
  return both;
}
