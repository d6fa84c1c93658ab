import { type EventShape, HAS } from '../profile/shapes.js';
import type { Batch } from './batch.js';
import type { Encoded, Encoder, OutputBuffer } from './encoder.js';
import { Clock } from './text.js';

/** Bytes of a record: time u32, object u64, size u32, number of its next request i64, packed, little-endian. */
export const RECORD = 24;
/** Words of a record, by their meaning. */
const TIME = 0;
export const OBJECT = 1;
export const SIZE = 3;
export const NEXT = 4;
export const WORDS = RECORD / 4;

const DELETES: ReadonlySet<string> = new Set(['delete', 'md', 'me']);
const RETRIEVES: ReadonlySet<string> = new Set(['get', 'gets', 'gat', 'gats', 'mg']);
const REPLACES: ReadonlySet<string> = new Set(['set', 'add', 'replace', 'cas', 'ms']);
const STORED: ReadonlySet<string> = new Set(['stored', 'silent', 'unanswered']);

/** Whether an event is a request for an object: it looks one up or stores it. The format knows no deletes. */
export function isRequest({ op, has }: EventShape): boolean {
  return (has & HAS.key) !== 0 && !DELETES.has(op);
}

/** Whether an event's value is the whole object as the cache then holds it. */
function tellsSize({ op, status, mode, has }: EventShape): boolean {
  if (!(has & HAS.value_size)) return false;
  if (RETRIEVES.has(op)) return true;
  return REPLACES.has(op) && mode !== 'append' && mode !== 'prepend' && STORED.has(status);
}

/** Until the next request is known, its place in a record says whether the size is known. */
const SIZE_UNKNOWN = 0;
export const SIZE_KNOWN = 1;

/** Writes a record for each request, without the number of the next one; an unknown size is 0. */
export class OracleEncoder implements Encoder {
  readonly #clock = new Clock();
  #kinds: Uint8Array = new Uint8Array(0);

  encode(batch: Batch, shapes: readonly EventShape[], buffer: OutputBuffer): Encoded {
    if (this.#kinds.length < shapes.length) this.#kinds = Uint8Array.from(shapes, kindOf);
    const { rows, blocks, block: slots, row: places } = batch;
    if (buffer.capacity < rows * RECORD) buffer.grow(0, rows * RECORD);
    const words = new Uint32Array(buffer.view.buffer, 0, rows * WORDS);
    const kinds = this.#kinds;
    const clock = this.#clock;
    let at = 0;
    for (let i = 0; i < rows; i++) {
      const block = blocks[slots[i]!]!;
      const row = places[i]!;
      const kind = kinds[block.shape[row]!]!;
      if (kind === NONE) continue;
      clock.set(block.time[2 * row]!, block.time[2 * row + 1]!);
      const entry = block.key[row]!;
      words[at + TIME] = Math.min(clock.seconds, 2 ** 32 - 1);
      words[at + OBJECT] = block.keyHash[2 * entry]!;
      words[at + OBJECT + 1] = block.keyHash[2 * entry + 1]!;
      words[at + SIZE] = kind === SIZED ? block.valueSize[row]! : 0;
      words[at + NEXT] = kind === SIZED ? SIZE_KNOWN : SIZE_UNKNOWN;
      at += WORDS;
    }
    return { bytes: buffer.bytes(4 * at) };
  }
}

/** Kinds of shapes: no request, a request, a request whose value is the whole object. */
const NONE = 0;
const SIZED = 2;

function kindOf(shape: EventShape): number {
  if (!isRequest(shape)) return NONE;
  return tellsSize(shape) ? SIZED : 1;
}
