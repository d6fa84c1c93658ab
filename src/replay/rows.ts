/**
 * The rows of a block, decoded and in order, with times relative to the first request of the replay. Their columns may be in
 * shared memory: one thread decodes, and all that send read the same.
 */
import type { Block } from '../profile/block.js';
import { decodeConns, wordsOf } from '../profile/columns.js';
import { compareRows } from '../profile/order.js';
import {
  type DataColumn,
  type SortedBlock,
  type SortTask,
  sortBlock,
  sortedBytes,
  type WideColumn,
} from '../profile/sorted-block.js';
import { type Allocate, allocateNew } from '../profile/varint.js';
import { type CommandShape, commandShapes, type Target } from './shapes.js';

/** Columns of 64-bit integers, which are kept as pairs of words, low and high. */
export const WIDE = [
  'flags',
  'ttl',
  'delta',
  'initial',
  'cas_new',
  'vivify',
  'recache',
] as const satisfies WideColumn[];
export type Wide = (typeof WIDE)[number];
const WANTED: ReadonlySet<DataColumn> = new Set(['key', 'value_size', 'latency', ...WIDE]);

/** A block's columns, the order of its rows, and how far these were taken. */
export interface Rows extends SortedBlock {
  taken: number;
  /** Nanoseconds after the base. */
  at: Float64Array;
  shapes: CommandShape[];
  /** Number of the memory its columns are in; -1 where that is not used again. */
  memory: number;
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
  target: Target;
}

/** Bytes of everything that `rowsOf` allocates. */
export function rowsBytes(block: Block, owner: Owner): number {
  return sortedBytes(taskOf(block, owner)) + 8 * block.events;
}

/**
 * Decodes a block and sorts its rows.
 *
 * @throws BlockError where it is damaged in a way its checksum does not show
 */
export function rowsOf(block: Block, owner: Owner, allocate: Allocate = allocateNew, memory = -1): Rows {
  const sorted = sortBlock(taskOf(block, owner), allocate);
  // Its times are nanoseconds, whatever unit the profile has.
  const at = relative(sorted.time, { unit: 1, baseNs: owner.baseNs }, allocate);
  return { ...sorted, taken: 0, at, shapes: commandShapes(block, owner.target), memory };
}

function taskOf(block: Block, { run, workerKey }: Owner): SortTask {
  const numbers = Uint32Array.from(block.shapes, (_, number) => number);
  return { block, owner: { run, workerKey }, wanted: WANTED, numbers };
}

/** Nanoseconds after a base, exact up to 2^53 ns, which is 104 days. */
function relative(
  time: Uint32Array,
  { unit, baseNs }: { unit: number; baseNs: bigint },
  allocate: Allocate = allocateNew,
): Float64Array {
  const base = baseNs / BigInt(unit);
  const rest = Number(baseNs % BigInt(unit));
  const low = Number(base & 0xffffffffn);
  const high = Number(base >> 32n);
  const rows = time.length / 2;
  const { buffer, offset } = allocate(8 * rows);
  const at = new Float64Array(buffer, offset, rows);
  for (let i = 0; i < at.length; i++) {
    at[i] = ((time[2 * i + 1]! - high) * 2 ** 32 + (time[2 * i]! - low)) * unit - rest;
  }
  return at;
}

/**
 * The connections that open and close, by the records of a block. Those whose requests came over UDP are none to open.
 *
 * @param rows those of the block
 */
export function connRecordsOf(block: Block, { workerKey, baseNs }: Owner, rows: Rows | null): ConnRecord[] {
  if (block.conns === 0) return [];
  const udp = new Set<number>();
  if (rows?.shapes.some((shape) => shape.udp))
    for (let row = 0; row < rows.rows; row++)
      if (rows.shapes[rows.shape[row]!]!.udp) udp.add(rows.conn[row]!);
  const { id, kind, time } = decodeConns(block);
  const at = relative(wordsOf(time), { unit: block.unit, baseNs });
  const { conn_kind } = block.names;
  const records: ConnRecord[] = [];
  for (const [i, conn] of id.entries()) {
    const name = conn_kind[kind[i]!]!;
    // The end of the recording, or of its memory for a connection, is not the end of the connection.
    if (name === 'close_end' || name === 'close_evicted' || udp.has(conn)) continue;
    const when = name === 'open_midstream' ? Number.NEGATIVE_INFINITY : at[i]!;
    records.push({ workerKey, conn, at: when, opens: name.startsWith('open') });
  }
  return records;
}

/** The open block with the earliest next row; null where none is open. */
export function earliestOf<T extends Rows>(open: readonly T[]): T | null {
  let first: T | null = null;
  for (const rows of open) if (first === null || isBefore(rows, first)) first = rows;
  return first;
}

function isBefore(a: Rows, b: Rows): boolean {
  return compareRows(a, a.order[a.taken]!, b, b.order[b.taken]!) < 0;
}
