import type { Batch } from './batch.js';
import { ByShape, type Encoder, NOTHING, RowBuffer } from './encoder.js';
import { type EventShape, HAS } from './shapes.js';
import { Clock, DIGITS_MAX, putBytes, putHash, putUint32 } from './text.js';
import { classicCommand, isStore, TraceNumbers } from './trace.js';

/** The column names CacheLib's replayer of key-value traces finds its columns by (KVReplayGenerator.h). */
export const CACHELIB_FIELDS = [
  'op_time',
  'key',
  'key_size',
  'op',
  'op_count',
  'size',
  'cache_hits',
  'ttl',
] as const;

const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const ZERO = 0x30;
const ROW_MAX = 8 * (DIGITS_MAX + 1);

/** Operations of the format. */
export function cachelibOperation(shape: EventShape): 'GET' | 'SET' | 'DELETE' | null {
  const command = classicCommand(shape);
  if (command === null) return null;
  if (command === 'get' || command === 'gets') return 'GET';
  if (command === 'delete') return 'DELETE';
  return isStore(command) ? 'SET' : null;
}

/** What is the same in all lines of a shape; null where the format has no such operation. */
interface Line {
  /** The operation, and how many times: each event is one. */
  operation: Uint8Array;
  hits: Uint8Array;
  isSet: boolean;
  has: number;
}

function lineOf(shape: EventShape): Line | null {
  const operation = cachelibOperation(shape);
  if (operation === null) return null;
  const hits = operation === 'GET' && shape.status === 'hit' ? 1 : 0;
  return {
    operation: Buffer.from(`,${operation},1,`, 'latin1'),
    hits: Buffer.from(`,${hits},`, 'latin1'),
    isSet: operation === 'SET',
    has: shape.has,
  };
}

/**
 * The format of CacheLib's key-value traces, which CacheBench replays: CSV whose header names the columns. A get
 * that missed has size 0, as in Meta's own traces.
 */
export class CachelibEncoder implements Encoder {
  readonly #lines = new ByShape(lineOf);
  readonly #buffer = new RowBuffer();
  readonly #clock = new Clock();
  readonly #numbers = new TraceNumbers();

  get changed(): Record<string, number> {
    return this.#numbers.changed;
  }

  start(): Uint8Array {
    return Buffer.from(`${CACHELIB_FIELDS.join(',')}\n`, 'latin1');
  }

  encode(batch: Batch, shapes: readonly EventShape[]): Uint8Array {
    const lines = this.#lines.of(shapes);
    const clock = this.#clock;
    const { rows, shape, time, key, keySize, valueSize, wide } = batch;
    const { ttl } = wide;
    const out = this.#buffer.reserve(0, rows * ROW_MAX);
    let at = 0;
    for (let i = 0; i < rows; i++) {
      const line = lines[shape[i]!]!;
      if (line === null) continue;
      clock.set(time[2 * i]!, time[2 * i + 1]!);
      at = clock.putSeconds(out, at);
      out[at++] = COMMA;
      at = putHash(out, at, key[2 * i]!, key[2 * i + 1]!);
      out[at++] = COMMA;
      at = putUint32(out, at, keySize[i]!);
      at = putBytes(out, at, line.operation);
      at = this.#numbers.putSize(out, at, line.has & HAS.value_size ? valueSize[i]! : null);
      at = putBytes(out, at, line.hits);
      if (line.isSet && line.has & HAS.ttl) {
        at = putUint32(out, at, this.#numbers.secondsOf(ttl[2 * i]!, ttl[2 * i + 1]!, clock.seconds));
      } else out[at++] = ZERO;
      out[at++] = LINE_FEED;
    }
    return out.subarray(0, at);
  }

  end(): Uint8Array {
    return NOTHING;
  }
}
