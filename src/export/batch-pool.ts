import { type Batch, createBatch } from './batch.js';
import type { Changes } from './changes.js';

/** Batches that go to the threads that encode, and come back empty. */
export class BatchPool {
  /** All of them: threads know a batch by its place here. */
  readonly all: readonly Batch[];
  readonly #free: Batch[];
  readonly #changes: Changes;

  /** @param changes told of whenever a batch comes back */
  constructor(count: number, changes: Changes) {
    this.all = Array.from({ length: count }, () => createBatch());
    this.#free = [...this.all];
    this.#changes = changes;
  }

  /** Waits for an empty batch. */
  async take(): Promise<Batch> {
    for (;;) {
      const batch = this.#free.pop();
      if (batch !== undefined) return batch;
      await this.#changes.next();
    }
  }

  give(index: number): void {
    this.#free.push(this.all[index]!);
  }
}
