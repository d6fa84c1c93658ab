import { type Block, columnBytes } from '../profile/block.js';
import { decodeColumns, decodeKeys, type EventColumn, presentBit } from '../profile/columns.js';
import { BlockError } from '../profile/damage.js';
import { type ExportColumn, WIDE_COLUMNS, type WideColumn } from './batch.js';
import { type Ordered, orderRows } from './order.js';

/** Columns the order of events is made of. */
const ORDER_COLUMNS = ['time', 'ordinal', 'conn', 'sub', 'key_index'] as const satisfies EventColumn[];
/** What nothing is written into and nothing valid is read from. */
const NONE = new Uint32Array(0);

/** A block's columns in the order they stand in it, the order of its rows, and how far these were taken. */
export interface SortedBlock extends Ordered {
  /** Numbers the workers of all recordings. */
  workerKey: number;
  rows: number;
  /** Rows in the total order of FORMAT.md. */
  order: Uint32Array;
  taken: number;
  /** Numbers of shapes. */
  shape: Uint32Array;
  /** Entry of the key dictionary; and the dictionary, hashes as words. */
  key: Uint32Array;
  keyHash: Uint32Array;
  keySize: Uint32Array;
  valueSize: Uint32Array;
  /** Nanoseconds. */
  latency: Float64Array;
  /** As words; null where no row has one. */
  wide: Record<WideColumn, Uint32Array | null>;
}

/** Zeros for columns without any value: nothing is ever written into them. */
let allZeros = new Uint32Array(1 << 16);

/** A column of zeros, longer than asked for. */
export function zeros(rows: number): Uint32Array {
  if (rows > allZeros.length) allZeros = new Uint32Array(2 * rows);
  return allZeros;
}

/** Whether a column is one that `zeros` returned. */
export function isZeros(column: Uint32Array): boolean {
  return column === allZeros;
}

/** Whose block it is. */
export interface Owner {
  run: number;
  workerKey: number;
}

/**
 * Decodes what is wanted of a block and sorts its rows.
 *
 * @param numbers those of the block's shapes among the shapes of all profiles
 * @throws BlockError where it is damaged in a way its checksum does not show
 */
export function sortBlock(
  block: Block,
  owner: Owner,
  wanted: ReadonlySet<ExportColumn>,
  numbers: Uint32Array,
): SortedBlock {
  const columns = ['key', 'value_size', 'latency', ...WIDE_COLUMNS].filter(
    (name) => wanted.has(name as ExportColumn) || (name === 'key' && wanted.has('key_size')),
  ) as EventColumn[];
  // A block is good or it is not: where all fields are wanted, damage in the one that is not shown counts, too.
  if (wanted.has('request')) columns.push('opaque');
  const decoded = decodeColumns(
    block,
    [...ORDER_COLUMNS, ...columns].filter((name) => isThere(block, name)),
  ) as ReturnType<typeof decodeColumns<EventColumn>> & { [name: string]: unknown };
  const words = (column: BigUint64Array | BigInt64Array | undefined) =>
    column === undefined ? null : new Uint32Array(column.buffer);
  const keys = columns.includes('key') ? decodeKeys(block) : null;
  const sorted: SortedBlock = {
    ...owner,
    worker: block.worker,
    rows: block.events,
    order: NONE,
    taken: 0,
    shape: decoded.shape,
    time: words(decoded.time)!,
    ordinal: words(decoded.ordinal)!,
    conn: decoded.conn,
    sub: decoded.sub ?? zeros(block.events),
    keyIndex: decoded.key_index ?? zeros(block.events),
    key: decoded.key ?? new Uint32Array(columns.includes('key') ? block.events : 0),
    keyHash: keys === null || keys.size.length === 0 ? new Uint32Array(2) : new Uint32Array(keys.hash.buffer),
    keySize: keys === null || keys.size.length === 0 ? new Uint32Array(1) : keys.size,
    valueSize: decoded.value_size ?? new Uint32Array(wanted.has('value_size') ? block.events : 0),
    latency: decoded.latency ?? new Float64Array(wanted.has('latency') ? block.events : 0),
    wide: Object.fromEntries(
      WIDE_COLUMNS.map((name) => [name, words(decoded[name] as BigInt64Array | undefined)]),
    ) as SortedBlock['wide'],
  };
  sorted.order = orderRows(sorted, sorted.rows);
  if (block.unit !== 1) scale(sorted, block.unit);
  checkFirst(sorted, block);
  for (let i = 0; i < sorted.rows; i++) sorted.shape[i] = numbers[sorted.shape[i]!]!;
  return sorted;
}

/** Whether a column has bytes, or must have by a shape: one of the two alone is damage, for decodeColumns to find. */
function isThere(block: Block, name: EventColumn): boolean {
  const bit = presentBit(block.names, name);
  return columnBytes(block, name).length > 0 || block.shapes.some(({ present }) => present & bit);
}

/** Turns units into nanoseconds. */
function scale({ time, latency, rows }: SortedBlock, unit: number): void {
  for (let i = 0; i < rows; i++) {
    const low = time[2 * i]! * unit;
    const high = time[2 * i + 1]! * unit + Math.floor(low / 2 ** 32);
    if (high >= 2 ** 32) throw new BlockError('an event has a time of more than 64 bits');
    time[2 * i] = low % 2 ** 32;
    time[2 * i + 1] = high;
  }
  for (let i = 0; i < latency.length; i++) latency[i]! *= unit;
}

function checkFirst({ time, order }: SortedBlock, { minNs }: Block): void {
  const row = order[0]!;
  if ((BigInt(time[2 * row + 1]!) << 32n) + BigInt(time[2 * row]!) !== minNs) {
    throw new BlockError('its first event is not at the time it declares');
  }
}
