import type { Batch, WideColumn } from './batch.js';
import { type EventShape, HAS } from './shapes.js';

/** A column of a row group; where `levels` is 0, there is no value. */
export interface GroupColumn {
  /** Undefined where there is none. */
  values: unknown[] | BigInt64Array;
  /** Null where every row has a value. */
  levels: Uint8Array | null;
  /** Rows with a value. */
  present: number;
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

/** Rows of a row group as they come, turned into the columns hyparquet-writer takes. */
export class RowGroup {
  rows = 0;
  readonly #capacity: number;
  readonly #columns = new Map<string, GroupColumn>();
  readonly #keys = new KeyBytes();

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#columns.set('ts_ns', { values: new BigInt64Array(capacity), levels: null, present: 0 });
    for (const name of ['conn', 'request', 'proto', 'transport', 'op', 'cas', 'quiet', 'status'])
      this.#columns.set(name, { values: new Array(capacity), levels: null, present: 0 });
  }

  /** Every key of the group once. */
  get keys(): readonly Uint8Array[] {
    return this.#keys.all;
  }

  /** A column by its name; without values where no row has one. */
  column(name: string): GroupColumn {
    const column = this.#columns.get(name);
    if (column === undefined) return { values: [], levels: null, present: 0 };
    const { values, levels, present } = column;
    if (this.rows === this.#capacity) return { values, levels, present };
    return {
      values: values.slice(0, this.rows),
      levels: levels === null ? null : levels.slice(0, this.rows),
      present,
    };
  }

  /** Takes the rows of a batch from one on, as many as there is room for. Returns the first it did not take. */
  add(batch: Batch, from: number, shapes: readonly EventShape[]): number {
    const end = Math.min(batch.rows, from + this.#capacity - this.rows);
    this.#addRequired(batch, from, end, shapes);
    const hasOf = Uint16Array.from(shapes, ({ has }) => has);
    const optional = (name: string, bit: number, valueAt: (i: number) => unknown) =>
      this.#addOptional(name, { from, end, has: (i) => (hasOf[batch.shape[i]!]! & bit) !== 0, valueAt });
    optional('key', HAS.key, (i) => this.#keys.bytesOf(batch.key[2 * i]!, batch.key[2 * i + 1]!));
    optional('key_size', HAS.key, (i) => batch.keySize[i]!);
    optional('value_size', HAS.value_size, (i) => batch.valueSize[i]!);
    optional('latency_ns', HAS.latency, (i) => inLong(batch.latency[i]!));
    for (const [name, isSigned] of WIDE) {
      const words = batch.wide[name];
      const toNumber = isSigned ? signed : unsigned;
      optional(name, HAS[name], (i) => toNumber(words[2 * i]!, words[2 * i + 1]!));
    }
    this.#addTexts('mode', batch, { from, end, texts: shapes.map(({ mode }) => mode ?? '') });
    this.#addTexts('meta_flags', batch, { from, end, texts: shapes.map(({ metaFlags }) => metaFlags) });
    this.#addTexts('marks', batch, { from, end, texts: shapes.map(({ marks }) => marks.join(' ')) });
    this.rows += end - from;
    return end;
  }

  #addRequired(batch: Batch, from: number, end: number, shapes: readonly EventShape[]): void {
    const { shape, conn, request, time } = batch;
    const column = (name: string) => this.#columns.get(name)!.values as unknown[];
    const times = new Uint32Array(
      (this.#columns.get('ts_ns')!.values as BigInt64Array).buffer as ArrayBuffer,
    );
    times.set(time.subarray(2 * from, 2 * end), 2 * this.rows);
    const conns = column('conn');
    const requests = column('request');
    for (let i = from, at = this.rows; i < end; i++, at++) {
      conns[at] = conn[i]!;
      requests[at] = request[i]!;
    }
    for (const name of ['proto', 'transport', 'op', 'cas', 'quiet', 'status'] as const) {
      const values = column(name);
      for (let i = from, at = this.rows; i < end; i++, at++) values[at] = shapes[shape[i]!]![name];
    }
    for (const one of this.#columns.values()) if (one.levels === null) one.present = this.rows + end - from;
  }

  #addOptional(
    name: string,
    part: { from: number; end: number; has: (i: number) => boolean; valueAt: (i: number) => unknown },
  ): void {
    const { from, end, has, valueAt } = part;
    let column = this.#columns.get(name);
    for (let i = from, at = this.rows; i < end; i++, at++) {
      if (!has(i)) continue;
      column ??= this.#makeOptional(name);
      (column.values as unknown[])[at] = valueAt(i);
      column.levels![at] = 1;
      column.present++;
    }
  }

  #addTexts(name: string, batch: Batch, part: { from: number; end: number; texts: readonly string[] }): void {
    const { from, end, texts } = part;
    if (texts.every((text) => text === '')) return;
    this.#addOptional(name, {
      from,
      end,
      has: (i) => texts[batch.shape[i]!] !== '',
      valueAt: (i) => texts[batch.shape[i]!],
    });
  }

  #makeOptional(name: string): GroupColumn {
    const column = {
      values: new Array(this.#capacity),
      levels: new Uint8Array(this.#capacity),
      present: 0,
    };
    this.#columns.set(name, column);
    return column;
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
