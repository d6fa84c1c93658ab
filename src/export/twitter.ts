import type { Batch } from './batch.js';
import { ByShape, type Encoder, NOTHING, RowBuffer } from './encoder.js';
import { type EventShape, HAS } from './shapes.js';
import { Clock, DIGITS_MAX, putBytes, putHash, putUint32 } from './text.js';
import { classicCommand, isStore, TraceNumbers } from './trace.js';

const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const ZERO = 0x30;
const ROW_MAX = 7 * (DIGITS_MAX + 1);

/** What is the same in all lines of a shape; null where the format has no such command. */
interface Line {
  command: Uint8Array;
  isStore: boolean;
  has: number;
}

function lineOf(shape: EventShape): Line | null {
  const command = classicCommand(shape);
  if (command === null) return null;
  return { command: Buffer.from(`,${command},`, 'latin1'), isStore: isStore(command), has: shape.has };
}

/**
 * The format of Twitter's cache traces (github.com/twitter/cache-trace): seven columns without a header, which are
 * time in seconds, key, key size, value size, client, command, time to live. What is not known is 0 there.
 */
export class TwitterEncoder implements Encoder {
  readonly #lines = new ByShape(lineOf);
  readonly #buffer = new RowBuffer();
  readonly #clock = new Clock();
  readonly #numbers = new TraceNumbers();

  get changed(): Record<string, number> {
    return this.#numbers.changed;
  }

  start(): Uint8Array {
    return NOTHING;
  }

  encode(batch: Batch, shapes: readonly EventShape[]): Uint8Array {
    const lines = this.#lines.of(shapes);
    const clock = this.#clock;
    const { rows, shape, time, conn, key, keySize, valueSize, wide } = batch;
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
      out[at++] = COMMA;
      at = this.#numbers.putSize(out, at, line.has & HAS.value_size ? valueSize[i]! : null);
      out[at++] = COMMA;
      at = putUint32(out, at, conn[i]!);
      at = putBytes(out, at, line.command);
      if (line.isStore && line.has & HAS.ttl) {
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
