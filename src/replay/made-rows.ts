import type { Rows } from './rows.js';
import type { CommandShape } from './shapes.js';

const words = (length: number) => new Uint32Array(new SharedArrayBuffer(4 * length));
const doubles = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length));

/**
 * Rows that were not recorded, to be filled in: each with a key of its own, all of the first shape. Their columns have the
 * order of recorded ones, so that code that is compiled for one kind fits the other.
 */
export function makeRows(rows: number, shapes: CommandShape[]): Rows {
  const count = words(rows);
  for (let row = 0; row < rows; row++) count[row] = row;
  return {
    ...{ run: 0, worker: 0, time: words(2 * rows), ordinal: words(2 * rows), conn: words(rows) },
    ...{ sub: null, keyIndex: null, workerKey: 0, rows, order: count, shape: words(rows), key: count },
    ...{ keyHash: words(2 * rows), keySize: words(rows), valueSize: words(rows), latency: doubles(rows) },
    wide: {
      ...{ flags: words(2 * rows), ttl: null, delta: null, initial: null, cas_new: null, vivify: null },
      ...{ recache: null, ttl_left: null },
    },
    ...{ taken: 0, at: doubles(rows), shapes, memory: -1 },
  };
}
