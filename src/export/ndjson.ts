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

const ascii = (text: string) => Buffer.from(text, 'latin1');
const QUOTE = 0x22;
const START = ascii('{"ts_ns":"');
const CONN = ascii('","conn":');
const REQUEST = ascii(',"request":');
const KEY_SIZE = ascii('","key_size":');
const TTL = ascii(',"ttl":');
const DELTA = ascii(',"delta":');
const NULL = ascii('null');
const END = ascii('}\n');
const RARE = ['initial', 'cas_new', 'vivify', 'recache', 'ttl_left'] as const;
const RARE_NAMES = Object.fromEntries(RARE.map((name) => [name, ascii(`,"${name}":`)])) as Record<
  (typeof RARE)[number],
  Buffer
>;
const ANY_RARE = RARE.reduce((bits, name) => bits | HAS[name], 0);
const SIGNED: ReadonlySet<string> = new Set(['vivify', 'recache', 'ttl_left']);
/** Bytes of everything but what a shape has of its own: names, punctuation and numbers. */
const NUMBERS_MAX = 16 * (DIGITS_MAX + 20);

/** The parts of a line that are the same for all events of a shape. */
interface Line {
  has: number;
  /** From the protocol to where the key begins, or to the value's size where there is no key. */
  what: Buffer;
  valueSize: Buffer;
  mode: Buffer;
  outcome: Buffer;
  answer: Buffer;
  room: number;
}

function lineOf(shape: EventShape): Line {
  const { proto, transport, op, mode, cas, quiet, status, metaFlags, marks, has } = shape;
  const what = `,"proto":"${proto}","transport":"${transport}","op":"${op}","key":`;
  const parts = {
    what: ascii(what + (has & HAS.key ? '"' : 'null,"key_size":null')),
    valueSize: ascii(`,"value_size":${has & HAS.value_size ? '' : 'null'}`),
    mode: ascii(`,"mode":${JSON.stringify(mode)},"flags":`),
    outcome: ascii(
      `,"cas":${cas},"quiet":${quiet},"status":"${status}","latency_ns":${has & HAS.latency ? '' : 'null'}`,
    ),
    answer: ascii(
      (metaFlags === '' ? '' : `,"meta_flags":"${metaFlags}"`) +
        (marks.length === 0 ? '' : `,"marks":${JSON.stringify(marks)}`),
    ),
  };
  const texts = Object.values(parts).reduce((sum, { length }) => sum + length, 0);
  return { has, ...parts, room: texts + NUMBERS_MAX };
}

/** One JSON object a line, the same bytes as `membench cat` prints. */
export class NdjsonEncoder implements Encoder {
  readonly changed = {};
  readonly #lines = new ByShape(lineOf);
  readonly #buffer = new RowBuffer();
  readonly #clock = new Clock();

  start(): Uint8Array {
    return NOTHING;
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
      at = putBytes(out, at, START);
      clock.set(time[2 * i]!, time[2 * i + 1]!);
      at = clock.putNanoseconds(out, at);
      at = putBytes(out, at, CONN);
      at = putUint32(out, at, conn[i]!);
      at = putBytes(out, at, REQUEST);
      at = putNumber(out, at, request[i]!);
      at = putBytes(out, at, line.what);
      if (has & HAS.key) {
        at = putHash(out, at, key[2 * i]!, key[2 * i + 1]!);
        at = putBytes(out, at, KEY_SIZE);
        at = putUint32(out, at, keySize[i]!);
      }
      at = putBytes(out, at, line.valueSize);
      if (has & HAS.value_size) at = putUint32(out, at, valueSize[i]!);
      at = putBytes(out, at, line.mode);
      at = has & HAS.flags ? putUnsigned(out, at, flags, i) : putBytes(out, at, NULL);
      at = putBytes(out, at, TTL);
      at = has & HAS.ttl ? putSigned(out, at, ttl, i) : putBytes(out, at, NULL);
      at = putBytes(out, at, DELTA);
      at = has & HAS.delta ? putUnsigned(out, at, delta, i) : putBytes(out, at, NULL);
      at = putBytes(out, at, line.outcome);
      if (has & HAS.latency) at = putDouble(out, at, latency[i]!);
      at = putBytes(out, at, line.answer);
      if (has & ANY_RARE) at = putRare(out, at, i, { batch, has });
      at = putBytes(out, at, END);
    }
    return this.#buffer.bytes.subarray(0, at);
  }

  end(): Uint8Array {
    return NOTHING;
  }
}

/** Fields that stand only where there is something to say. */
function putRare(
  out: Uint8Array,
  start: number,
  i: number,
  { batch, has }: { batch: Batch; has: number },
): number {
  let at = start;
  for (const name of RARE) {
    if (!(has & HAS[name])) continue;
    const put = SIGNED.has(name) ? putSigned : putUnsigned;
    at = put(out, putBytes(out, at, RARE_NAMES[name]), batch.wide[name], i);
  }
  return at;
}

/** The number of row i; as a string where a double would round it. */
function putUnsigned(out: Uint8Array, at: number, words: Uint32Array, i: number): number {
  const high = words[2 * i + 1]!;
  if (high < 2 ** 21) return putUint64(out, at, words[2 * i]!, high);
  out[at] = QUOTE;
  const end = putUint64(out, at + 1, words[2 * i]!, high);
  out[end] = QUOTE;
  return end + 1;
}

/** Likewise, in two's complement. */
function putSigned(out: Uint8Array, at: number, words: Uint32Array, i: number): number {
  const low = words[2 * i]!;
  const high = words[2 * i + 1]!;
  // The last is −2^53, which `cat` writes as a string, too.
  const isExact = high < 2 ** 21 || high > 0xffe00000 || (high === 0xffe00000 && low > 0);
  if (isExact) return putInt64(out, at, low, high);
  out[at] = QUOTE;
  const end = putInt64(out, at + 1, low, high);
  out[end] = QUOTE;
  return end + 1;
}
