import type { Block } from './block.js';
import { decodeColumns, decodeConns, decodeKeys, EVENT_COLUMNS } from './columns.js';
import { BlockError } from './damage.js';

/**
 * Decodes all columns of a block and compares them with the numbers it declares.
 *
 * @throws BlockError where they differ
 */
export function checkBlock(block: Block): void {
  const { time, key_index } = decodeColumns(block, EVENT_COLUMNS);
  decodeKeys(block);
  decodeConns(block);
  const unit = BigInt(block.unit);
  const [min, max] = range(time);
  if (min * unit !== block.minNs || max * unit !== block.maxNs) {
    throw new BlockError('the times of its events are not those it declares');
  }
  let requests = 0;
  for (let i = 0; i < key_index.length; i++) if (key_index[i] === 0) requests++;
  if (requests !== block.requests) {
    throw new BlockError(`it declares ${block.requests} requests and holds ${requests}`);
  }
}

/** Smallest and largest value; zeros where there is none. */
function range(values: BigUint64Array): [min: bigint, max: bigint] {
  let min = values[0] ?? 0n;
  let max = min;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}
