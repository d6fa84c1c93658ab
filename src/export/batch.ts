/** Columns of 64-bit integers, as pairs of words, low and high. The first three are in every event of `cat`. */
export const WIDE_COLUMNS = [
  'flags',
  'ttl',
  'delta',
  'initial',
  'cas_new',
  'vivify',
  'recache',
  'ttl_left',
] as const;
export type WideColumn = (typeof WIDE_COLUMNS)[number];

/** What a format may ask for besides time and shape, which every event has. */
export type ExportColumn = 'conn' | 'request' | 'key' | 'key_size' | 'value_size' | 'latency' | WideColumn;

/** Events of one batch at most. */
export const BATCH_ROWS = 16_384;

/**
 * Events in the order of request time, as columns: row i of each is event i. What the format did not ask for,
 * and what an event does not have by the `has` of its shape, holds anything.
 */
export interface Batch {
  rows: number;
  /** Number of the event's shape. */
  shape: Uint32Array;
  /** Unix nanoseconds, low and high word. */
  time: Uint32Array;
  conn: Uint32Array;
  /** Request numbers, which may exceed 2^32. */
  request: Float64Array;
  /** Key hashes, low and high word. */
  key: Uint32Array;
  /** Bytes. */
  keySize: Uint32Array;
  /** Bytes. */
  valueSize: Uint32Array;
  /** Nanoseconds. */
  latency: Float64Array;
  wide: Record<WideColumn, Uint32Array>;
}

/** A batch with room for all columns, in memory that threads can share. */
export function createBatch(rows = BATCH_ROWS): Batch {
  const words = (perRow: number) => new Uint32Array(new SharedArrayBuffer(rows * perRow * 4));
  const doubles = () => new Float64Array(new SharedArrayBuffer(rows * 8));
  return {
    rows: 0,
    shape: words(1),
    time: words(2),
    conn: words(1),
    request: doubles(),
    key: words(2),
    keySize: words(1),
    valueSize: words(1),
    latency: doubles(),
    wide: Object.fromEntries(WIDE_COLUMNS.map((name) => [name, words(2)])) as Batch['wide'],
  };
}
