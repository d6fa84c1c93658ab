import { type EventShape, HAS } from '../profile/shapes.js';
import type { SortedBlock } from '../profile/sorted-block.js';
import type { Batch } from './batch.js';
import { ByShape, type Encoded, type Encoder, type OutputBuffer } from './encoder.js';
import {
  Clock,
  DIGITS_MAX,
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

const QUOTE = 0x22;
const START = literal('{"ts_ns":"');
const CONN = literal('","conn":');
const REQUEST = literal(',"request":');
const KEY_SIZE = literal('","key_size":');
const TTL = literal(',"ttl":');
const DELTA = literal(',"delta":');
const NULL = literal('null');
const END = literal('}\n');
const RARE = ['initial', 'cas_new', 'vivify', 'recache', 'ttl_left'] as const;
const RARE_NAMES = Object.fromEntries(RARE.map((name) => [name, literal(`,"${name}":`)])) as Record<
  (typeof RARE)[number],
  Literal
>;
const ANY_RARE = RARE.reduce((bits, name) => bits | HAS[name], 0);
const NUMBERS_SENT = HAS.flags | HAS.ttl | HAS.delta;
const SIGNED: ReadonlySet<string> = new Set(['vivify', 'recache', 'ttl_left']);
/** Bytes of everything but what a shape has of its own: names, punctuation and numbers. */
const NUMBERS_MAX = 16 * (DIGITS_MAX + 20) + PAST;

/** The parts of a line that are the same for all events of a shape. */
interface Line {
  has: number;
  /** From the protocol to where the key begins, or to the value's size where there is no key. */
  what: Literal;
  valueSize: Literal;
  /** From the mode to the outcome where there are no flags, time to live and delta; else the two around them. */
  modeToOutcome: Literal;
  mode: Literal;
  outcome: Literal;
  answer: Literal;
  /** Likewise, with the end of the line. */
  end: Literal;
  room: number;
}

function lineOf(shape: EventShape): Line {
  const { proto, transport, op, mode, cas, quiet, status, metaFlags, marks, has } = shape;
  const what = `,"proto":"${proto}","transport":"${transport}","op":"${op}","key":`;
  const toFlags = `,"mode":${JSON.stringify(mode)},"flags":`;
  const latency = has & HAS.latency ? '' : 'null';
  const outcome = `,"cas":${cas},"quiet":${quiet},"status":"${status}","latency_ns":${latency}`;
  const answer =
    (metaFlags === '' ? '' : `,"meta_flags":"${metaFlags}"`) +
    (marks.length === 0 ? '' : `,"marks":${JSON.stringify(marks)}`);
  const parts = {
    what: literal(what + (has & HAS.key ? '"' : 'null,"key_size":null')),
    valueSize: literal(`,"value_size":${has & HAS.value_size ? '' : 'null'}`),
    modeToOutcome: literal(`${toFlags}null,"ttl":null,"delta":null${outcome}`),
    mode: literal(toFlags),
    outcome: literal(outcome),
    answer: literal(answer),
    end: literal(`${answer}}\n`),
  };
  const texts = Object.values(parts).reduce((sum, { length }) => sum + length, 0);
  return { has, ...parts, room: texts + NUMBERS_MAX };
}

/** One JSON object a line, the same bytes as `membench cat` prints. */
export class NdjsonEncoder implements Encoder {
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
      at = putLiteral(out, at, START);
      clock.set(block.time[2 * row]!, block.time[2 * row + 1]!);
      at = clock.putNanoseconds(out, at);
      at = putLiteral(out, at, CONN);
      at = putUint32(out, at, conn[i]!);
      at = putLiteral(out, at, REQUEST);
      at = putNumber(out, at, request[i]!);
      at = putLiteral(out, at, line.what);
      if (has & HAS.key) {
        const entry = block.key[row]!;
        at = putHash(out, at, block.keyHash[2 * entry]!, block.keyHash[2 * entry + 1]!);
        at = putLiteral(out, at, KEY_SIZE);
        at = putUint32(out, at, block.keySize[entry]!);
      }
      at = putLiteral(out, at, line.valueSize);
      if (has & HAS.value_size) at = putUint32(out, at, block.valueSize[row]!);
      if (has & NUMBERS_SENT) {
        const { flags, ttl, delta } = block.wide;
        at = putLiteral(out, at, line.mode);
        at = has & HAS.flags ? putUnsigned(out, at, flags!, row) : putLiteral(out, at, NULL);
        at = putLiteral(out, at, TTL);
        at = has & HAS.ttl ? putSigned(out, at, ttl!, row) : putLiteral(out, at, NULL);
        at = putLiteral(out, at, DELTA);
        at = has & HAS.delta ? putUnsigned(out, at, delta!, row) : putLiteral(out, at, NULL);
        at = putLiteral(out, at, line.outcome);
      } else at = putLiteral(out, at, line.modeToOutcome);
      if (has & HAS.latency) at = putDouble(out, at, block.latency[row]!);
      if (has & ANY_RARE) {
        at = putLiteral(out, at, line.answer);
        at = putRare(out, at, { block, row, has });
        at = putLiteral(out, at, END);
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

/** Fields that an event has only where they have a value. */
function putRare(out: DataView, start: number, { block, row, has }: Place): number {
  let at = start;
  for (const name of RARE) {
    if (!(has & HAS[name])) continue;
    const put = SIGNED.has(name) ? putSigned : putUnsigned;
    at = put(out, putLiteral(out, at, RARE_NAMES[name]), block.wide[name]!, row);
  }
  return at;
}

/** The number of a row; as a string where a double would round it. */
function putUnsigned(out: DataView, at: number, words: Uint32Array, row: number): number {
  const high = words[2 * row + 1]!;
  if (high < 2 ** 21) return putUint64(out, at, words[2 * row]!, high);
  out.setUint8(at, QUOTE);
  const end = putUint64(out, at + 1, words[2 * row]!, high);
  out.setUint8(end, QUOTE);
  return end + 1;
}

/** Likewise, in two's complement. */
function putSigned(out: DataView, at: number, words: Uint32Array, row: number): number {
  const low = words[2 * row]!;
  const high = words[2 * row + 1]!;
  // −2^53 itself is a string, too, as in `cat`.
  const isExact = high < 2 ** 21 || high > 0xffe00000 || (high === 0xffe00000 && low > 0);
  if (isExact) return putInt64(out, at, low, high);
  out.setUint8(at, QUOTE);
  const end = putInt64(out, at + 1, low, high);
  out.setUint8(end, QUOTE);
  return end + 1;
}
