import { COUNTER_NAMES } from '../layout/generated.js';
import type { WorkerState } from '../memory/worker-state.js';
import type { SealedBlock } from './messages.js';

/**
 * What one worker's blocks told, as they arrive. This is the truth: a thread that is ended between sending a
 * block and saying so in the shared memory knows less.
 */
export class Delivered {
  #blocks = 0;
  readonly #totals = new BigUint64Array(COUNTER_NAMES.length);

  /** Blocks that came. */
  get blocks(): number {
    return this.#blocks;
  }

  add({ counts }: SealedBlock): void {
    this.#blocks++;
    COUNTER_NAMES.forEach((name, i) => {
      this.#totals[i]! += BigInt(counts[name] ?? 0);
    });
  }

  /** Sets the worker's state right for its next thread. To be called when the one before is gone, and its last block here. */
  settle(state: WorkerState): void {
    state.told(this.#blocks, this.#totals);
  }
}
