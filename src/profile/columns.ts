/**
 * Decodes columns into typed arrays. Entry i of every array belongs to event i of the block, in the block's
 * order. Where an event has no value in a column, the entry is 0 and the bit of `present` in its shape is
 * clear. Several entries of the key dictionary may have the same key.
 */
import { type Block, bitOf, columnBytes, type Shape } from './block.js';
import { BlockError } from './damage.js';
import type { Names } from './header.js';
import {
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

type Decoder<Values> = (bytes: Uint8Array, count: number, block: Block) => Values;

const DECODERS: { [Name in EventColumn]: Decoder<EventColumns[Name]> } = {
  shape: readUint32s,
  time: (bytes, count, block) => readSums(bytes, count, block.baseTime),
  ordinal: (bytes, count, block) => readSums(bytes, count, block.baseOrdinal),
  conn: readUint32s,
  key: (bytes, count, block) => findEntries(readUint32s(bytes, count), block.keys),
  value_size: readUint32s,
  latency: readDoubles,
  flags: readUint64s,
  delta: readUint64s,
  initial: readUint64s,
  cas_new: readUint64s,
  ttl: readInt64s,
  vivify: readInt64s,
  recache: readInt64s,
  ttl_left: readInt64s,
  opaque: readWords64,
  sub: readUint32s,
  key_index: readUint32s,
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
 * @throws BlockError where a column has too few or too many values, or an index outside its table
 */
export function decodeColumns<Name extends EventColumn>(
  block: Block,
  wanted: readonly Name[],
): SomeColumns<Name> {
  const shape = readUint32s(columnBytes(block, 'shape'), block.events);
  checkBelow(shape, block.shapes.length, 'shape');
  const shapeEvents = countShapes(shape, block.shapes.length);
  const columns: Partial<Record<EventColumn, EventColumns[EventColumn]>> = { shape };
  for (const name of wanted) {
    if (name !== 'shape') columns[name] = decodeColumn(block, name, shape, shapeEvents);
  }
  return { ...columns, shapeEvents } as SomeColumns<Name>;
}

function countShapes(shape: Uint32Array, shapes: number): Uint32Array {
  // Two counters for each shape, used in turn: neighbours mostly have the same shape, and an addition to the
  // same counter would have to wait for the one before.
  const counts = new Uint32Array(2 * shapes);
  for (let i = 0; i < shape.length; i++) counts[2 * shape[i]! + (i & 1)]!++;
  return Uint32Array.from({ length: shapes }, (_, i) => counts[2 * i]! + counts[2 * i + 1]!);
}

function decodeColumn(
  block: Block,
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
  const values = decode(bytes, count, block);
  if (count === block.events) return values;
  const has = Uint8Array.from(block.shapes, (one) => (isStored(one) ? 1 : 0));
  const out = spread(values as Uint32Array, shape, has);
  return name === 'flags'
    ? withShapeFlags(out as unknown as BigUint64Array<ArrayBuffer>, shape, block.shapes)
    : out;
}

/** Distributes values, in order, over the rows whose shape has this column. */
function spread<Values extends Uint32Array | Float64Array | BigUint64Array | BigInt64Array>(
  values: Values,
  shape: Uint32Array,
  has: Uint8Array,
): Values {
  const out = new (values.constructor as new (length: number) => Values)(shape.length);
  // Copied as 32-bit words for every type, so that no bigint is made and all types share a loop.
  const from = new Uint32Array(values.buffer);
  const to = new Uint32Array(out.buffer);
  const wide = values.BYTES_PER_ELEMENT === 8;
  let at = 0;
  for (let i = 0; i < shape.length; i++) {
    if (!has[shape[i]!]) continue;
    if (wide) {
      to[2 * i] = from[at++]!;
      to[2 * i + 1] = from[at++]!;
    } else to[i] = from[at++]!;
  }
  return out;
}

/** Writes the flags of shapes into the rows of their events. */
function withShapeFlags(
  out: BigUint64Array<ArrayBuffer>,
  shape: Uint32Array,
  shapes: readonly Shape[],
): BigUint64Array {
  // Written as words; for a shape without flags this adds 0.
  const ofShapes = new Uint32Array(BigUint64Array.from(shapes, ({ flags }) => flags ?? 0n).buffer);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < shape.length; i++) {
    words[2 * i]! |= ofShapes[2 * shape[i]!]!;
    words[2 * i + 1]! |= ofShapes[2 * shape[i]! + 1]!;
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

function checkBelow(values: Uint32Array, limit: number, name: string): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i]! >= limit) throw new BlockError(`column ${name} points outside its table`);
  }
}

/** The key dictionary, with one or more entries for each key of the block; equal hashes are equal keys. */
export interface KeyColumns {
  hash: BigUint64Array;
  /** Bytes. */
  size: Uint32Array;
}

/** Decodes the key dictionary. @throws BlockError where it has too few or too many entries */
export function decodeKeys(block: Block): KeyColumns {
  return {
    hash: readWords64(columnBytes(block, 'key_hash'), block.keys),
    size: readUint32s(columnBytes(block, 'key_size'), block.keys),
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
