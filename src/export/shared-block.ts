import { BlockError } from '../profile/damage.js';
import { type SortedBlock, type SortTask, sortBlock } from '../profile/sorted-block.js';

/**
 * Decodes and sorts a block into memory of at least `sortedBytes(task)` bytes. Returns what is wrong with the block
 * where it is damaged: errors lose their class on the way between threads.
 */
export function decodeInto(task: SortTask, memory: SharedArrayBuffer): SortedBlock | string {
  let next = 0;
  const allocate = (bytes: number) => {
    const offset = next;
    next += Math.ceil(bytes / 8) * 8;
    return { buffer: memory, offset };
  };
  try {
    return sortBlock(task, allocate);
  } catch (error) {
    if (error instanceof BlockError) return error.message;
    throw error;
  }
}
