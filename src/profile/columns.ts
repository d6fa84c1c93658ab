/**
 * Columns as typed arrays. Entry i of every array is event i of the block, in the order the events stand
 * there; where an event has no value in a column, its entry is 0 and its shape's `present` says so.
 * Several entries of the key dictionary may be of one key.
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

/** The event columns, by the type they decode to. */
export interface EventColumns {
  /** Index into the block's shapes. */
  shape: Uint32Array;
  /** Units since 1970. */
  time: BigUint64Array;
  /** Number of the packet in its source. */
  ordinal: BigUint64Array;
  /** Numbered within the worker. */
  conn: Uint32Array;
  /** Index into the block's key dictionary. */
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

/** The bit of `present` that belongs to a column; 0 where the profile knows no such column. */
export function presentBit(names: Names, column: string): number {
  return bitOf(names.present, column);
}

/** Some event columns, and how many events each shape has. */
export type SomeColumns<Name extends EventColumn> = Pick<EventColumns, Name | 'shape'> & {
  shapeEvents: Uint32Array;
};

/**
 * Decodes some of a block's event columns; `shape` is always among them.
 *
 * @throws BlockError where a column has too few or too many values, or points outside its table
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
  // Two counters for each shape in turn: neighbours mostly have the same, and a sum must wait for the last.
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

/** Puts values one after another into the rows whose shape has one. */
function spread<Values extends Uint32Array | Float64Array | BigUint64Array | BigInt64Array>(
  values: Values,
  shape: Uint32Array,
  has: Uint8Array,
): Values {
  const out = new (values.constructor as new (length: number) => Values)(shape.length);
  // In 32-bit words, whatever the type: so no bigint is made, and the loop is the same for all.
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

/** Puts the flags that are the same for all events of a shape into its rows. */
function withShapeFlags(
  out: BigUint64Array<ArrayBuffer>,
  shape: Uint32Array,
  shapes: readonly Shape[],
): BigUint64Array {
  // In words again; where a shape has none, 0 changes nothing.
  const ofShapes = new Uint32Array(BigUint64Array.from(shapes, ({ flags }) => flags ?? 0n).buffer);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < shape.length; i++) {
    words[2 * i]! |= ofShapes[2 * shape[i]!]!;
    words[2 * i + 1]! |= ofShapes[2 * shape[i]! + 1]!;
  }
  return out;
}

/**
 * Turns what the column `key` holds into entries of the dictionary: 0 is the next new one, n is entry n − 1.
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

/** The key dictionary: at least one entry for each key of the block; equal hashes are equal keys. */
export interface KeyColumns {
  hash: BigUint64Array;
  /** Bytes. */
  size: Uint32Array;
}

/** @throws BlockError where it has too few or too many entries */
export function decodeKeys(block: Block): KeyColumns {
  return {
    hash: readWords64(columnBytes(block, 'key_hash'), block.keys),
    size: readUint32s(columnBytes(block, 'key_size'), block.keys),
  };
}

/** Openings and closings of connections, one entry each. */
export interface ConnColumns {
  /** Numbered within the worker. */
  id: Uint32Array;
  /** Index into `Names.conn_kind`. */
  kind: Uint8Array;
  /** Units since 1970. */
  time: BigUint64Array;
  /** Keyed hashes of the addresses. */
  client: BigUint64Array;
  server: BigUint64Array;
  port: Uint32Array;
}

/** @throws BlockError where they have too few or too many entries, or a kind without a name */
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
