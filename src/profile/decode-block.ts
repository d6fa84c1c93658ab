/** A block's body as typed arrays: no object for each event anywhere. */
import { Unpackr } from 'msgpackr/unpack';
import type { Names } from './header.js';

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'bigint' });

/** Reads any frame's body as a plain object. Integers above 32 bits may be number or bigint. */
export function decodeBody(body: Uint8Array): Record<string, unknown> {
  const value: unknown = unpackr.unpack(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('not a map');
  return value as Record<string, unknown>;
}

/** One row of the shape table, see FORMAT.md. */
export interface Shape {
  op: number;
  status: number;
  proto: number;
  transport: number;
  mode: number;
  marks: number;
  traits: number;
  present: number;
  metaFlags: bigint;
}

/** A block, its payload not yet looked at. */
export interface Block {
  worker: number;
  seq: number;
  unit: number;
  minNs: bigint;
  maxNs: bigint;
  baseTime: bigint;
  baseOrdinal: bigint;
  baseConnTime: bigint;
  events: number;
  requests: number;
  conns: number;
  keys: number;
  shapes: Shape[];
  /** Bytes of each column within the payload. */
  columns: Map<string, Uint8Array>;
  counts: Record<string, number>;
}

/** Where a damaged or lying block is told from a good one. */
export class BlockError extends Error {}

function integer(body: Record<string, unknown>, key: string): number {
  const value = Number(body[key]);
  if (!Number.isSafeInteger(value) || value < 0) throw new BlockError(`${key} is not a count`);
  return value;
}

function big(body: Record<string, unknown>, key: string): bigint {
  const value = body[key];
  if (typeof value === 'bigint') return value;
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  throw new BlockError(`${key} is not an integer`);
}

function shapeOf(row: unknown): Shape {
  if (!Array.isArray(row) || row.length < 9) throw new BlockError('a shape is not a row of nine');
  const [op, status, proto, transport, mode, marks, traits, present] = row.map(Number);
  return {
    op: op!,
    status: status!,
    proto: proto!,
    transport: transport!,
    mode: mode!,
    marks: marks!,
    traits: traits!,
    present: present!,
    metaFlags: BigInt(row[8]),
  };
}

/**
 * Reads a block's body. The columns are views into it.
 *
 * @throws BlockError where it contradicts itself
 */
export function decodeBlock(bytes: Uint8Array): Block {
  const body = decodeBody(bytes);
  const payload = body.payload;
  if (!(payload instanceof Uint8Array)) throw new BlockError('no payload');
  const columns = new Map<string, Uint8Array>();
  let at = 0;
  for (const [name, size] of body.columns as [string, number][]) {
    if (!Number.isSafeInteger(size) || size < 0 || at + size > payload.length) throw new BlockError('columns exceed the payload');
    columns.set(name, payload.subarray(at, at + size));
    at += size;
  }
  const block: Block = {
    worker: integer(body, 'worker'),
    seq: integer(body, 'seq'),
    unit: integer(body, 'unit'),
    minNs: big(body, 'min_ns'),
    maxNs: big(body, 'max_ns'),
    baseTime: big(body, 'base_time'),
    baseOrdinal: big(body, 'base_ordinal'),
    baseConnTime: big(body, 'base_conn_time'),
    events: integer(body, 'events'),
    requests: integer(body, 'requests'),
    conns: integer(body, 'conns'),
    keys: integer(body, 'keys'),
    shapes: (body.shapes as unknown[]).map(shapeOf),
    columns,
    counts: body.counts as Record<string, number>,
  };
  // Every event takes at least a byte in four columns: a count beyond that is a lie, and must not be allocated.
  for (const name of ['shape', 'time', 'ordinal', 'conn']) {
    if ((columns.get(name)?.length ?? 0) < block.events) throw new BlockError(`column ${name} is too short`);
  }
  if ((columns.get('key_hash')?.length ?? 0) !== block.keys * 8) throw new BlockError('key dictionary of another size');
  return block;
}

const EMPTY = new Uint8Array(0);

/** Reads varints of a column one after another. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array | undefined) {
    this.#bytes = bytes ?? EMPTY;
  }

  /** The next value; exact below 2^53. */
  next(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++];
    if (byte === undefined) throw new BlockError('a column ends too early');
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    for (;;) {
      byte = bytes[this.#at++];
      if (byte === undefined) throw new BlockError('a column ends too early');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  /** The next value as a signed number in zigzag; exact below 2^52. */
  nextSigned(): number {
    const value = this.next();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** The next value, exact. */
  nextBig(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || shift > 63n) throw new BlockError('a column ends too early');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  }

  /** The next value as a signed number in zigzag, exact. */
  nextSignedBig(): bigint {
    const value = this.nextBig();
    return value & 1n ? -(value + 1n) / 2n : value / 2n;
  }
}

/** Decodes `count` varints at once. */
export function readVarints(bytes: Uint8Array | undefined, count: number): Float64Array {
  const out = new Float64Array(count);
  const source = bytes ?? EMPTY;
  let at = 0;
  for (let i = 0; i < count; i++) {
    let byte = source[at++]!;
    if (byte < 0x80) {
      out[i] = byte;
      continue;
    }
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = source[at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    out[i] = value;
  }
  // Reading past the end gives undefined, which ends as NaN in the last place at the latest.
  if (at > source.length) throw new BlockError('a column ends too early');
  return out;
}

/** Like `readVarints` for zigzag numbers, each added to the sum of those before it. */
export function readDeltas(bytes: Uint8Array | undefined, count: number): Float64Array {
  const out = readVarints(bytes, count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const value = out[i]!;
    sum += value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    out[i] = sum;
  }
  return out;
}

/** The key dictionary's hashes as pairs of 32-bit words: low, high. */
export function readHashes(block: Block): Uint32Array {
  const bytes = block.columns.get('key_hash') ?? EMPTY;
  // A copy, because a view needs an aligned offset.
  return new Uint32Array(bytes.slice().buffer);
}

/** Bits of `present` by name, for the names a profile was written with. */
export function presentBits(names: Names): Record<string, number> {
  return Object.fromEntries(names.present.map((name, bit) => [name, 1 << bit]));
}
