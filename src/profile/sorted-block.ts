import { type Block, columnBytes } from './block.js';
import {
  decodeColumns,
  decodeKeys,
  EVENT_COLUMNS,
  type EventColumn,
  presentBit,
  wordsOf,
} from './columns.js';
import { BlockError } from './damage.js';
import { type Ordered, orderRows } from './order.js';
import { type Allocate, allocateNew } from './varint.js';
import { toBigInt, type Words } from './words.js';

/** Columns the order of events is made of. */
const ORDER_COLUMNS = ['time', 'ordinal', 'conn', 'sub', 'key_index'] as const satisfies EventColumn[];
/** Columns of 64-bit integers that an event may have. */
const WIDE_COLUMNS = [
  'flags',
  'ttl',
  'delta',
  'initial',
  'cas_new',
  'vivify',
  'recache',
  'ttl_left',
] as const satisfies EventColumn[];
export type WideColumn = (typeof WIDE_COLUMNS)[number];

/** What a reader may ask for besides time, shape, and what the order is made of. */
export type DataColumn = 'key' | 'value_size' | 'latency' | 'opaque' | WideColumn;
/** Every column: a block of which all are asked for is checked as a whole. */
export const ALL_COLUMNS: ReadonlySet<DataColumn> = new Set(
  EVENT_COLUMNS.filter((name) => name !== 'shape' && !ORDER_COLUMNS.includes(name as never)) as DataColumn[],
);
/** What stands for a column without values; nothing is read from it. */
const NONE = new Uint32Array(0);
const NO_DOUBLES = new Float64Array(0);

/** The recording and the worker a block is of, as numbers among all profiles that are read. */
export interface Owner {
  run: number;
  workerKey: number;
}

/**
 * A block's columns in the order they stand in it, and the order of its rows. An entry means something only
 * where the event's shape has the column.
 */
export interface SortedBlock extends Ordered, Owner {
  rows: number;
  /** Rows in the total order of FORMAT.md. */
  order: Uint32Array;
  /** Numbers of shapes. */
  shape: Uint32Array;
  /** Entry of the key dictionary; and the dictionary, hashes as words, low first. */
  key: Uint32Array;
  keyHash: Uint32Array;
  keySize: Uint32Array;
  /** Bytes. */
  valueSize: Uint32Array;
  /** Nanoseconds. */
  latency: Float64Array;
  /** As words, low first; null where no row has one. */
  wide: Record<WideColumn, Uint32Array | null>;
}

/** How a block is to be decoded. */
export interface SortTask {
  block: Block;
  owner: Owner;
  wanted: ReadonlySet<DataColumn>;
  /** Numbers of the block's shapes, in the order of its table. */
  numbers: Uint32Array;
}

/** Columns whose values take four bytes; those of the others take eight. */
const NARROW: ReadonlySet<EventColumn> = new Set(['shape', 'conn', 'key', 'value_size', 'sub', 'key_index']);

function columnsOf({ block, wanted }: SortTask): EventColumn[] {
  return [...ORDER_COLUMNS, ...wanted].filter((name) => isThere(block, name));
}

/** Bytes of everything that `sortBlock` allocates, each column at a multiple of 8. */
export function sortedBytes(task: SortTask): number {
  const { events, keys } = task.block;
  const column = (rows: number, width: number) => Math.ceil((rows * width) / 8) * 8;
  const names: EventColumn[] = ['shape', ...columnsOf(task)];
  const columns = names.reduce((sum, name) => sum + column(events, NARROW.has(name) ? 4 : 8), 0);
  const dictionary = task.wanted.has('key') ? column(keys, 8) + column(keys, 4) : 0;
  return columns + column(events, 4) + dictionary;
}

/**
 * Decodes what is wanted of a block that has events, and sorts its rows.
 *
 * @throws BlockError where it is damaged in a way its checksum does not show
 */
export function sortBlock(task: SortTask, allocate: Allocate = allocateNew): SortedBlock {
  const block = decodeRows(task, allocate);
  block.order = allRows(block.rows, allocate);
  orderRows(block.order, block, task.block.unit);
  return block;
}

/** The same, without sorting: `order` is empty. */
export function decodeRows(task: SortTask, allocate: Allocate = allocateNew): SortedBlock {
  const { block, owner, wanted, numbers } = task;
  const names = columnsOf(task);
  const columns = decodeColumns<EventColumn>(block, names, allocate);
  const isDecoded = new Set<EventColumn>(names);
  const keys = wanted.has('key') ? decodeKeys(block, allocate) : null;
  const words = (name: EventColumn) => (isDecoded.has(name) ? wordsOf(columns[name]) : null);
  // One literal, so that all blocks have the same hidden class.
  const sorted: SortedBlock = {
    run: owner.run,
    worker: block.worker,
    workerKey: owner.workerKey,
    rows: block.events,
    time: wordsOf(columns.time),
    ordinal: wordsOf(columns.ordinal),
    conn: columns.conn,
    sub: isDecoded.has('sub') ? columns.sub : null,
    keyIndex: isDecoded.has('key_index') ? columns.key_index : null,
    order: NONE,
    shape: columns.shape,
    key: columns.key ?? NONE,
    keyHash: keys === null ? NONE : wordsOf(keys.hash),
    keySize: keys?.size ?? NONE,
    valueSize: columns.value_size ?? NONE,
    latency: columns.latency ?? NO_DOUBLES,
    wide: {
      flags: words('flags'),
      ttl: words('ttl'),
      delta: words('delta'),
      initial: words('initial'),
      cas_new: words('cas_new'),
      vivify: words('vivify'),
      recache: words('recache'),
      ttl_left: words('ttl_left'),
    },
  };
  if (block.unit !== 1) scale(sorted, block.unit);
  checkTimes(sorted, block);
  const { shape } = sorted;
  for (let i = 0; i < shape.length; i++) shape[i] = numbers[shape[i]!]!;
  return sorted;
}

/**
 * Whether a column has bytes, or must have by a shape: one of the two alone is damage, for decodeColumns to
 * find.
 */
export function isThere(block: Block, name: EventColumn): boolean {
  const bit = presentBit(block.names, name);
  return columnBytes(block, name).length > 0 || block.shapes.some(({ present }) => present & bit);
}

/** Turns units into nanoseconds. */
function scale({ time, latency, rows }: SortedBlock, unit: number): void {
  let exceeds = false;
  for (let i = 0; i < rows; i++) {
    const low = time[2 * i]! * unit;
    const carry = Math.floor(low / 2 ** 32);
    const high = time[2 * i + 1]! * unit + carry;
    if (high >= 2 ** 32) exceeds = true;
    time[2 * i] = low - carry * 2 ** 32;
    time[2 * i + 1] = high;
  }
  if (exceeds) throw new BlockError('an event has a time of more than 64 bits');
  for (let i = 0; i < latency.length; i++) latency[i]! *= unit;
}

function allRows(rows: number, allocate: Allocate): Uint32Array {
  const { buffer, offset } = allocate(rows * 4);
  const all = new Uint32Array(buffer, offset, rows);
  for (let i = 0; i < rows; i++) all[i] = i;
  return all;
}

function checkTimes({ time, rows }: SortedBlock, { minNs, maxNs }: Block): void {
  let [first, last] = [0, 0];
  for (let i = 1; i < rows; i++) {
    if (isEarlier(time, i, first)) first = i;
    else if (isEarlier(time, last, i)) last = i;
  }
  const at = (row: number) => toBigInt(time[2 * row]!, time[2 * row + 1]!);
  if (at(first) !== minNs || at(last) !== maxNs) {
    throw new BlockError('the times of its events are not those it declares');
  }
}

function isEarlier(time: Uint32Array, a: number, b: number): boolean {
  const difference = time[2 * a + 1]! - time[2 * b + 1]!;
  return difference < 0 || (difference === 0 && time[2 * a]! < time[2 * b]!);
}

/** Time of a row. */
export function timeOf({ time }: SortedBlock, row: number): Words {
  return { high: time[2 * row + 1]!, low: time[2 * row]! };
}
