/**
 * Buffers of incomplete lines. A buffer has LINE_MAX bytes; runs of spaces are kept as one space, so that
 * padding cannot make a line too long.
 */
import { Side } from '../flow/flow';
import { config, count } from '../instance';
import { COUNTER_BOUND_LINES, LINE_MAX } from '../layout';
import { Packet } from '../packet';
import { createPool, give, Pool, take } from '../pools';

/** Room after LINE_MAX for reads past the end. */
const SLACK: u32 = 16;
/** Offset of a byte that is 1 while every run of spaces in the buffer is one space. */
const SQUEEZED: u32 = LINE_MAX + SLACK;
const LINE_SIZE: u32 = SQUEEZED + 8;

let pool: Pool = changetype<Pool>(0);

export function createLines(): void {
  pool = createPool(config.lines, config.linesEnd, LINE_SIZE);
}

/** Frees a buffer that was taken from a side. */
export function giveLine(line: usize): void {
  give(pool, line);
}

/** Frees the buffer of a side. */
// @ts-ignore: decorator
@inline
export function freeLine(side: Side): void {
  if (side.line) give(pool, side.line);
  side.line = 0;
  side.lineSize = 0;
}

/**
 * Appends [at, end), of the packet `from`, to the side's line, or begins one. Returns the number of bytes
 * taken: fewer than given where the buffer is full or there is none (counted).
 */
export function appendLine(side: Side, at: usize, end: usize, from: Packet): u32 {
  if (side.line == 0) {
    const piece = take(pool);
    if (piece == 0) {
      count(COUNTER_BOUND_LINES);
      return 0;
    }
    side.line = <u32>piece;
    side.lineSize = 0;
    store<u8>(piece, 0, SQUEEZED);
    side.lineTime = from.time;
    side.lineOrdinal = from.ordinal;
  }
  const base = <usize>side.line;
  const room = LINE_MAX - side.lineSize;
  const squeezed = load<u8>(base, SQUEEZED) != 0;
  if (end - at <= room && !squeezed) {
    memory.copy(base + side.lineSize, at, end - at);
    side.lineSize += <u32>(end - at);
    return <u32>(end - at);
  }
  const start = at;
  // Squeezed only once: otherwise a client that fills the buffer to its last byte would have it read again
  // for every space.
  if (!squeezed) squeeze(side);
  let size = side.lineSize;
  let last = size ? load<u8>(base + size - 1) : 0;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 0x20 && last == 0x20) continue;
    if (size == LINE_MAX) break;
    store<u8>(base + size++, byte);
    last = byte;
  }
  side.lineSize = size;
  return <u32>(at - start);
}

/** Squeezes every run of spaces to one. */
function squeeze(side: Side): void {
  const base = <usize>side.line;
  let size: u32 = 0;
  let last: u8 = 0;
  for (let i: u32 = 0; i < side.lineSize; i++) {
    const byte = load<u8>(base + i);
    if (byte == 0x20 && last == 0x20) continue;
    store<u8>(base + size++, byte);
    last = byte;
  }
  side.lineSize = size;
  store<u8>(base, 1, SQUEEZED);
}

/** Drops the first bytes of the side's line. */
export function dropLineHead(side: Side, bytes: u32): void {
  side.lineSize -= bytes;
  memory.copy(side.line, <usize>side.line + bytes, side.lineSize);
  // There is room for further spaces.
  store<u8>(side.line, 0, SQUEEZED);
}
