/** The thread that decodes: takes blocks as they were read, and sends back their columns and order. */
import { parentPort } from 'node:worker_threads';
import { BlockError } from '../profile/damage.js';
import type { BlockTask, Decoded } from './block-decoder.js';
import { isZeros, type SortedBlock, sortBlock } from './sorted-block.js';

/** The memory of all columns, which is handed over and not copied. */
function buffersOf(answer: object): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const column of Object.values(answer)) {
    if (ArrayBuffer.isView(column) && column.byteLength > 0) buffers.add(column.buffer as ArrayBuffer);
  }
  return [...buffers];
}

function answer(id: number, block: SortedBlock): void {
  const withoutZeros = (column: Uint32Array) => (isZeros(column) ? null : column);
  const sorted = { ...block, sub: withoutZeros(block.sub), keyIndex: withoutZeros(block.keyIndex) };
  const message: Decoded = { id, sorted };
  parentPort!.postMessage(message, [...buffersOf(sorted), ...buffersOf(block.wide)]);
}

parentPort!.on('message', ({ id, block, owner, wanted, numbers }: BlockTask & { id: number }) => {
  try {
    answer(id, sortBlock(block, owner, wanted, numbers));
  } catch (error) {
    if (!(error instanceof BlockError)) throw error;
    const message: Decoded = { id, damage: error.message };
    parentPort!.postMessage(message);
  }
});
