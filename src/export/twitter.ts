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

const ROW_MAX = 7 * (DIGITS_MAX + 1) + PAST;

/** What is the same in all lines of a shape; null where the format has no such command. */
interface Line {
  command: Literal;
  /** The command and the end of the line, where there is no time to live. */
  end: Literal;
  hasTtl: boolean;
  hasSize: boolean;
}

function lineOf(shape: EventShape): Line | null {
  const command = classicCommand(shape);
  if (command === null) return null;
  return {
    command: literal(`,${command},`),
    end: literal(`,${command},0\n`),
    hasTtl: isStore(command) && (shape.has & HAS.ttl) !== 0,
    hasSize: (shape.has & HAS.value_size) !== 0,
  };
}

/**
 * The format of Twitter's cache traces (github.com/twitter/cache-trace): seven columns without a header, which are
 * time in seconds, key, key size, value size, client, command, time to live. Unknown values are 0.
 */
export class TwitterEncoder implements Encoder {
  readonly #lines = new ByShape(lineOf);
  readonly #clock = new Clock();

  encode(batch: Batch, shapes: readonly EventShape[], buffer: OutputBuffer): Encoded {
    const lines = this.#lines.of(shapes);
    const clock = this.#clock;
    const numbers = new TraceNumbers();
    const { rows, blocks, block: slots, row: places, conn } = batch;
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
      out.setUint8(at++, COMMA);
      at = line.hasSize ? putUint32(out, at, block.valueSize[row]!) : numbers.putUnknownSize(out, at);
      out.setUint8(at++, COMMA);
      at = putUint32(out, at, conn[i]!);
      if (line.hasTtl) {
        at = putLiteral(out, at, line.command);
        const ttl = block.wide.ttl!;
        at = putUint32(out, at, numbers.secondsOf(ttl[2 * row]!, ttl[2 * row + 1]!, clock.seconds));
        out.setUint8(at++, LINE_FEED);
      } else at = putLiteral(out, at, line.end);
    }
    return { bytes: buffer.bytes(at), changed: numbers.changed };
  }
}
