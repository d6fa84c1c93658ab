import { type EventShape, HAS } from '../profile/shapes.js';
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
  putHash,
  putLiteral,
  putUint32,
} from './text.js';
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

const ROW_MAX = 8 * (DIGITS_MAX + 1) + PAST;

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
  operation: Literal;
  hits: Literal;
  /** The hits and the end of the line, where there is no time to live. */
  end: Literal;
  hasTtl: boolean;
  hasSize: boolean;
}

function lineOf(shape: EventShape): Line | null {
  const operation = cachelibOperation(shape);
  if (operation === null) return null;
  const hits = operation === 'GET' && shape.status === 'hit' ? 1 : 0;
  return {
    operation: literal(`,${operation},1,`),
    hits: literal(`,${hits},`),
    end: literal(`,${hits},0\n`),
    hasTtl: operation === 'SET' && (shape.has & HAS.ttl) !== 0,
    hasSize: (shape.has & HAS.value_size) !== 0,
  };
}

/**
 * The format of CacheLib's key-value traces, which CacheBench replays: CSV whose header names the columns. A get
 * that missed has size 0, as in Meta's own traces.
 */
export class CachelibEncoder implements Encoder {
  readonly #lines = new ByShape(lineOf);
  readonly #clock = new Clock();

  encode(batch: Batch, shapes: readonly EventShape[], buffer: OutputBuffer): Encoded {
    const lines = this.#lines.of(shapes);
    const clock = this.#clock;
    const numbers = new TraceNumbers();
    const { rows, blocks, block: slots, row: places } = batch;
    let out = buffer.view;
    let at = 0;
    for (let i = 0; i < rows; i++) {
      const block = blocks[slots[i]!]!;
      const row = places[i]!;
      const line = lines[block.shape[row]!]!;
      if (line === null) continue;
      if (at + ROW_MAX > out.byteLength) out = buffer.grow(at, ROW_MAX);
      clock.set(block.time[2 * row]!, block.time[2 * row + 1]!);
      at = clock.putSeconds(out, at);
      out.setUint8(at++, COMMA);
      const entry = block.key[row]!;
      at = putHash(out, at, block.keyHash[2 * entry]!, block.keyHash[2 * entry + 1]!);
      out.setUint8(at++, COMMA);
      at = putUint32(out, at, block.keySize[entry]!);
      at = putLiteral(out, at, line.operation);
      at = line.hasSize ? putUint32(out, at, block.valueSize[row]!) : numbers.putUnknownSize(out, at);
      if (line.hasTtl) {
        at = putLiteral(out, at, line.hits);
        const ttl = block.wide.ttl!;
        at = putUint32(out, at, numbers.secondsOf(ttl[2 * row]!, ttl[2 * row + 1]!, clock.seconds));
        out.setUint8(at++, LINE_FEED);
      } else at = putLiteral(out, at, line.end);
    }
    return { bytes: buffer.bytes(at), changed: numbers.changed };
  }
}
