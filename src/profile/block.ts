import { asBytes, asCount, asCounts, asList, asUint64, type Body } from './body.js';
import { hex } from './bytes.js';
import { BlockError } from './damage.js';
import type { Names } from './header.js';

/**
 * One row of the shape table, with names instead of numbers: the fields that events of this shape have in
 * common.
 */
export interface Shape {
  op: string;
  status: string;
  proto: string;
  transport: string;
  /** Mode of a meta command, null where none was sent. */
  mode: string | null;
  marks: string[];
  traits: string[];
  /** Bit set over `Names.present`: the columns that have a value for an event of this shape. */
  present: number;
  /** The client flags of all its events; null where each event has its own, or none, as `present` tells. */
  flags: bigint | null;
  /** Bits 0–25 are the flags `a`–`z`, bits 26–51 are `A`–`Z`. */
  metaFlags: bigint;
}

/** A block with undecoded columns; FORMAT.md has the meaning of its fields. */
export interface Block {
  /** Hexadecimal digits. */
  run: string;
  worker: number;
  seq: number;
  /** Nanoseconds in one unit of time. */
  unit: number;
  minNs: bigint;
  maxNs: bigint;
  /** Values to which the first deltas are relative: units, packets, units. */
  baseTime: bigint;
  baseOrdinal: bigint;
  baseConnTime: bigint;
  events: number;
  requests: number;
  conns: number;
  keys: number;
  shapes: Shape[];
  /** Bytes of each column, as views into the frame. */
  columns: ReadonlyMap<string, Uint8Array>;
  counts: Record<string, number>;
  /** Names that numbers in its columns index. */
  names: Names;
}

/** Most rows of each kind in a block, so that many decoded blocks fit into memory. */
const ROWS_MAX = 2 ** 20;
/** Columns that have a value, of at least a byte, for every event. */
const FULL_COLUMNS = ['shape', 'time', 'ordinal', 'conn'];

/**
 * Reads the body of a block; its columns stay undecoded.
 *
 * @throws BlockError where it contradicts itself
 */
export function readBlock(body: Body, names: Names): Block {
  const block: Block = {
    run: hex(asBytes(body.run, 'run')),
    worker: asCount(body.worker, 'worker'),
    seq: asCount(body.seq, 'seq'),
    unit: asCount(body.unit, 'unit'),
    minNs: asUint64(body.min_ns, 'min_ns'),
    maxNs: asUint64(body.max_ns, 'max_ns'),
    baseTime: asUint64(body.base_time, 'base_time'),
    baseOrdinal: asUint64(body.base_ordinal, 'base_ordinal'),
    baseConnTime: asUint64(body.base_conn_time, 'base_conn_time'),
    events: asCount(body.events, 'events'),
    requests: asCount(body.requests, 'requests'),
    conns: asCount(body.conns, 'conns'),
    keys: asCount(body.keys, 'keys'),
    shapes: asList(body.shapes, 'shapes').map((row) => readShape(row, names)),
    columns: cutColumns(asList(body.columns, 'columns'), asBytes(body.payload, 'payload')),
    counts: asCounts(body.counts),
    names,
  };
  for (const rows of [block.events, block.conns, block.keys]) {
    if (rows > ROWS_MAX) throw new BlockError(`${rows} rows are more than a block may have`);
  }
  if (block.requests > block.events) throw new BlockError('it declares more requests than events');
  // Checked before rows are allocated: every value takes at least a byte.
  for (const name of FULL_COLUMNS) checkRows(block, name, block.events, 1);
  checkRows(block, 'key_hash', block.keys, 8);
  checkRows(block, 'conn_id', block.conns, 1);
  return block;
}

/** The bytes of a column, empty where it is absent. */
export function columnBytes(block: Block, name: string): Uint8Array {
  return block.columns.get(name) ?? EMPTY;
}

const EMPTY = new Uint8Array(0);

function checkRows(block: Block, name: string, rows: number, size: number): void {
  if (columnBytes(block, name).length < rows * size) {
    throw new BlockError(`column ${name} is too short for ${rows} rows`);
  }
}

function readShape(value: unknown, names: Names): Shape {
  const row = asList(value, 'a shape');
  const name = (at: number, kind: 'op' | 'status' | 'proto' | 'transport' | 'mode') => {
    const found = names[kind][asCount(row[at], `${kind} of a shape`)];
    if (found === undefined) throw new BlockError(`${kind} ${row[at]} has no name`);
    return found;
  };
  const mode = name(4, 'mode');
  const stored = asCount(row[7], 'present of a shape');
  const bit = (present: string) => bitOf(names.present, present);
  const flags = stored & bit('shape_flags') ? asUint64(row[9], 'flags of a shape') : null;
  if (flags !== null && stored & bit('flags')) throw new BlockError('a shape has flags and a column of them');
  return {
    op: name(0, 'op'),
    status: name(1, 'status'),
    proto: name(2, 'proto'),
    transport: name(3, 'transport'),
    mode: mode === 'none' ? null : mode,
    marks: namesOfBits(asCount(row[5], 'marks of a shape'), names.mark),
    traits: namesOfBits(asCount(row[6], 'traits of a shape'), names.trait),
    // Readers of columns see the flags of the shape as a column.
    present: flags === null ? stored : stored | bit('flags'),
    flags,
    metaFlags: asUint64(row[8], 'meta flags of a shape'),
  };
}

/** The bit of a name; 0 where the profile does not have the name. */
export function bitOf(names: readonly string[], name: string): number {
  const bit = names.indexOf(name);
  return bit < 0 ? 0 : 1 << bit;
}

function namesOfBits(bits: number, names: readonly string[]): string[] {
  return bits === 0 ? [] : names.filter((_, bit) => (bits >> bit) & 1);
}

/** Splits the payload into its columns. */
function cutColumns(sizes: readonly unknown[], payload: Uint8Array): Map<string, Uint8Array> {
  const columns = new Map<string, Uint8Array>();
  let at = 0;
  for (const row of sizes) {
    const [name, size] = asList(row, 'a row of columns');
    const end = at + asCount(size, 'the size of a column');
    if (typeof name !== 'string' || columns.has(name))
      throw new BlockError('a column has no name of its own');
    if (end > payload.length) throw new BlockError('columns exceed the payload');
    columns.set(name, payload.subarray(at, end));
    at = end;
  }
  if (at !== payload.length) throw new BlockError('the payload exceeds its columns');
  return columns;
}
