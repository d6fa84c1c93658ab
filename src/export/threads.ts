import { Worker } from 'node:worker_threads';
import { BlockError } from '../profile/damage.js';
import type { EventShape } from '../profile/shapes.js';
import { type SortedBlock, type SortTask, sortedBytes } from '../profile/sorted-block.js';
import type { Batch } from './batch.js';
import { type Encoded, type Encoder, OutputBuffer } from './encoder.js';
import { MemoryPool } from './memory-pool.js';
import { decodeInto } from './shared-block.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';
import type { Work } from './work.js';

/** Tasks that a thread has at a time, so that it need not wait for the next. */
const TASKS = 2;
/** Encoders, that of Parquet above all, make much garbage; it is collected before it takes much memory. */
const LIMITS = { maxYoungGenerationSizeMb: 8 };
/** Bytes at first for an encoded batch. */
const OUTPUT_BYTES = 1 << 20;

interface Thread {
  worker: Worker;
  /** Tasks it has. */
  tasks: number;
  /** Shapes it knows. */
  shapes: number;
}

type Result = SortedBlock | Encoded;

interface Task {
  /** Makes the message for a thread; the list is of memory that is transferred with it. */
  message(id: number, thread: Thread): [ToThread, ArrayBuffer[]];
  /** Does the task on this thread. */
  here(): Result;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** Does the work on several threads, and on this one while it has nothing else to do. Tasks are begun in their order. */
export class Threads implements Work {
  readonly #encoder: Encoder;
  readonly #batches: readonly Batch[];
  readonly #threads: Thread[];
  /** Tasks that no thread has yet, and those that a thread has, by number. */
  readonly #queue: Task[] = [];
  readonly #running = new Map<number, Task>();
  #count = 0;
  readonly #blocks = new MemoryPool();
  readonly #outputs = new MemoryPool();
  readonly #outputMemory = new WeakSet<ArrayBufferLike>();
  #failure: { error: unknown } | undefined;

  /** @param encoder does the encoding on this thread */
  constructor(threads: number, encoder: Encoder, data: ThreadData) {
    this.#encoder = encoder;
    this.#batches = data.batches;
    this.#threads = Array.from({ length: threads }, () => ({
      worker: this.#start(data),
      tasks: 0,
      shapes: 0,
    }));
  }

  decode(task: SortTask): Promise<SortedBlock> {
    const memory = this.#blocks.take(sortedBytes(task));
    return this.#add({
      message: (id) => {
        // All columns are views of the memory their frame was read into.
        const frame = task.block.columns.get('shape')!.buffer as ArrayBuffer;
        return [{ id, kind: 'decode', memory, task }, [frame]];
      },
      here: () => {
        const result = decodeInto(task, memory);
        if (typeof result === 'string') throw new BlockError(result);
        return result;
      },
    });
  }

  encode(batch: Batch, shapes: readonly EventShape[]): Promise<Encoded> {
    const { rows, blocks } = batch;
    const index = this.#batches.indexOf(batch);
    const memory = this.#outputs.take(OUTPUT_BYTES);
    return this.#add({
      message: (id, thread) => {
        const unknown = shapes.slice(thread.shapes);
        thread.shapes = shapes.length;
        return [{ id, kind: 'encode', memory, index, rows, blocks, shapes: unknown }, []];
      },
      here: () => this.#encoder.encode(batch, shapes, new OutputBuffer(memory)),
    });
  }

  help(): boolean {
    const task = this.#queue.shift();
    if (task === undefined) return false;
    try {
      this.#done(task, task.here());
    } catch (error) {
      task.reject(error);
    }
    return true;
  }

  recycle(memory: ArrayBufferLike): void {
    if (!(memory instanceof SharedArrayBuffer)) return;
    const pool = this.#outputMemory.has(memory) ? this.#outputs : this.#blocks;
    pool.give(memory);
  }

  async stop(): Promise<void> {
    this.#fail(new Error('the threads were stopped'));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(workerData: ThreadData): Worker {
    const worker = new Worker(new URL('./thread.cjs', import.meta.url), {
      workerData,
      resourceLimits: LIMITS,
    });
    worker.on('message', (message: FromThread) => this.#onMessage(worker, message));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('a thread of the export ended')));
    return worker;
  }

  #add<Own extends Result>(task: Pick<Task, 'message' | 'here'>): Promise<Own> {
    return new Promise<Own>((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#queue.push({ ...task, resolve: resolve as Task['resolve'], reject });
      this.#deal();
    });
  }

  #done(task: Task, result: Result): void {
    if ('bytes' in result) this.#outputMemory.add(result.bytes.buffer);
    task.resolve(result);
  }

  /** Gives tasks to the threads that have the fewest. */
  #deal(): void {
    while (this.#queue.length > 0) {
      const thread = this.#threads.reduce((least, one) => (one.tasks < least.tasks ? one : least));
      if (thread.tasks === TASKS) return;
      const task = this.#queue.shift()!;
      const id = this.#count++;
      this.#running.set(id, task);
      thread.tasks++;
      thread.worker.postMessage(...task.message(id, thread));
    }
  }

  #onMessage(worker: Worker, message: FromThread): void {
    const task = this.#running.get(message.id);
    if (task === undefined) return;
    this.#running.delete(message.id);
    this.#threads.find((thread) => thread.worker === worker)!.tasks--;
    if (message.kind === 'damaged') task.reject(new BlockError(message.reason));
    else this.#done(task, message.kind === 'block' ? message.block : message.encoded);
    this.#deal();
  }

  /** Fails all tasks, present and future. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { reject } of [...this.#queue, ...this.#running.values()]) reject(this.#failure.error);
    this.#queue.length = 0;
    this.#running.clear();
  }
}
