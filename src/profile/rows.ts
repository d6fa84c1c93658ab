/** All rows of a block, column by column, aligned: entry i of every array is event i. */
import { type Block, BlockError, presentBits, readDeltas, readHashes, readVarints, VarintReader } from './decode-block.js';
import type { Names } from './header.js';

export interface Rows {
  /** Index into the block's shapes. */
  shape: Float64Array;
  /** Units since the block's base time. */
  time: Float64Array;
  /** Packets since the block's base ordinal. */
  ordinal: Float64Array;
  conn: Float64Array;
  sub: Float64Array;
  keyIndex: Float64Array;
  /** Index into the dictionary, -1 where the event has no key. */
  key: Int32Array;
  /** NaN where absent. */
  valueSize: Float64Array;
  latency: Float64Array;
  /** The dictionary: hashes as pairs of words (low, high), sizes. */
  hashes: Uint32Array;
  keySizes: Float64Array;
}

/** Spreads a sparse column over the rows that have it. */
function sparse(block: Block, column: string, bit: number, present: Int32Array, absent: number): Float64Array {
  const out = new Float64Array(block.events);
  const bytes = block.columns.get(column);
  if (bytes === undefined) {
    if (absent !== 0) out.fill(absent);
    for (let i = 0; i < out.length; i++) if (present[i]! & bit) throw new BlockError(`column ${column} is missing`);
    return out;
  }
  const size = bytes.length;
  let at = 0;
  for (let i = 0; i < out.length; i++) {
    if ((present[i]! & bit) === 0) {
      out[i] = absent;
      continue;
    }
    let byte = bytes[at++]!;
    let value = byte & 0x7f;
    let scale = 128;
    while (byte >= 0x80) {
      byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    out[i] = value;
  }
  if (at > size) throw new BlockError(`column ${column} ends too early`);
  return out;
}

/**
 * Decodes what analysis and ordering need.
 *
 * @throws BlockError where a column is short or points outside its table
 */
export function readRows(block: Block, names: Names): Rows {
  const bits = presentBits(names);
  const count = block.events;
  const shape = readVarints(block.columns.get('shape'), count);
  const presentOf = Int32Array.from(block.shapes, (s) => s.present);
  const present = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const index = shape[i]!;
    if (!(index < presentOf.length)) throw new BlockError('an event has no shape');
    present[i] = presentOf[index]!;
  }
  const key = Int32Array.from(sparse(block, 'key', bits.key ?? 0, present, -1));
  for (let i = 0; i < count; i++) if (key[i]! >= block.keys) throw new BlockError('an event has no key entry');
  return {
    shape,
    time: readDeltas(block.columns.get('time'), count),
    ordinal: readDeltas(block.columns.get('ordinal'), count),
    conn: readVarints(block.columns.get('conn'), count),
    sub: sparse(block, 'sub', bits.sub ?? 0, present, 0),
    keyIndex: sparse(block, 'key_index', bits.key_index ?? 0, present, 0),
    key,
    valueSize: sparse(block, 'value_size', bits.value_size ?? 0, present, Number.NaN),
    latency: sparse(block, 'latency', bits.latency ?? 0, present, Number.NaN),
    hashes: readHashes(block),
    keySizes: readVarints(block.columns.get('key_size'), block.keys),
  };
}

/** The columns few events have, read row by row: values are exact, null where absent. */
export class RareColumns {
  readonly #present: readonly number[];
  readonly #bits: Record<string, number>;
  readonly #readers: Record<string, VarintReader>;
  readonly #opaques: DataView | null;
  #opaqueAt = 0;

  constructor(block: Block, names: Names) {
    this.#present = block.shapes.map((shape) => shape.present);
    this.#bits = presentBits(names);
    this.#readers = Object.fromEntries(
      ['flags', 'delta', 'initial', 'cas_new', 'ttl', 'vivify', 'recache', 'ttl_left'].map((name) => [
        name,
        new VarintReader(block.columns.get(name)),
      ]),
    );
    const opaque = block.columns.get('opaque');
    this.#opaques = opaque === undefined ? null : new DataView(opaque.buffer, opaque.byteOffset, opaque.length);
  }

  /** Values of the next row, whose shape is given. Call for every row in row order. */
  next(shape: number): RareValues {
    const present = this.#present[shape]!;
    const unsigned = (name: string) => (present & (this.#bits[name] ?? 0) ? this.#readers[name]!.nextBig() : null);
    const signed = (name: string) => (present & (this.#bits[name] ?? 0) ? this.#readers[name]!.nextSignedBig() : null);
    let opaque: bigint | null = null;
    if (present & (this.#bits.opaque ?? 0)) {
      if (this.#opaques === null || this.#opaqueAt + 8 > this.#opaques.byteLength) throw new BlockError('column opaque ends too early');
      opaque = this.#opaques.getBigUint64(this.#opaqueAt, true);
      this.#opaqueAt += 8;
    }
    return {
      flags: unsigned('flags'),
      delta: unsigned('delta'),
      initial: unsigned('initial'),
      casNew: unsigned('cas_new'),
      ttl: signed('ttl'),
      vivify: signed('vivify'),
      recache: signed('recache'),
      ttlLeft: signed('ttl_left'),
      opaque,
    };
  }
}

export interface RareValues {
  flags: bigint | null;
  delta: bigint | null;
  initial: bigint | null;
  casNew: bigint | null;
  ttl: bigint | null;
  vivify: bigint | null;
  recache: bigint | null;
  ttlLeft: bigint | null;
  opaque: bigint | null;
}
