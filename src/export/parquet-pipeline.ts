import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { writeAll } from '../profile/create.js';
import type { Batch } from './batch.js';
import { BatchPool } from './batch-pool.js';
import { Changes } from './changes.js';
import type { Encoded } from './encoding.js';
import { type EncodedGroup, GROUP_BATCHES } from './group-encoder.js';
import type { FromGroupThread, ToGroupThread } from './group-messages.js';
import { ParquetFile } from './parquet.js';
import type { Pipeline } from './pipeline.js';
import type { EventShape } from './shapes.js';

/** A thread, and how many shapes it knows. */
interface GroupThread {
  worker: Worker;
  shapes: number;
}

/**
 * Encodes Parquet on several threads, a row group on each in turn: the library takes ten times as long for an event as
 * reading it. The groups are put into the file here, in their order.
 */
export class ParquetPipeline implements Pipeline {
  readonly #fd: number;
  readonly #file = new ParquetFile();
  readonly #changes = new Changes();
  readonly #batches: BatchPool;
  readonly #threads: GroupThread[];
  /** Groups that came before their turn, by number. */
  readonly #early = new Map<number, EncodedGroup>();
  /** Batches of the group at hand, and its number. */
  #filled = 0;
  #group = 0;
  #written = 0;
  #bytes = 0;
  #isStopped = false;

  /**
   * @param fd open for writing
   * @param threads how many, at least 1
   */
  constructor(fd: number, threads: number) {
    this.#fd = fd;
    // As many as are in a group on each thread, so that none waits for another.
    this.#batches = new BatchPool(threads * GROUP_BATCHES, this.#changes);
    this.#threads = Array.from({ length: threads }, () => ({ worker: this.#start(), shapes: 0 }));
  }

  batch(): Promise<Batch> {
    return this.#batches.take();
  }

  async push(batch: Batch, shapes: readonly EventShape[]): Promise<void> {
    // Messages of the threads are heard between batches, and signals.
    await turn();
    this.#changes.check();
    const thread = this.#threads[this.#group % this.#threads.length]!;
    const index = this.#batches.all.indexOf(batch);
    const news = shapes.slice(thread.shapes);
    this.#send(thread, { kind: 'batch', index, rows: batch.rows, shapes: news });
    thread.shapes = shapes.length;
    this.#filled++;
    if (this.#filled === GROUP_BATCHES) this.#seal();
  }

  async finish(): Promise<Encoded> {
    if (this.#filled > 0) this.#seal();
    while (this.#written < this.#group) await this.#changes.next();
    this.#write(this.#file.finish());
    await this.stop();
    return { bytes: this.#bytes, changed: {}, withoutSize: 0 };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(): Worker {
    const worker = new Worker(new URL('./parquet-thread.js', import.meta.url), {
      workerData: this.#batches.all,
    });
    worker.on('message', (message: FromGroupThread) => this.#onMessage(message));
    worker.on('error', (error) => this.#changes.fail(error));
    worker.on('exit', () => {
      if (!this.#isStopped) this.#changes.fail(new Error('a thread that encodes ended'));
    });
    return worker;
  }

  #send({ worker }: GroupThread, message: ToGroupThread): void {
    worker.postMessage(message);
  }

  #seal(): void {
    this.#send(this.#threads[this.#group % this.#threads.length]!, { kind: 'seal', number: this.#group });
    this.#group++;
    this.#filled = 0;
  }

  #onMessage(message: FromGroupThread): void {
    if (message.kind === 'free') this.#batches.give(message.index);
    else {
      this.#early.set(message.number, message.group);
      this.#writeGroups();
    }
    this.#changes.tell();
  }

  /** Writes the groups whose turn has come. */
  #writeGroups(): void {
    for (let group = this.#early.get(this.#written); group !== undefined; ) {
      this.#early.delete(this.#written);
      try {
        this.#write(this.#file.append(group));
      } catch (error) {
        this.#changes.fail(error);
        return;
      }
      this.#written++;
      group = this.#early.get(this.#written);
    }
  }

  #write(bytes: Uint8Array): void {
    writeAll(this.#fd, bytes);
    this.#bytes += bytes.length;
  }
}
