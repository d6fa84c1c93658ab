import type { NumberedRows } from '../profile/event-numbers.js';

/** Events of a batch at most, but for Parquet. */
export const BATCH_ROWS = 16_384;

/** Events in the order of request time. */
export type Batch = NumberedRows;

/** A batch in memory that threads can share. */
export function createBatch(capacity: number): Batch {
  const words = () => new Uint32Array(new SharedArrayBuffer(4 * capacity));
  const request = new Float64Array(new SharedArrayBuffer(8 * capacity));
  return { rows: 0, blocks: [], block: words(), row: words(), conn: words(), request };
}
