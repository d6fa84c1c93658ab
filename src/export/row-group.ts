import type { Batch, WideColumn } from './batch.js';
import { type EventShape, HAS } from './shapes.js';

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
      values: unknown[] | BigInt64Array;
      /** 0 where there is no value; null where every row has one. */
      levels: Uint8Array | null;
      /** Whether all values are from 0 to 2^31 − 1. */
      isSmall: boolean;
    };

/** Numbers of a row group as they come. */
interface NumberColumn {
  values: unknown[];
  levels: Uint8Array;
  present: number;
  isSmall: boolean;
}

/** Numbers as words, by column, and whether these are signed. */
const WIDE: readonly (readonly [name: WideColumn, isSigned: boolean])[] = [
  ['flags', false],
  ['ttl', true],
  ['delta', false],
  ['initial', false],
  ['cas_new', false],
  ['vivify', true],
  ['recache', true],
  ['ttl_left', true],
];

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

/** Rows of a row group as they come, turned into the columns hyparquet-writer takes. */
export class RowGroup {
  rows = 0;
  readonly #capacity: number;
  readonly #times: BigInt64Array<ArrayBuffer>;
  readonly #timeWords: Uint32Array;
  readonly #shape: Uint32Array;
  readonly #conn: number[];
  readonly #request: number[];
  readonly #numbers = new Map<string, NumberColumn>();
  #shapes: readonly EventShape[] = [];
  #keys = new KeyBytes();

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#times = new BigInt64Array(capacity);
    this.#timeWords = new Uint32Array(this.#times.buffer);
    this.#shape = new Uint32Array(capacity);
    this.#conn = new Array(capacity).fill(0);
    this.#request = new Array(capacity).fill(0);
  }

  /** Every key of the group once. */
  get keys(): readonly Uint8Array[] {
    return this.#keys.all;
  }

  /** Empties the group. Its columns keep their memory: to make it anew costs as much as to fill it. */
  clear(): void {
    this.rows = 0;
    this.#keys = new KeyBytes();
    for (const column of this.#numbers.values()) {
      if (column.present === 0) continue;
      column.levels.fill(0);
      column.values.fill(undefined);
      column.present = 0;
      column.isSmall = true;
    }
  }

  /** A column by its name. */
  column(name: string): GroupColumn {
    const ofShape = OF_SHAPE[name];
    if (ofShape !== undefined) return this.#columnOfShape(ofShape);
    const whole = <T extends { slice(from: number, to: number): T }>(values: T) =>
      this.rows === this.#capacity ? values : values.slice(0, this.rows);
    if (name === 'ts_ns')
      return { kind: 'values', values: this.#times.slice(0, this.rows), levels: null, isSmall: false };
    if (name === 'conn') return { kind: 'values', values: whole(this.#conn), levels: null, isSmall: true };
    if (name === 'request') {
      const isSmall = this.rows === 0 || this.#request[this.rows - 1]! < SMALL;
      return { kind: 'values', values: whole(this.#request), levels: null, isSmall };
    }
    const column = this.#numbers.get(name);
    if (column === undefined || column.present === 0) return { kind: 'same', value: undefined };
    const { values, levels, isSmall } = column;
    return { kind: 'values', values: whole(values), levels: levels.slice(0, this.rows), isSmall };
  }

  /** Takes the rows of a batch, for which there must be room. */
  add(batch: Batch, shapes: readonly EventShape[]): void {
    const { rows } = batch;
    if (this.rows + rows > this.#capacity) throw new Error('there is no room for the batch');
    this.#shapes = shapes;
    this.#timeWords.set(batch.time.subarray(0, 2 * rows), 2 * this.rows);
    this.#shape.set(batch.shape.subarray(0, rows), this.rows);
    for (let i = 0, at = this.rows; i < rows; i++, at++) {
      this.#conn[at] = batch.conn[i]!;
      this.#request[at] = batch.request[i]!;
    }
    const hasOf = Uint16Array.from(shapes, ({ has }) => has);
    const optional = (name: string, bit: number, valueAt: (i: number) => unknown) =>
      this.#addOptional(name, { rows, has: (i) => (hasOf[batch.shape[i]!]! & bit) !== 0, valueAt });
    optional('key', HAS.key, (i) => this.#keys.bytesOf(batch.key[2 * i]!, batch.key[2 * i + 1]!));
    optional('key_size', HAS.key, (i) => batch.keySize[i]!);
    optional('value_size', HAS.value_size, (i) => batch.valueSize[i]!);
    optional('latency_ns', HAS.latency, (i) => inLong(batch.latency[i]!));
    for (const [name, isSigned] of WIDE) {
      const words = batch.wide[name];
      const toNumber = isSigned ? signed : unsigned;
      optional(name, HAS[name], (i) => toNumber(words[2 * i]!, words[2 * i + 1]!));
    }
    this.rows += rows;
  }

  #addOptional(
    name: string,
    part: { rows: number; has: (i: number) => boolean; valueAt: (i: number) => unknown },
  ): void {
    const { rows, has, valueAt } = part;
    let column = this.#numbers.get(name);
    for (let i = 0, at = this.rows; i < rows; i++, at++) {
      if (!has(i)) continue;
      column ??= this.#makeNumbers(name);
      const value = valueAt(i);
      column.values[at] = value;
      column.levels[at] = 1;
      column.present++;
      if (typeof value !== 'number' || value < 0 || value >= SMALL) column.isSmall = false;
    }
  }

  #makeNumbers(name: string): NumberColumn {
    const values = new Array(this.#capacity).fill(undefined);
    const column = { values, levels: new Uint8Array(this.#capacity), present: 0, isSmall: true };
    this.#numbers.set(name, column);
    return column;
  }

  /** A column of names or flags. */
  #columnOfShape(textOf: (shape: EventShape) => string | boolean | undefined): GroupColumn {
    const { rows } = this;
    const shape = this.#shape;
    const ofShapes = this.#shapes.map(textOf);
    const first = ofShapes[shape[0]!];
    let same = 0;
    while (same < rows && ofShapes[shape[same]!] === first) same++;
    if (same === rows) return { kind: 'same', value: first };
    const values: unknown[] = new Array(rows);
    const levels = new Uint8Array(rows);
    for (let i = 0; i < rows; i++) {
      const value = ofShapes[shape[i]!];
      values[i] = value;
      levels[i] = value === undefined ? 0 : 1;
    }
    return { kind: 'values', values, levels, isSmall: false };
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

/** Keys as bytes, one array for all events of a key: the library then finds it by its identity. */
class KeyBytes {
  readonly all: Uint8Array[] = [];
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
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, high);
    view.setUint32(4, low);
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
