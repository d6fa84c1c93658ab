import { type EventShape, HAS } from '../profile/shapes.js';
import type { SortedBlock } from '../profile/sorted-block.js';
import type { Batch } from './batch.js';
import { ByShape, type Encoded, type Encoder, type OutputBuffer } from './encoder.js';
import {
  Clock,
  COMMA,
  DIGITS_MAX,
  LINE_FEED,
  type Literal,
  literal,
  PAST,
  putDouble,
  putHash,
  putInt64,
  putLiteral,
  putNumber,
  putUint32,
  putUint64,
} from './text.js';

/** The fields of `cat`, including those that an event has only where they have a value. */
export const CSV_FIELDS = [
  'ts_ns',
  'conn',
  'request',
  'proto',
  'transport',
  'op',
  'key',
  'key_size',
  'value_size',
  'mode',
  'flags',
  'ttl',
  'delta',
  'cas',
  'quiet',
  'status',
  'latency_ns',
  'meta_flags',
  'marks',
  'initial',
  'cas_new',
  'vivify',
  'recache',
  'ttl_left',
] as const;

const NUMBERS_MAX = CSV_FIELDS.length * (DIGITS_MAX + 5) + PAST;
const RARE = HAS.initial | HAS.cas_new | HAS.vivify | HAS.recache | HAS.ttl_left;
const NUMBERS_SENT = HAS.flags | HAS.ttl | HAS.delta;

/** The parts of a line that are the same for all events of a shape, with the commas around them. */
interface Line {
  has: number;
  /** Protocol, transport, command. */
  what: Literal;
  /** From the mode to the outcome where flags, time to live and delta are empty; else the two around them. */
  modeToOutcome: Literal;
  mode: Literal;
  outcome: Literal;
  /** Meta flags and marks. */
  answer: Literal;
  /** Likewise, with the end of the line, where the last five fields are empty. */
  end: Literal;
  room: number;
}

const fields = (...values: readonly unknown[]) => values.join(',');

function lineOf(shape: EventShape): Line {
  const { proto, transport, op, mode, cas, quiet, status, metaFlags, marks, has } = shape;
  const outcome = fields('', cas, quiet, status, '');
  const answer = fields('', metaFlags, marks.join(' '), '');
  const parts = {
    what: literal(fields('', proto, transport, op, '')),
    modeToOutcome: literal(`${fields('', mode ?? '', '', '')},${outcome}`),
    mode: literal(fields('', mode ?? '', '')),
    outcome: literal(outcome),
    answer: literal(answer),
    end: literal(`${answer},,,,\n`),
  };
  const texts = Object.values(parts).reduce((sum, { length }) => sum + length, 0);
  return { has, ...parts, room: texts + NUMBERS_MAX };
}

/** RFC 4180 without quotes, which no field needs; lines end with a line feed alone. What is unknown is empty. */
export class CsvEncoder implements Encoder {
  readonly #lines = new ByShape(lineOf);
  readonly #clock = new Clock();

  encode(batch: Batch, shapes: readonly EventShape[], buffer: OutputBuffer): Encoded {
    const lines = this.#lines.of(shapes);
    const clock = this.#clock;
    const { rows, blocks, block: slots, row: places, conn, request } = batch;
    let out = buffer.view;
    let at = 0;
    for (let i = 0; i < rows; i++) {
      const block = blocks[slots[i]!]!;
      const row = places[i]!;
      const line = lines[block.shape[row]!]!;
      const { has } = line;
      if (at + line.room > out.byteLength) out = buffer.grow(at, line.room);
      clock.set(block.time[2 * row]!, block.time[2 * row + 1]!);
      at = clock.putNanoseconds(out, at);
      out.setUint8(at++, COMMA);
      at = putUint32(out, at, conn[i]!);
      out.setUint8(at++, COMMA);
      at = putNumber(out, at, request[i]!);
      at = putLiteral(out, at, line.what);
      if (has & HAS.key) {
        const entry = block.key[row]!;
        at = putHash(out, at, block.keyHash[2 * entry]!, block.keyHash[2 * entry + 1]!);
        out.setUint8(at++, COMMA);
        at = putUint32(out, at, block.keySize[entry]!);
      } else out.setUint8(at++, COMMA);
      out.setUint8(at++, COMMA);
      if (has & HAS.value_size) at = putUint32(out, at, block.valueSize[row]!);
      if (has & NUMBERS_SENT) {
        const { flags, ttl, delta } = block.wide;
        at = putLiteral(out, at, line.mode);
        if (has & HAS.flags) at = putUint64(out, at, flags![2 * row]!, flags![2 * row + 1]!);
        out.setUint8(at++, COMMA);
        if (has & HAS.ttl) at = putInt64(out, at, ttl![2 * row]!, ttl![2 * row + 1]!);
        out.setUint8(at++, COMMA);
        if (has & HAS.delta) at = putUint64(out, at, delta![2 * row]!, delta![2 * row + 1]!);
        at = putLiteral(out, at, line.outcome);
      } else at = putLiteral(out, at, line.modeToOutcome);
      if (has & HAS.latency) at = putDouble(out, at, block.latency[row]!);
      if (has & RARE) {
        at = putLiteral(out, at, line.answer);
        at = putRare(out, at, { block, row, has });
      } else at = putLiteral(out, at, line.end);
    }
    return { bytes: buffer.bytes(at) };
  }
}

interface Place {
  block: SortedBlock;
  row: number;
  has: number;
}

/** The last five fields, which few events have, and the end of the line. */
function putRare(out: DataView, start: number, { block, row, has }: Place): number {
  const { initial, cas_new, vivify, recache, ttl_left } = block.wide;
  let at = start;
  if (has & HAS.initial) at = putUint64(out, at, initial![2 * row]!, initial![2 * row + 1]!);
  out.setUint8(at++, COMMA);
  if (has & HAS.cas_new) at = putUint64(out, at, cas_new![2 * row]!, cas_new![2 * row + 1]!);
  out.setUint8(at++, COMMA);
  if (has & HAS.vivify) at = putInt64(out, at, vivify![2 * row]!, vivify![2 * row + 1]!);
  out.setUint8(at++, COMMA);
  if (has & HAS.recache) at = putInt64(out, at, recache![2 * row]!, recache![2 * row + 1]!);
  out.setUint8(at++, COMMA);
  if (has & HAS.ttl_left) at = putInt64(out, at, ttl_left![2 * row]!, ttl_left![2 * row + 1]!);
  out.setUint8(at++, LINE_FEED);
  return at;
}
