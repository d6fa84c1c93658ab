import { ftruncateSync, readSync } from 'node:fs';
import { writeAll } from '../profile/create.js';
import { type Assembler, NOTHING } from './assembler.js';
import type { Encoded } from './encoder.js';
import { ObjectTable } from './object-table.js';
import { NEXT, OBJECT, RECORD, SIZE, SIZE_KNOWN, WORDS } from './oracle-encoder.js';

/** Bytes read and written at a time when the file is gone through again. */
const CHUNK = RECORD * 65_536;

/**
 * A file of libCacheSim's oracleGeneral. Each record has the number of the next one of its object, and a request whose
 * size is unknown takes the next known size of its object. So the file is written twice: forwards as events come, and
 * backwards by `revise`. Memory holds one entry for each object.
 */
export class OracleFile implements Assembler {
  readonly changed: Record<string, number> = { size_0_as_1: 0, size_from_another_request: 0 };
  /** Records that are left out in the end, because no size of their object was ever seen. */
  withoutSize = 0;
  readonly #objects = new ObjectTable();
  #records = 0;

  start(): Uint8Array {
    return NOTHING;
  }

  add({ bytes }: Encoded): Uint8Array {
    const words = new Uint32Array(bytes.buffer, 0, bytes.length / 4);
    for (let at = 0; at < words.length; at += WORDS) {
      const size = words[at + NEXT] === SIZE_KNOWN ? words[at + SIZE]! : -1;
      words[at + SIZE] = this.#note(words[at + OBJECT]!, words[at + OBJECT + 1]!, size);
    }
    this.#records += words.length / WORDS;
    return bytes;
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
   * @param fd open for reading and writing, with nothing in it but what `add` returned
   * @param onChunk called now and then
   */
  async revise(fd: number, onChunk: () => Promise<void>): Promise<number> {
    this.#objects.clearNumbers();
    const source = Buffer.alloc(CHUNK);
    const target = Buffer.alloc(CHUNK);
    const words = new Uint32Array(source.buffer, source.byteOffset, CHUNK / 4);
    const targetWords = new Uint32Array(target.buffer, target.byteOffset, CHUNK / 4);
    const total = this.#records * RECORD;
    let written = total;
    let filled = CHUNK / 4;
    const flush = () => {
      const bytes = target.subarray(4 * filled);
      written -= bytes.length;
      writeAll(fd, bytes, written);
      filled = CHUNK / 4;
    };
    for (let end = total; end > 0; end -= CHUNK) {
      const start = Math.max(0, end - CHUNK);
      readAll(fd, source.subarray(0, end - start), start);
      let number = (written - CHUNK + 4 * filled) / RECORD - this.withoutSize;
      for (let at = (end - start) / 4 - WORDS; at >= 0; at -= WORDS) {
        if (!this.#complete(words, at, number)) continue;
        number--;
        filled -= WORDS;
        for (let i = 0; i < WORDS; i++) targetWords[filled + i] = words[at + i]!;
        if (filled === 0) flush();
      }
      await onChunk();
    }
    flush();
    if (written > 0) await this.#moveToStart(fd, { from: written, total, buffer: source }, onChunk);
    return written;
  }

  /**
   * Fills in what a record lacks.
   *
   * @param at where it begins
   * @param number its own, counted from 1
   * @returns whether it stays
   */
  #complete(words: Uint32Array, at: number, number: number): boolean {
    const objects = this.#objects;
    const place = objects.place(words[at + OBJECT]!, words[at + OBJECT + 1]!);
    const own = words[at + SIZE]!;
    const size = objects.size(place);
    if (size === 0) return false;
    if (own > 0) objects.setSize(place, own);
    else {
      words[at + SIZE] = size;
      this.changed.size_from_another_request!++;
    }
    const next = objects.number(place);
    words[at + NEXT] = next === 0 ? 0xffffffff : next % 2 ** 32;
    words[at + NEXT + 1] = next === 0 ? 0xffffffff : Math.floor(next / 2 ** 32);
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

function readAll(fd: number, buffer: Buffer, position: number): void {
  for (let at = 0; at < buffer.length; ) {
    const got = readSync(fd, buffer, at, buffer.length - at, position + at);
    if (got === 0) throw new Error('the file became shorter while it was written');
    at += got;
  }
}
