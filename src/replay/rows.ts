/**
 * The rows of a block, decoded and in order, with times relative to the first request of the replay. Their columns are in
 * shared memory: one thread decodes, and all that send read the same.
 */
import type { Block } from '../profile/block.js';
import { decodeColumns, decodeConns, decodeKeys, type EventColumn, wordsOf } from '../profile/columns.js';
import { BlockError } from '../profile/damage.js';
import { orderRows } from '../profile/order.js';
import { isThere } from '../profile/sorted-block.js';
import type { ReplayProtocol } from './options.js';
import { type CommandShape, commandShapes } from './shapes.js';

const ORDER = ['time', 'ordinal', 'conn', 'sub', 'key_index'] as const satisfies readonly EventColumn[];
/** Columns of 64-bit integers, which are kept as pairs of words, low and high. */
export const WIDE = ['flags', 'ttl', 'delta', 'initial', 'cas_new', 'vivify', 'recache'] as const;
export type Wide = (typeof WIDE)[number];

/** A block's columns, the order of its rows, and how far these were taken. */
export interface Rows {
  /** Which recording it is of, in the order they were named, and which worker of it. */
  run: number;
  worker: number;
  workerKey: number;
  rows: number;
  order: Uint32Array;
  taken: number;
  /** Nanoseconds after the base. */
  at: Float64Array;
  /** Packet ordinals, low and high word. */
  ordinal: Uint32Array;
  conn: Uint32Array;
  sub: Uint32Array;
  keyIndex: Uint32Array;
  shape: Uint32Array;
  shapes: CommandShape[];
  key: Uint32Array;
  /** Hashes of the keys in the dictionary, as words. */
  keyHash: Uint32Array;
  keySize: Uint32Array;
  valueSize: Uint32Array;
  /** Nanoseconds. */
  latency: Float64Array;
  /** As words; null where no row has one. */
  wide: Record<Wide, Uint32Array | null>;
}

/** An opening or closing of a connection. */
export interface ConnRecord {
  workerKey: number;
  conn: number;
  /** Nanoseconds after the base; -Infinity for a connection that was there before. */
  at: number;
  opens: boolean;
}

/** The recording and worker of a block, and how to decode it. */
export interface Owner {
  run: number;
  workerKey: number;
  /** Start of the replay's times, Unix nanoseconds. */
  baseNs: bigint;
  protocol: ReplayProtocol;
}

/**
 * Decodes a block and sorts its rows.
 *
 * @throws BlockError where it is damaged in a way its checksum does not show
 */
export function rowsOf(block: Block, owner: Owner): Rows {
  const wanted = [...ORDER, 'key', 'value_size', 'latency', ...WIDE] as EventColumn[];
  const columns: Partial<ReturnType<typeof decodeColumns<EventColumn>>> &
    ReturnType<typeof decodeColumns<never>> = decodeColumns(
    block,
    wanted.filter((name) => isThere(block, name)),
  );
  const { events } = block;
  const keys = decodeKeys(block);
  const none = new Uint32Array(new SharedArrayBuffer(4 * events));
  const { time, ordinal, conn, sub, key_index: keyIndex } = columns;
  const ordered = {
    ...{ run: owner.run, worker: block.worker },
    ...{ time: wordsOf(time!), ordinal: wordsOf(ordinal!), conn: conn! },
    ...{ sub: sub ?? none, keyIndex: keyIndex ?? none },
  };
  const order = orderRows(ordered, events);
  const at = relative(ordered.time, block.unit, owner.baseNs);
  const first = BigInt(at[order[0]!]!) + owner.baseNs;
  if (first !== block.minNs) throw new BlockError('its first event is not at the time it declares');
  const latency = columns.latency ?? new Float64Array(events);
  for (let i = 0; i < latency.length; i++) latency[i]! *= block.unit;
  return {
    ...{ run: owner.run, worker: block.worker, workerKey: owner.workerKey, rows: events, taken: 0 },
    order: shared(order),
    at: shared(at),
    ordinal: shared(ordered.ordinal),
    conn: shared(ordered.conn),
    sub: sub === undefined ? none : shared(sub),
    keyIndex: keyIndex === undefined ? none : shared(keyIndex),
    shape: shared(columns.shape),
    shapes: commandShapes(block, owner.protocol),
    key: columns.key === undefined ? none : shared(columns.key),
    keyHash: shared(keys.size.length === 0 ? new Uint32Array(2) : wordsOf(keys.hash)),
    keySize: shared(keys.size.length === 0 ? new Uint32Array(1) : keys.size),
    valueSize: columns.value_size === undefined ? none : shared(columns.value_size),
    latency: shared(latency),
    wide: Object.fromEntries(
      WIDE.map((name) => [name, columns[name] === undefined ? null : shared(wordsOf(columns[name]))]),
    ) as Rows['wide'],
  };
}

function shared<Values extends Uint32Array | Float64Array>(values: Values): Values {
  const make = values.constructor as new (buffer: SharedArrayBuffer) => Values;
  const copy = new make(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}

/** Nanoseconds after a base, exact up to 2^53 ns, which is 104 days. */
function relative(time: Uint32Array, unit: number, baseNs: bigint): Float64Array {
  const base = baseNs / BigInt(unit);
  const rest = Number(baseNs % BigInt(unit));
  const low = Number(base & 0xffffffffn);
  const high = Number(base >> 32n);
  const at = new Float64Array(time.length / 2);
  for (let i = 0; i < at.length; i++) {
    at[i] = ((time[2 * i + 1]! - high) * 2 ** 32 + (time[2 * i]! - low)) * unit - rest;
  }
  return at;
}

/** The connections that open and close, by the records of a block. */
export function connRecordsOf(block: Block, { workerKey, baseNs }: Owner): ConnRecord[] {
  if (block.conns === 0) return [];
  const { id, kind, time } = decodeConns(block);
  const at = relative(new Uint32Array(time.buffer), block.unit, baseNs);
  const { conn_kind } = block.names;
  const records: ConnRecord[] = [];
  for (const [i, conn] of id.entries()) {
    const name = conn_kind[kind[i]!]!;
    // The end of the recording, or of its memory for a connection, is not the end of the connection.
    if (name === 'close_end' || name === 'close_evicted') continue;
    const when = name === 'open_midstream' ? Number.NEGATIVE_INFINITY : at[i]!;
    records.push({ workerKey, conn, at: when, opens: name.startsWith('open') });
  }
  return records;
}

/** Negative where the next row of one block comes before that of another. */
function compareNext(a: Rows, b: Rows): number {
  const rowA = a.order[a.taken]!;
  const rowB = b.order[b.taken]!;
  return (
    a.at[rowA]! - b.at[rowB]! ||
    a.run - b.run ||
    a.ordinal[2 * rowA + 1]! - b.ordinal[2 * rowB + 1]! ||
    a.ordinal[2 * rowA]! - b.ordinal[2 * rowB]! ||
    a.worker - b.worker ||
    a.conn[rowA]! - b.conn[rowB]! ||
    a.sub[rowA]! - b.sub[rowB]! ||
    a.keyIndex[rowA]! - b.keyIndex[rowB]!
  );
}

/** The open block with the earliest next row; null where none is open. */
export function earliestOf<T extends Rows>(open: readonly T[]): T | null {
  let first: T | null = null;
  for (const rows of open) if (first === null || compareNext(rows, first) < 0) first = rows;
  return first;
}

/** Whether two rows are keys of the same request. */
export function isSameRequest(a: Rows, rowA: number, b: Rows, rowB: number): boolean {
  return (
    a.at[rowA] === b.at[rowB] &&
    a.ordinal[2 * rowA] === b.ordinal[2 * rowB] &&
    a.ordinal[2 * rowA + 1] === b.ordinal[2 * rowB + 1] &&
    a.workerKey === b.workerKey &&
    a.conn[rowA] === b.conn[rowB] &&
    a.sub[rowA] === b.sub[rowB]
  );
}
