import { ftruncateSync, readSync } from 'node:fs';
import { writeAll } from '../profile/create.js';
import type { Batch } from './batch.js';
import { type Encoder, NOTHING } from './encoder.js';
import { ObjectTable } from './object-table.js';
import { type EventShape, HAS } from './shapes.js';
import { Clock } from './text.js';

/** Bytes of a record: time u32, object u64, size u32, number of its next request i64, packed, little-endian. */
export const RECORD = 24;
/** Words of a record, by their meaning. */
const TIME = 0;
const OBJECT = 1;
const SIZE = 3;
const NEXT = 4;
const WORDS = RECORD / 4;
/** Bytes read and written at a time when the file is gone through again. */
const CHUNK = RECORD * 65_536;

const DELETES: ReadonlySet<string> = new Set(['delete', 'md', 'me']);
const RETRIEVES: ReadonlySet<string> = new Set(['get', 'gets', 'gat', 'gats', 'mg']);
const REPLACES: ReadonlySet<string> = new Set(['set', 'add', 'replace', 'cas', 'ms']);
const STORED: ReadonlySet<string> = new Set(['stored', 'silent', 'unanswered']);

/** Whether an event is a request for an object: it looks one up or stores it. The format knows no deletes. */
export function isRequest({ op, has }: EventShape): boolean {
  return (has & HAS.key) !== 0 && !DELETES.has(op);
}

/** Whether an event's value is the whole object, as it is in the cache from then on. */
function tellsSize({ op, status, mode, has }: EventShape): boolean {
  if (!(has & HAS.value_size)) return false;
  if (RETRIEVES.has(op)) return true;
  return REPLACES.has(op) && mode !== 'append' && mode !== 'prepend' && STORED.has(status);
}

/**
 * libCacheSim's oracleGeneral. Each record names the number of the next one of its object, and a request whose size
 * is not known takes the one next seen, so the file is written twice: forwards as the events come, with what is
 * known by then, and backwards by `finish`. All that is kept is one entry an object.
 */
export class OracleEncoder implements Encoder {
  readonly changed: Record<string, number> = { size_0_as_1: 0, size_from_another_request: 0 };
  /** Records that were left out in the end, because no size of their object was ever seen. */
  withoutSize = 0;
  readonly #objects = new ObjectTable();
  readonly #clock = new Clock();
  #kinds: Uint8Array = new Uint8Array(0);
  #records = 0;
  #words = new Uint32Array(0);

  start(): Uint8Array {
    return NOTHING;
  }

  encode(batch: Batch, shapes: readonly EventShape[]): Uint8Array {
    if (this.#kinds.length < shapes.length) this.#kinds = Uint8Array.from(shapes, kindOf);
    if (this.#words.length < batch.rows * WORDS) this.#words = new Uint32Array(batch.rows * WORDS);
    const { rows, shape, time, key, valueSize } = batch;
    const words = this.#words;
    const clock = this.#clock;
    let at = 0;
    for (let i = 0; i < rows; i++) {
      const kind = this.#kinds[shape[i]!]!;
      if (kind === NONE) continue;
      clock.set(time[2 * i]!, time[2 * i + 1]!);
      words[at + TIME] = Math.min(clock.seconds, 2 ** 32 - 1);
      words[at + OBJECT] = key[2 * i]!;
      words[at + OBJECT + 1] = key[2 * i + 1]!;
      words[at + SIZE] = this.#note(key[2 * i]!, key[2 * i + 1]!, kind === SIZED ? valueSize[i]! : -1);
      at += WORDS;
    }
    this.#records += at / WORDS;
    return new Uint8Array(words.buffer, 0, at * 4);
  }

  end(): Uint8Array {
    return NOTHING;
  }

  /** Notes an object's request; a negative size is not known. Returns the size for the record, 0 for later. */
  #note(low: number, high: number, valueSize: number): number {
    const objects = this.#objects;
    const place = objects.place(low, high);
    if (valueSize < 0) {
      if (objects.size(place) === 0) {
        objects.setNumber(place, objects.number(place) + 1);
        this.withoutSize++;
      }
      return 0;
    }
    // Readers pass over what has no size, and count it all the same.
    const size = valueSize === 0 ? 1 : valueSize;
    if (valueSize === 0) this.changed.size_0_as_1!++;
    if (objects.size(place) === 0) {
      this.withoutSize -= objects.number(place);
      objects.setNumber(place, 0);
    }
    objects.setSize(place, size);
    return size;
  }

  /**
   * Goes through the written file backwards, and fills in next requests and sizes.
   *
   * @param fd open for reading and writing, with nothing in it but what `encode` returned
   * @param onChunk called now and then
   */
  async finish(fd: number, onChunk: () => Promise<void>): Promise<void> {
    this.#objects.clearNumbers();
    const source = Buffer.alloc(CHUNK);
    const target = Buffer.alloc(CHUNK);
    const total = this.#records * RECORD;
    let written = total;
    let filled = CHUNK;
    const flush = () => {
      written -= CHUNK - filled;
      writeAll(fd, target.subarray(filled), written);
      filled = CHUNK;
    };
    for (let end = total; end > 0; end -= CHUNK) {
      const start = Math.max(0, end - CHUNK);
      const chunk = source.subarray(0, end - start);
      readAll(fd, chunk, start);
      for (let at = chunk.length - RECORD; at >= 0; at -= RECORD) {
        const number = (written - CHUNK + filled) / RECORD - this.withoutSize;
        if (!this.#complete(chunk, at, number)) continue;
        filled -= RECORD;
        chunk.copy(target, filled, at, at + RECORD);
        if (filled === 0) flush();
      }
      await onChunk();
    }
    flush();
    if (written > 0) await this.#moveToStart(fd, { from: written, total, buffer: source }, onChunk);
  }

  /**
   * Fills in what a record lacks.
   *
   * @param number the record's own, counted from 1
   * @returns whether it stays
   */
  #complete(chunk: Buffer, at: number, number: number): boolean {
    const objects = this.#objects;
    const place = objects.place(chunk.readUInt32LE(at + 4 * OBJECT), chunk.readUInt32LE(at + 4 * OBJECT + 4));
    const own = chunk.readUInt32LE(at + 4 * SIZE);
    const size = objects.size(place);
    if (size === 0) return false;
    if (own > 0) objects.setSize(place, own);
    else {
      chunk.writeUInt32LE(size, at + 4 * SIZE);
      this.changed.size_from_another_request!++;
    }
    const next = objects.number(place);
    chunk.writeUInt32LE(next === 0 ? 0xffffffff : next % 2 ** 32, at + 4 * NEXT);
    chunk.writeUInt32LE(next === 0 ? 0xffffffff : Math.floor(next / 2 ** 32), at + 4 * NEXT + 4);
    objects.setNumber(place, number);
    return true;
  }

  /** Moves the records, which stand at the end of the file because some were left out, to its start. */
  async #moveToStart(
    fd: number,
    { from, total, buffer }: { from: number; total: number; buffer: Buffer },
    onChunk: () => Promise<void>,
  ): Promise<void> {
    for (let at = from; at < total; at += CHUNK) {
      const chunk = buffer.subarray(0, Math.min(CHUNK, total - at));
      readAll(fd, chunk, at);
      writeAll(fd, chunk, at - from);
      await onChunk();
    }
    ftruncateSync(fd, total - from);
  }
}

/** What a shape is here: no request, one, or one that tells the object's size. */
const NONE = 0;
const SIZED = 2;

function kindOf(shape: EventShape): number {
  if (!isRequest(shape)) return NONE;
  return tellsSize(shape) ? SIZED : 1;
}

function readAll(fd: number, buffer: Buffer, position: number): void {
  for (let at = 0; at < buffer.length; ) {
    const got = readSync(fd, buffer, at, buffer.length - at, position + at);
    if (got === 0) throw new Error('the file became shorter while it was written');
    at += got;
  }
}
