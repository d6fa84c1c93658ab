/**
 * The workers of a recording on one thread: the loop that ships, each step of it when the test says so, and
 * the main thread's part of the pool.
 */
import { MessageChannel } from 'node:worker_threads';
import { COUNTER_NAMES, type Counter } from '#src/layout/generated.js';
import type { RingWriter } from '#src/memory/batch-ring.js';
import { WorkerState } from '#src/memory/worker-state.js';
import { Delivered } from '#src/pool/delivered.js';
import type { KernelRing } from '#src/pool/drain.js';
import { type Step, WorkerLoop } from '#src/pool/loop.js';
import type { FromWorker, SealedBlock, WorkerTask } from '#src/pool/messages.js';
import { Death, Steps } from './deaths.js';

export class Workers {
  /** What the threads do, counted. */
  readonly steps = new Steps();
  /** Why workers were replaced. */
  readonly rebuilt: string[] = [];
  readonly #tasks: WorkerTask[];
  readonly #loops: (WorkerLoop | undefined)[];
  readonly #states: WorkerState[];
  readonly #delivered: Delivered[];
  readonly #inbox: SealedBlock[] = [];
  readonly #ring: RingWriter;
  readonly #onBlock: (block: SealedBlock) => void;
  readonly #kernel: (task: WorkerTask) => KernelRing | null;

  /** @param kernel opens the ring of a worker that has one; every thread opens it anew */
  constructor(
    tasks: readonly Omit<WorkerTask, 'port' | 'again'>[],
    ring: RingWriter,
    onBlock: (block: SealedBlock) => void,
    kernel: (task: WorkerTask) => KernelRing | null = () => null,
  ) {
    const { port1: port } = new MessageChannel();
    port.postMessage = (message: FromWorker) => this.#onMessage(message);
    this.#tasks = tasks.map((task) => ({ ...task, again: false, port }));
    this.#loops = tasks.map(() => undefined);
    this.#states = tasks.map(({ memory, map, worker }) => new WorkerState(memory.buffer, map, worker));
    this.#delivered = tasks.map(() => new Delivered());
    this.#ring = ring;
    this.#onBlock = onBlock;
    this.#kernel = kernel;
  }

  /** One step of a worker, or of the one that takes over. */
  step(worker: number): Step {
    try {
      return this.steps.of(() => {
        this.#loops[worker] ??= new WorkerLoop(this.#tasks[worker]!, {
          kernel: this.#kernel(this.#tasks[worker]!),
          wait: () => this.steps.aside(() => this.#makeRoom()),
        });
        return this.#loops[worker].step();
      });
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      this.#replace(worker, error.message);
      return 'busy';
    }
  }

  /** Writes the blocks that have come. Returns whether there were any. */
  write(): boolean {
    if (this.#inbox.length === 0) return false;
    while (this.#inbox.length > 0) this.#writeOne();
    return true;
  }

  /** Blocks that wait for the writer. */
  get waiting(): number {
    return this.#inbox.length;
  }

  /** What all workers counted. */
  get counters(): Record<Counter, number> {
    const sum = new BigUint64Array(COUNTER_NAMES.length);
    for (const state of this.#states) {
      state.totals().forEach((total, i) => {
        sum[i]! += total;
      });
    }
    return Object.fromEntries(COUNTER_NAMES.map((name, i) => [name, Number(sum[i])])) as Record<
      Counter,
      number
    >;
  }

  #onMessage(message: FromWorker): void {
    if ('trapped' in message) this.rebuilt.push(message.trapped);
    else if (!('ready' in message)) {
      this.#inbox.push(message);
      this.#delivered[message.worker]!.add(message);
    }
  }

  /** What was sent arrives, whatever becomes of the thread that sent it. */
  #replace(worker: number, why: string): void {
    this.rebuilt.push(why);
    this.#delivered[worker]!.settle(this.#states[worker]!);
    this.#loops[worker] = undefined;
    this.#tasks[worker] = { ...this.#tasks[worker]!, again: true };
  }

  /** A worker waits for the writer: it writes a block, or nothing will ever happen. */
  #makeRoom(): void {
    if (this.#inbox.length === 0) throw new Error('a worker waits for a writer that has nothing to write');
    this.#writeOne();
  }

  #writeOne(): void {
    this.#onBlock(this.#inbox.shift()!);
    this.#ring.blockWritten();
  }
}
