import { type EventShape, HAS } from '../profile/shapes.js';
import type { SortedBlock, WideColumn } from '../profile/sorted-block.js';
import type { Batch } from './batch.js';

/** A column of a row group. */
export type GroupColumn =
  | {
      kind: 'same';
      /** The value of all rows; undefined where none has one. */
      value: string | boolean | undefined;
    }
  | {
      kind: 'values';
      /** Undefined where there is none. */
      values: unknown[] | BigInt64Array | Int32Array;
      /** 0 where there is no value; null where every row has one. */
      levels: Uint8Array | null;
      /** How many rows have one. */
      present: number;
      /** Whether all values are from 0 to 2^31 − 1. */
      isSmall: boolean;
    };

const SIGNED: ReadonlySet<WideColumn> = new Set(['ttl', 'vivify', 'recache', 'ttl_left']);

/** Columns an event has by its shape alone, and what they hold. */
const OF_SHAPE: Readonly<Record<string, (shape: EventShape) => string | boolean | undefined>> = {
  proto: ({ proto }) => proto,
  transport: ({ transport }) => transport,
  op: ({ op }) => op,
  mode: ({ mode }) => mode ?? undefined,
  cas: ({ cas }) => cas,
  quiet: ({ quiet }) => quiet,
  status: ({ status }) => status,
  meta_flags: ({ metaFlags }) => metaFlags || undefined,
  marks: ({ marks }) => marks.join(' ') || undefined,
};

const SMALL = 2 ** 31;

/** The rows of a batch, turned into the columns hyparquet-writer takes, one at a time. */
export class RowGroup {
  readonly #batch: Batch;
  readonly #shapes: readonly EventShape[];
  readonly #scratch: Scratch;
  /** Numbers of the events' shapes. */
  readonly #shape: Uint32Array;
  /** Every key of the group once. */
  readonly keys = new KeyBytes();

  /** @param scratch memory of all groups that are encoded one after another */
  constructor(batch: Batch, shapes: readonly EventShape[], scratch: Scratch) {
    this.#batch = batch;
    this.#shapes = shapes;
    this.#scratch = scratch;
    const { rows, blocks, block, row } = batch;
    this.#shape = new Uint32Array(rows);
    for (let i = 0; i < rows; i++) this.#shape[i] = blocks[block[i]!]!.shape[row[i]!]!;
  }

  /** A column by its name, good until the next call. */
  column(name: string): GroupColumn {
    const ofShape = OF_SHAPE[name];
    if (ofShape !== undefined) return this.#columnOfShape(ofShape);
    switch (name) {
      case 'ts_ns':
        return {
          kind: 'values',
          values: this.#times(),
          levels: null,
          present: this.#batch.rows,
          isSmall: false,
        };
      case 'conn':
        return this.#optional(0, (_block, _row, i) => this.#batch.conn[i]!);
      case 'request':
        return this.#optional(0, (_block, _row, i) => this.#batch.request[i]!);
      case 'key':
        return this.#optional(HAS.key, ({ key, keyHash }, row) => {
          const entry = key[row]!;
          return this.keys.bytesOf(keyHash[2 * entry]!, keyHash[2 * entry + 1]!);
        });
      case 'key_size':
        return this.#optional(HAS.key, ({ key, keySize }, row) => keySize[key[row]!]!);
      case 'value_size':
        return this.#optional(HAS.value_size, ({ valueSize }, row) => valueSize[row]!);
      case 'latency_ns':
        return this.#optional(HAS.latency, ({ latency }, row) => inLong(latency[row]!));
    }
    const wide = name as WideColumn;
    const toNumber = SIGNED.has(wide) ? signed : unsigned;
    return this.#optional(HAS[wide], (block, row) => {
      const words = block.wide[wide]!;
      return toNumber(words[2 * row]!, words[2 * row + 1]!);
    });
  }

  #times(): BigInt64Array {
    const { rows, blocks, block, row } = this.#batch;
    const times = new BigInt64Array(rows);
    const words = new Uint32Array(times.buffer);
    for (let i = 0; i < rows; i++) {
      const { time } = blocks[block[i]!]!;
      const at = row[i]!;
      words[2 * i] = time[2 * at]!;
      words[2 * i + 1] = time[2 * at + 1]!;
    }
    return times;
  }

  /**
   * A column of values that only events of some shapes have.
   *
   * @param bit of HAS; 0: all events have a value
   */
  #optional(bit: number, valueAt: (block: SortedBlock, row: number, i: number) => unknown): GroupColumn {
    const has = Uint8Array.from(this.#shapes, (shape) => Number(bit === 0 || (shape.has & bit) !== 0));
    const { rows, blocks, block, row } = this.#batch;
    const { values, levels } = this.#scratch.of(rows);
    let present = 0;
    let isSmall = true;
    for (let i = 0; i < rows; i++) {
      const level = has[this.#shape[i]!]!;
      levels[i] = level;
      if (level === 0) {
        values[i] = undefined;
        continue;
      }
      const value = valueAt(blocks[block[i]!]!, row[i]!, i);
      values[i] = value;
      present++;
      if (typeof value !== 'number' || value < 0 || value >= SMALL) isSmall = false;
    }
    if (present === 0) return { kind: 'same', value: undefined };
    // The library does not check each value of an Int32Array.
    if (present === rows && isSmall)
      return { kind: 'values', values: Int32Array.from(values as number[]), levels: null, present, isSmall };
    return { kind: 'values', values, levels, present, isSmall };
  }

  /** A column of names or flags. */
  #columnOfShape(textOf: (shape: EventShape) => string | boolean | undefined): GroupColumn {
    const { rows } = this.#batch;
    const shape = this.#shape;
    const ofShapes = this.#shapes.map(textOf);
    const first = ofShapes[shape[0]!];
    let same = 0;
    while (same < rows && ofShapes[shape[same]!] === first) same++;
    if (same === rows) return { kind: 'same', value: first };
    const { values, levels } = this.#scratch.of(rows);
    let present = 0;
    for (let i = 0; i < rows; i++) {
      const value = ofShapes[shape[i]!];
      const level = value === undefined ? 0 : 1;
      values[i] = value;
      levels[i] = level;
      present += level;
    }
    return { kind: 'values', values, levels, present, isSmall: false };
  }
}

/** Memory for the values of a column and its definition levels, which is used for one column after another. */
export class Scratch {
  #values: unknown[] = [];
  #levels = new Uint8Array(0);

  /** For so many rows. */
  of(rows: number): { values: unknown[]; levels: Uint8Array } {
    if (this.#values.length !== rows) {
      this.#values = new Array(rows).fill(undefined);
      this.#levels = new Uint8Array(rows);
    }
    return { values: this.#values, levels: this.#levels };
  }
}

/** A whole number that a double holds; a bigint where it is larger. */
function unsigned(low: number, high: number): number | bigint {
  return high < 2 ** 21 ? high * 2 ** 32 + low : (BigInt(high) << 32n) + BigInt(low);
}

function signed(low: number, high: number): number | bigint {
  const value = (high | 0) * 2 ** 32 + low;
  return Number.isSafeInteger(value) ? value : BigInt.asIntN(64, (BigInt(high) << 32n) + BigInt(low));
}

/** Nanoseconds as what an INT64 holds: beyond 2^53 they were rounded already. */
function inLong(value: number): number | bigint {
  if (value < 2 ** 53) return value;
  return value < 2 ** 63 ? BigInt(value) : 2n ** 63n - 1n;
}

/** Places at the start, a power of two. */
const PLACES_MIN = 1 << 12;
/** Bytes of keys that are allocated at once. */
const CHUNK = 1 << 15;

/** Keys as bytes, one array for all events of a key: the library then finds it by its identity. */
class KeyBytes {
  readonly all: Uint8Array[] = [];
  /** Memory of the next keys. */
  #chunk = new DataView(new ArrayBuffer(0));
  #chunkAt = 0;
  /** Number + 1 of the key at a place; 0 where it is free. */
  #places = new Uint32Array(PLACES_MIN);
  #words = new Uint32Array(2 * PLACES_MIN);

  bytesOf(low: number, high: number): Uint8Array {
    const words = this.#words;
    const mask = this.#places.length - 1;
    let at = (low ^ Math.imul(high, 0x9e3779b1)) & mask;
    for (let key = this.#places[at]!; key > 0; key = this.#places[at]!) {
      if (words[2 * key - 2] === low && words[2 * key - 1] === high) return this.all[key - 1]!;
      at = (at + 1) & mask;
    }
    return this.#add(low, high, at);
  }

  #add(low: number, high: number, at: number): Uint8Array {
    if (this.#chunkAt === this.#chunk.byteLength) {
      this.#chunk = new DataView(new ArrayBuffer(CHUNK));
      this.#chunkAt = 0;
    }
    const bytes = new Uint8Array(this.#chunk.buffer, this.#chunkAt, 8);
    this.#chunk.setUint32(this.#chunkAt, high);
    this.#chunk.setUint32(this.#chunkAt + 4, low);
    this.#chunkAt += 8;
    const key = this.all.push(bytes);
    this.#places[at] = key;
    this.#words[2 * key - 2] = low;
    this.#words[2 * key - 1] = high;
    if (2 * key >= this.#places.length) this.#grow();
    return bytes;
  }

  #grow(): void {
    const words = new Uint32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
    this.#places = new Uint32Array(2 * this.#places.length);
    const mask = this.#places.length - 1;
    for (let key = 1; key <= this.all.length; key++) {
      let at = (words[2 * key - 2]! ^ Math.imul(words[2 * key - 1]!, 0x9e3779b1)) & mask;
      while (this.#places[at] !== 0) at = (at + 1) & mask;
      this.#places[at] = key;
    }
  }
}
