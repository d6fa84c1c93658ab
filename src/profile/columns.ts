/**
 * Decodes columns into typed arrays. Entry i of every array belongs to event i of the block, in the block's
 * order. Where an event has no value in a column, the entry is 0 and the bit of `present` in its shape is
 * clear. Several entries of the key dictionary may have the same key.
 */
import { type Block, bitOf, columnBytes, type Shape } from './block.js';
import { BlockError } from './damage.js';
import type { Names } from './header.js';
import {
  type Allocate,
  allocateNew,
  readBytes,
  readDoubles,
  readInt64s,
  readSums,
  readUint32s,
  readUint64s,
  readWords64,
} from './varint.js';

/** The decoded event columns. */
export interface EventColumns {
  /** Index into the shapes of the block. */
  shape: Uint32Array;
  /** Time of the request, units since 1970. */
  time: BigUint64Array;
  /** Number of the request's packet in its source. */
  ordinal: BigUint64Array;
  /** Numbered within the worker. */
  conn: Uint32Array;
  /** Index into the key dictionary of the block. */
  key: Uint32Array;
  /** Bytes. */
  value_size: Uint32Array;
  /** Units; rounded above 2^53. */
  latency: Float64Array;
  flags: BigUint64Array;
  delta: BigUint64Array;
  initial: BigUint64Array;
  cas_new: BigUint64Array;
  ttl: BigInt64Array;
  vivify: BigInt64Array;
  recache: BigInt64Array;
  ttl_left: BigInt64Array;
  opaque: BigUint64Array;
  sub: Uint32Array;
  key_index: Uint32Array;
}

export type EventColumn = keyof EventColumns;

/** The block of a column, and memory for it. */
interface Setting {
  block: Block;
  allocate: Allocate;
}

type Decoder<Values> = (bytes: Uint8Array, count: number, setting: Setting) => Values;

/** Decoders that depend on nothing but the bytes. */
const uint32s: Decoder<Uint32Array> = (bytes, count, { allocate }) => readUint32s(bytes, count, allocate);
const uint64s: Decoder<BigUint64Array> = (bytes, count, { allocate }) => readUint64s(bytes, count, allocate);
const int64s: Decoder<BigInt64Array> = (bytes, count, { allocate }) => readInt64s(bytes, count, allocate);

const DECODERS: { [Name in EventColumn]: Decoder<EventColumns[Name]> } = {
  shape: uint32s,
  time: (bytes, count, { block, allocate }) => readSums(bytes, count, block.baseTime, allocate),
  ordinal: (bytes, count, { block, allocate }) => readSums(bytes, count, block.baseOrdinal, allocate),
  conn: uint32s,
  key: (bytes, count, { block, allocate }) => findEntries(readUint32s(bytes, count, allocate), block.keys),
  value_size: uint32s,
  latency: (bytes, count, { allocate }) => readDoubles(bytes, count, allocate),
  flags: uint64s,
  delta: uint64s,
  initial: uint64s,
  cas_new: uint64s,
  ttl: int64s,
  vivify: int64s,
  recache: int64s,
  ttl_left: int64s,
  opaque: (bytes, count, { allocate }) => readWords64(bytes, count, allocate),
  sub: uint32s,
  key_index: uint32s,
};

/** Names of all event columns. */
export const EVENT_COLUMNS = Object.keys(DECODERS) as EventColumn[];

/** The bit of `present` for a column; 0 where the profile does not have the column. */
export function presentBit(names: Names, column: string): number {
  return bitOf(names.present, column);
}

/** Some event columns, and the number of events of each shape. */
export type SomeColumns<Name extends EventColumn> = Pick<EventColumns, Name | 'shape'> & {
  shapeEvents: Uint32Array;
};

/**
 * Decodes some event columns of a block, and always `shape`.
 *
 * @param allocate provides memory for the columns
 * @throws BlockError where a column has too few or too many values, or an index outside its table
 */
export function decodeColumns<Name extends EventColumn>(
  block: Block,
  wanted: readonly Name[],
  allocate: Allocate = allocateNew,
): SomeColumns<Name> {
  const shape = readUint32s(columnBytes(block, 'shape'), block.events, allocate);
  const shapeEvents = countShapes(shape, block.shapes.length);
  const columns: Partial<Record<EventColumn, EventColumns[EventColumn]>> = { shape };
  for (const name of wanted) {
    if (name !== 'shape') columns[name] = decodeColumn({ block, allocate }, name, shape, shapeEvents);
  }
  return { ...columns, shapeEvents } as SomeColumns<Name>;
}

/** Events of each shape. @throws BlockError where an event has none */
function countShapes(shape: Uint32Array, shapes: number): Uint32Array {
  // Two counters for each shape, used in turn: neighbours mostly have the same shape, and an addition to the
  // same counter would have to wait for the one before.
  const counts = new Uint32Array(2 * shapes);
  let most = 0;
  for (let i = 0; i < shape.length; i++) {
    const one = shape[i]!;
    counts[2 * one + (i & 1)]!++;
    if (one > most) most = one;
  }
  if (shape.length > 0 && most >= shapes) throw new BlockError('column shape points outside its table');
  return Uint32Array.from({ length: shapes }, (_, i) => counts[2 * i]! + counts[2 * i + 1]!);
}

function decodeColumn(
  { block, allocate }: Setting,
  name: EventColumn,
  shape: Uint32Array,
  shapeEvents: Uint32Array,
): EventColumns[EventColumn] {
  const bytes = columnBytes(block, name);
  const decode: Decoder<EventColumns[EventColumn]> = DECODERS[name];
  const full = name === 'time' || name === 'ordinal' || name === 'conn';
  const bit = presentBit(block.names, name);
  const isStored = ({ present, flags }: Shape) =>
    full || ((present & bit) !== 0 && (name !== 'flags' || flags === null));
  let count = 0;
  for (let i = 0; i < shapeEvents.length; i++) if (isStored(block.shapes[i]!)) count += shapeEvents[i]!;
  if (count > bytes.length) throw new BlockError(`column ${name} ends too early`);
  if (count === block.events) return decode(bytes, count, { block, allocate });
  const values = decode(bytes, count, { block, allocate: allocateScratch });
  const has = Uint8Array.from(block.shapes, (one) => (isStored(one) ? 1 : 0));
  const room = allocate(block.events * values.BYTES_PER_ELEMENT);
  const out = new (values.constructor as new (...memory: unknown[]) => EventColumns[EventColumn])(
    room.buffer,
    room.offset,
    block.events,
  );
  if (count === 0) wordsOf(out).fill(0);
  else if (values.BYTES_PER_ELEMENT === 8) spread64(wordsOf(values), wordsOf(out), shape, has);
  else spread32(values as Uint32Array, out as Uint32Array, shape, has);
  return name === 'flags' ? withShapeFlags(out as BigUint64Array, shape, block.shapes) : out;
}

/** A column of 64-bit values as pairs of words, low first. */
export function wordsOf({ buffer, byteOffset, byteLength }: EventColumns[EventColumn]): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

/** Memory for values that are copied on at once. */
let scratch = new ArrayBuffer(1 << 16);

function allocateScratch(bytes: number): { buffer: ArrayBuffer; offset: number } {
  if (bytes > scratch.byteLength) scratch = new ArrayBuffer(2 * bytes);
  return { buffer: scratch, offset: 0 };
}

/** Distributes values, in order, over the rows whose shape has this column; the others get 0. */
function spread32(values: Uint32Array, out: Uint32Array, shape: Uint32Array, has: Uint8Array): void {
  let at = 0;
  for (let i = 0; i < shape.length; i++) out[i] = has[shape[i]!] === 0 ? 0 : values[at++]!;
}

/** Likewise, for values of two words, so that no bigint is made and all types share a loop. */
function spread64(values: Uint32Array, out: Uint32Array, shape: Uint32Array, has: Uint8Array): void {
  let at = 0;
  for (let i = 0; i < shape.length; i++) {
    if (has[shape[i]!] === 0) {
      out[2 * i] = 0;
      out[2 * i + 1] = 0;
      continue;
    }
    out[2 * i] = values[at]!;
    out[2 * i + 1] = values[at + 1]!;
    at += 2;
  }
}

/** Writes the flags of shapes into the rows of their events. */
function withShapeFlags(out: BigUint64Array, shape: Uint32Array, shapes: readonly Shape[]): BigUint64Array {
  const ofShapes = new Uint32Array(BigUint64Array.from(shapes, ({ flags }) => flags ?? 0n).buffer);
  const has = Uint8Array.from(shapes, ({ flags }) => (flags === null ? 0 : 1));
  const words = wordsOf(out);
  for (let i = 0; i < shape.length; i++) {
    const one = shape[i]!;
    if (has[one] === 0) continue;
    words[2 * i] = ofShapes[2 * one]!;
    words[2 * i + 1] = ofShapes[2 * one + 1]!;
  }
  return out;
}

/**
 * Converts values of the column `key` to entries of the dictionary: 0 is the next new entry, n is entry n −
 * 1.
 */
function findEntries(values: Uint32Array, keys: number): Uint32Array {
  let next = 0;
  let outside = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const entry = value === 0 ? next++ : value - 1;
    values[i] = entry;
    outside |= Number(entry >= keys);
  }
  if (outside) throw new BlockError('column key points outside its table');
  return values;
}

/** The key dictionary, with one or more entries for each key of the block; equal hashes are equal keys. */
export interface KeyColumns {
  hash: BigUint64Array;
  /** Bytes. */
  size: Uint32Array;
}

/** Decodes the key dictionary. @throws BlockError where it has too few or too many entries */
export function decodeKeys(block: Block, allocate: Allocate = allocateNew): KeyColumns {
  return {
    hash: readWords64(columnBytes(block, 'key_hash'), block.keys, allocate),
    size: readUint32s(columnBytes(block, 'key_size'), block.keys, allocate),
  };
}

/** Connection records, one entry for each opening or closing. */
export interface ConnColumns {
  /** Numbered within the worker. */
  id: Uint32Array;
  /** Index into `Names.conn_kind`. */
  kind: Uint8Array;
  /** Time of the opening or closing, units since 1970. */
  time: BigUint64Array;
  /** Keyed hashes of the addresses. */
  client: BigUint64Array;
  server: BigUint64Array;
  port: Uint32Array;
}

/**
 * Decodes the connection records. @throws BlockError where there are too few or too many, or a kind has no
 * name
 */
export function decodeConns(block: Block): ConnColumns {
  const { conns, names } = block;
  const kind = readBytes(columnBytes(block, 'conn_kind'), conns);
  if (kind.some((index) => index >= names.conn_kind.length))
    throw new BlockError('a connection record has no kind');
  return {
    id: readUint32s(columnBytes(block, 'conn_id'), conns),
    kind,
    time: readSums(columnBytes(block, 'conn_time'), conns, block.baseConnTime),
    client: readWords64(columnBytes(block, 'conn_client'), conns),
    server: readWords64(columnBytes(block, 'conn_server'), conns),
    port: readUint32s(columnBytes(block, 'conn_port'), conns),
  };
}
