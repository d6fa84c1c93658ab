import { setImmediate as turn } from 'node:timers/promises';
import type { EventShape } from '../profile/shapes.js';
import type { Batch } from './batch.js';
import { Changes } from './changes.js';
import type { Output, Written } from './output.js';
import { helping, type Work } from './work.js';

/** Encodes batches and writes the results, in order. */
export class Pipeline {
  readonly #free: Batch[];
  readonly #work: Work;
  readonly #output: Output;
  /** Resolves when everything that was pushed is written. */
  #written: Promise<void>;
  readonly #changes = new Changes();
  readonly #onWritten: (batch: Batch) => void;

  /** @param onWritten called for each batch when it is written and before it is filled again */
  constructor(batches: readonly Batch[], work: Work, output: Output, onWritten: (batch: Batch) => void) {
    this.#free = [...batches];
    this.#work = work;
    this.#output = output;
    this.#onWritten = onWritten;
    this.#written = this.#after(Promise.resolve(), () => output.start());
  }

  /** Waits for a batch to fill. */
  async batch(): Promise<Batch> {
    // Messages from threads and signals arrive between batches.
    await turn();
    this.#changes.check();
    for (;;) {
      const batch = this.#free.pop();
      if (batch !== undefined) return batch;
      await helping(this.#work, this.#changes.next());
    }
  }

  /** Encodes a batch; it is written behind those that were pushed before. */
  push(batch: Batch, shapes: readonly EventShape[]): void {
    const encoded = this.#work.encode(batch, shapes);
    // A failure is thrown where the result is written.
    encoded.catch(() => {});
    this.#written = this.#after(this.#written, async () => {
      const result = await encoded;
      await this.#output.add(result, batch.rows);
      this.#work.recycle(result.bytes.buffer);
      this.#onWritten(batch);
      this.#free.push(batch);
    });
  }

  /** Writes what is left. */
  async finish(): Promise<Written> {
    await helping(this.#work, this.#written);
    this.#changes.check();
    return this.#output.finish(async () => {
      await turn();
      this.#changes.check();
    });
  }

  /** Stops all work. */
  async stop(): Promise<void> {
    this.#changes.fail(new Error('the export was stopped'));
    await this.#work.stop();
  }

  async #after(before: Promise<void>, next: () => Promise<void>): Promise<void> {
    await before;
    try {
      this.#changes.check();
      await next();
      this.#changes.tell();
    } catch (error) {
      this.#changes.fail(error);
    }
  }
}
