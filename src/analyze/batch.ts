import type { Block } from '../profile/block.js';
import {
  type ConnColumns,
  decodeColumns,
  decodeConns,
  decodeKeys,
  presentBit,
  wordsOf,
} from '../profile/columns.js';
import type { Allocate } from '../profile/varint.js';
import { isSelected, type Selection } from './selection.js';
import { bitsOf, kindOf, type ShapeKind } from './shape-kind.js';

const COLUMNS = ['time', 'conn', 'key', 'value_size', 'latency', 'key_index'] as const;

/** A block's rows as collectors get them: columns, never an object for an event. */
export interface Batch {
  /** What numbers its rows index: one for each shape. */
  kinds: readonly ShapeKind[];
  /** Rows of each shape. */
  kindRows: Uint32Array;
  rows: number;
  /** Times of the first and the last of them, Unix nanoseconds. */
  minNs: bigint;
  maxNs: bigint;
  /** Rows that begin a request. */
  requests: number;
  /** Every column has an entry for each row, 0 where a kind has no value in it. */
  kind: Uint32Array;
  /** Nanoseconds since the first event of all profiles: whole where the span is below 2^53. */
  time: Float64Array;
  /** Connection, as its block numbers it, until `Totals.numberConns` numbers it over all profiles. */
  conn: Uint32Array;
  /** Entry of the block's dictionary. */
  entry: Uint32Array;
  valueSize: Uint32Array;
  /** Nanoseconds. */
  latency: Float64Array;
  /** Which key of its request it is. */
  index: Uint32Array;
  /** Every row is the first key of a request. */
  isSingle: boolean;
  /** Seconds, as sent; empty where no row has one. */
  ttl: Float64Array;
  /** By dictionary entry: hash of the key as two words, low first, and bytes of the key. */
  keyHash: Uint32Array;
  keySizes: Uint32Array;
}

/** What is decoded of a block. All of it, before any is counted: a block is counted whole or not at all. */
export function decodeBlock(block: Block, allocate: Allocate) {
  const bit = presentBit(block.names, 'ttl');
  // Few blocks have any.
  const hasTtl = block.shapes.some(({ present }) => present & bit);
  const columns = decodeColumns(block, [...COLUMNS, ...(hasTtl ? (['ttl'] as const) : [])], allocate);
  return { block, keys: decodeKeys(block, allocate), conns: decodeConns(block), columns };
}

export type Decoded = ReturnType<typeof decodeBlock>;

/** Signed or unsigned 64-bit numbers less a base, times a unit, as doubles in their place; no bigint is made. */
function toDoubles(column: BigUint64Array | BigInt64Array, base: bigint, unit: number): Float64Array {
  const words = wordsOf(column);
  const out = new Float64Array(column.buffer, column.byteOffset, column.length);
  const baseLow = Number(base & 0xffffffffn);
  const baseHigh = Number(base >> 32n);
  // Takes the sign of a signed number's high word, and nothing of an unsigned one's.
  const sign = column instanceof BigInt64Array ? 2 ** 31 : 2 ** 32;
  for (let i = 0; i < out.length; i++) {
    const word = words[2 * i + 1]!;
    const high = word < sign ? word : word - 2 ** 32;
    out[i] = ((high - baseHigh) * 2 ** 32 + (words[2 * i]! - baseLow)) * unit;
  }
  return out;
}

const ABSENT = new Float64Array(0);

/**
 * The rows of a block that are selected, all where `selection` is null.
 *
 * @param originNs Unix nanoseconds times are told from
 */
export function batchOf(
  { block, keys, columns }: Decoded,
  originNs: bigint,
  selection: Selection | null,
): Batch {
  const bits = bitsOf(block.names);
  const unit = BigInt(block.unit);
  // Times are whole units, and the origin is one of them; where profiles differ in the unit, the rest is added.
  const time = toDoubles(columns.time, originNs / unit, block.unit);
  const rest = Number(originNs % unit);
  if (rest !== 0) for (let i = 0; i < time.length; i++) time[i]! -= rest;
  const { latency } = columns;
  if (block.unit !== 1) for (let i = 0; i < latency.length; i++) latency[i]! *= block.unit;
  const kinds = block.shapes.map((shape) => kindOf(shape, bits));
  const batch: Batch = {
    kinds,
    kindRows: columns.shapeEvents,
    rows: block.events,
    minNs: block.minNs,
    maxNs: block.maxNs,
    requests: block.requests,
    kind: columns.shape,
    time,
    conn: columns.conn,
    entry: columns.key,
    valueSize: columns.value_size,
    latency,
    index: columns.key_index,
    isSingle: kinds.every(({ hasIndex }) => !hasIndex),
    ttl: columns.ttl === undefined ? ABSENT : toDoubles(columns.ttl, 0n, 1),
    keyHash: wordsOf(keys.hash),
    keySizes: keys.size,
  };
  if (selection !== null) select(batch, selection, originNs);
  return batch;
}

/** How many of some rows in a row begin a request. */
export function requestsOf({ index, isSingle }: Batch, from: number, to: number): number {
  if (isSingle) return to - from;
  let requests = 0;
  for (let i = from; i < to; i++) if (index[i] === 0) requests++;
  return requests;
}

/** Keeps the rows that are selected, in place. */
function select(batch: Batch, selection: Selection, originNs: bigint): void {
  const wanted = batch.kinds.map(({ op }) => selection.ops === null || selection.ops.has(op));
  const { kind, time, conn, entry, valueSize, latency, index, ttl } = batch;
  const columns = [kind, time, conn, entry, valueSize, latency, index, ttl].filter(
    ({ length }) => length > 0,
  );
  batch.kindRows = new Uint32Array(batch.kinds.length);
  batch.requests = 0;
  let kept = 0;
  for (let i = 0; i < batch.rows; i++) {
    if (!wanted[kind[i]!] || !isSelected(selection, time[i]!)) continue;
    batch.kindRows[kind[i]!]!++;
    if (index[i] === 0) batch.requests++;
    for (const column of columns) column[kept] = column[i]!;
    kept++;
  }
  batch.rows = kept;
  if (kept === 0) return;
  let first = time[0]!;
  let last = first;
  for (let i = 1; i < kept; i++) {
    if (time[i]! < first) first = time[i]!;
    if (time[i]! > last) last = time[i]!;
  }
  batch.minNs = originNs + BigInt(first);
  batch.maxNs = originNs + BigInt(last);
}

/** Times of connection records, nanoseconds since `originNs`. */
export function recordTimes({ time }: ConnColumns, unit: number, originNs: bigint): Float64Array {
  const times = toDoubles(time, originNs / BigInt(unit), unit);
  const rest = Number(originNs % BigInt(unit));
  return rest === 0 ? times : times.map((one) => one - rest);
}
