import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Batch, createBatch } from './batch.js';
import { BatchPool } from './batch-pool.js';
import { Changes } from './changes.js';
import { createEncoder, type Encoded, Encoding } from './encoding.js';
import type { ExportFormat, ExportSink } from './options.js';
import type { EventShape } from './shapes.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

/** Batches under way between reading and encoding: one that is filled, one that is encoded, and some to even out. */
const BATCHES = 4;

/** Where filled batches go, and where empty ones come from. */
export interface Pipeline {
  /** A batch to fill. */
  batch(): Promise<Batch>;
  /** Encodes and writes what is in a batch. */
  push(batch: Batch, shapes: readonly EventShape[]): Promise<void>;
  /** Writes what is left. */
  finish(): Promise<Encoded>;
  /** Ends it where it stands. */
  stop(): Promise<void>;
}

/** Encodes on the thread that reads. */
export async function startHere(format: ExportFormat, output: number | ExportSink): Promise<Pipeline> {
  const encoding = new Encoding(await createEncoder(format), output);
  await encoding.start();
  const batch = createBatch();
  let isStopped = false;
  // Signals are heard between batches.
  const pause = async () => {
    await turn();
    if (isStopped) throw new Error('the export was stopped');
  };
  return {
    batch: async () => batch,
    push: async (filled, shapes) => {
      await encoding.add(filled, shapes);
      await pause();
    },
    finish: () => encoding.finish(pause),
    stop: async () => {
      isStopped = true;
    },
  };
}

/** Encodes on a thread of its own, which writes a file itself. */
export class ThreadPipeline implements Pipeline {
  readonly #worker: Worker;
  readonly #sink: ExportSink | null;
  readonly #changes = new Changes();
  readonly #batches = new BatchPool(BATCHES, this.#changes);
  /** Shapes the thread knows. */
  #shapes = 0;
  #encoded: Encoded | undefined;
  /** What the sink is at. */
  #written: Promise<void> = Promise.resolve();

  constructor(format: ExportFormat, output: number | ExportSink) {
    this.#sink = typeof output === 'number' ? null : output;
    const workerData: ThreadData = {
      format,
      fd: typeof output === 'number' ? output : null,
      batches: this.#batches.all,
    };
    this.#worker = new Worker(new URL('./thread.js', import.meta.url), { workerData });
    this.#worker.on('message', (message: FromThread) => this.#onMessage(message));
    this.#worker.on('error', (error) => this.#changes.fail(error));
    this.#worker.on('exit', () => {
      if (this.#encoded === undefined) this.#changes.fail(new Error('the thread that encodes ended'));
    });
  }

  batch(): Promise<Batch> {
    return this.#batches.take();
  }

  async push(batch: Batch, shapes: readonly EventShape[]): Promise<void> {
    // Messages of the thread are heard between batches, and signals.
    await turn();
    this.#changes.check();
    const index = this.#batches.all.indexOf(batch);
    this.#send({ index, rows: batch.rows, shapes: shapes.slice(this.#shapes) });
    this.#shapes = shapes.length;
  }

  async finish(): Promise<Encoded> {
    this.#send('finish');
    while (this.#encoded === undefined) await this.#changes.next();
    await this.#written;
    this.#changes.check();
    return this.#encoded;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #onMessage(message: FromThread): void {
    if (message.kind === 'failed') {
      const { errno, text } = message;
      this.#changes.fail(Object.assign(new Error(text), errno === undefined ? {} : { code: errno }));
      return;
    }
    const { bytes, index, encoded } = message;
    const done = () => {
      if (index !== undefined) this.#batches.give(index);
      if (encoded !== undefined) this.#encoded = encoded;
      this.#changes.tell();
    };
    const sink = this.#sink;
    if (sink === null || bytes.length === 0) {
      done();
      return;
    }
    this.#written = this.#written
      .then(async () => {
        for (const chunk of bytes) await sink(chunk);
      })
      .then(done, (error) => this.#changes.fail(error));
  }
}
