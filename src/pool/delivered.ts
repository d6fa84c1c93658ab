import { COUNTER_NAMES } from '../layout/generated.js';
import type { WorkerState } from '../memory/worker-state.js';
import type { SealedBlock } from './messages.js';

/**
 * The blocks received from one worker, and the sums of their counts. They are right even where a thread is
 * ended after sending a block and before storing that in the shared memory.
 */
export class Delivered {
  #blocks = 0;
  readonly #totals = new BigUint64Array(COUNTER_NAMES.length);

  /** Number of blocks received. */
  get blocks(): number {
    return this.#blocks;
  }

  add({ counts }: SealedBlock): void {
    this.#blocks++;
    COUNTER_NAMES.forEach((name, i) => {
      this.#totals[i]! += BigInt(counts[name] ?? 0);
    });
  }

  /**
   * Corrects the worker's state for its next thread. Call it after the thread's end and the receipt of its
   * last block.
   */
  settle(state: WorkerState): void {
    state.setSent(this.#blocks, this.#totals);
  }
}
