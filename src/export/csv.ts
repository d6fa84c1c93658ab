import type { Batch } from './batch.js';
import { ByShape, type Encoder, NOTHING, RowBuffer } from './encoder.js';
import { type EventShape, HAS } from './shapes.js';
import {
  Clock,
  DIGITS_MAX,
  putBytes,
  putDouble,
  putHash,
  putInt64,
  putNumber,
  putUint32,
  putUint64,
} from './text.js';

/** The fields of `cat`, those included that an event has only where there is something to say. */
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

const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const NUMBERS_MAX = CSV_FIELDS.length * (DIGITS_MAX + 5);
const RARE = HAS.initial | HAS.cas_new | HAS.vivify | HAS.recache | HAS.ttl_left;

/** The parts of a line that are the same for all events of a shape, with the commas around them. */
interface Line {
  has: number;
  /** Protocol, transport, command. */
  what: Uint8Array;
  mode: Uint8Array;
  outcome: Uint8Array;
  /** Meta flags, marks, and the end of the line where nothing else is to be said. */
  answer: Uint8Array;
  room: number;
}

/** Bytes of a line's end without the fields few events have: four commas and the line feed. */
const NO_RARE = 5;

const ascii = (...fields: readonly unknown[]) => Buffer.from(fields.join(','), 'latin1');

function lineOf(shape: EventShape): Line {
  const { proto, transport, op, mode, cas, quiet, status, metaFlags, marks, has } = shape;
  const parts = {
    what: ascii(proto, transport, op, ''),
    mode: ascii('', mode ?? '', ''),
    outcome: ascii('', cas, quiet, status, ''),
    answer: ascii('', metaFlags, marks.join(' '), '', '', '', '', '\n'),
  };
  const texts = Object.values(parts).reduce((sum, { length }) => sum + length, 0);
  return { has, ...parts, room: texts + NUMBERS_MAX };
}

/** RFC 4180 without quotes, which no field needs; lines end with a line feed alone. What is unknown is empty. */
export class CsvEncoder implements Encoder {
  readonly changed = {};
  readonly #lines = new ByShape(lineOf);
  readonly #buffer = new RowBuffer();
  readonly #clock = new Clock();

  start(): Uint8Array {
    return Buffer.from(`${CSV_FIELDS.join(',')}\n`, 'latin1');
  }

  encode(batch: Batch, shapes: readonly EventShape[]): Uint8Array {
    const lines = this.#lines.of(shapes);
    const clock = this.#clock;
    const { rows, shape, time, conn, request, key, keySize, valueSize, latency } = batch;
    const { flags, ttl, delta } = batch.wide;
    let at = 0;
    for (let i = 0; i < rows; i++) {
      const line = lines[shape[i]!]!;
      const { has } = line;
      const out = this.#buffer.reserve(at, line.room);
      clock.set(time[2 * i]!, time[2 * i + 1]!);
      at = clock.putNanoseconds(out, at);
      out[at++] = COMMA;
      at = putUint32(out, at, conn[i]!);
      out[at++] = COMMA;
      at = putNumber(out, at, request[i]!);
      out[at++] = COMMA;
      at = putBytes(out, at, line.what);
      if (has & HAS.key) {
        at = putHash(out, at, key[2 * i]!, key[2 * i + 1]!);
        out[at++] = COMMA;
        at = putUint32(out, at, keySize[i]!);
      } else out[at++] = COMMA;
      out[at++] = COMMA;
      if (has & HAS.value_size) at = putUint32(out, at, valueSize[i]!);
      at = putBytes(out, at, line.mode);
      if (has & HAS.flags) at = putUint64(out, at, flags[2 * i]!, flags[2 * i + 1]!);
      out[at++] = COMMA;
      if (has & HAS.ttl) at = putInt64(out, at, ttl[2 * i]!, ttl[2 * i + 1]!);
      out[at++] = COMMA;
      if (has & HAS.delta) at = putUint64(out, at, delta[2 * i]!, delta[2 * i + 1]!);
      at = putBytes(out, at, line.outcome);
      if (has & HAS.latency) at = putDouble(out, at, latency[i]!);
      at = putBytes(out, at, line.answer);
      if (has & RARE) {
        at = putRare(out, at - NO_RARE, i, { batch, has });
        out[at++] = LINE_FEED;
      }
    }
    return this.#buffer.bytes.subarray(0, at);
  }

  end(): Uint8Array {
    return NOTHING;
  }
}

/** The last five fields, which few events have. */
function putRare(
  out: Uint8Array,
  start: number,
  i: number,
  { batch, has }: { batch: Batch; has: number },
): number {
  const { initial, cas_new, vivify, recache, ttl_left } = batch.wide;
  let at = start;
  if (has & HAS.initial) at = putUint64(out, at, initial[2 * i]!, initial[2 * i + 1]!);
  out[at++] = COMMA;
  if (has & HAS.cas_new) at = putUint64(out, at, cas_new[2 * i]!, cas_new[2 * i + 1]!);
  out[at++] = COMMA;
  if (has & HAS.vivify) at = putInt64(out, at, vivify[2 * i]!, vivify[2 * i + 1]!);
  out[at++] = COMMA;
  if (has & HAS.recache) at = putInt64(out, at, recache[2 * i]!, recache[2 * i + 1]!);
  out[at++] = COMMA;
  if (has & HAS.ttl_left) at = putInt64(out, at, ttl_left[2 * i]!, ttl_left[2 * i + 1]!);
  return at;
}
