import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { MembenchError } from '../errors.js';
import { WorkerState } from '../memory/worker-state.js';
import { Delivered } from './delivered.js';
import type { FromWorker, SealedBlock, WorkerTask } from './messages.js';
import type { Threads } from './threads.js';

/** Between two looks at whether workers get on, ms. */
const LOOK_INTERVAL = 1000;
/** Looks a worker may be at the same batch: far more than any batch takes. */
const STUCK_LOOKS = 5;
/** Threads one worker may use up. */
const REBUILDS_MAX = 100;

/** The running workers: one long-lived task each. */
export interface Pool {
  /** Resolves when every worker has loaded all it needs; rejects when one failed. */
  readonly ready: Promise<void>;
  /** Resolves when every worker has ended, with all their blocks delivered; rejects when one failed. */
  readonly done: Promise<void>;
  /** Ends a worker's thread wherever it is, if it has one: another takes over. */
  end(worker: number, why: string): void;
  /** Stops the threads. */
  close(): Promise<void>;
}

export interface PoolEvents {
  /** Called on this thread for every sealed block. */
  onBlock(block: SealedBlock): void;
  /** Called when a worker's parser or thread failed and another goes on in its place. */
  onRebuilt(worker: number, why: string): void;
}

/**
 * Starts the workers.
 *
 * @param threads as many as there are tasks; they end with the pool
 * @param tasks one for each worker, without its port
 */
export function startPool(
  threads: Threads,
  tasks: readonly Omit<WorkerTask, 'port' | 'again'>[],
  events: PoolEvents,
): Pool {
  const workers = tasks.map((task) => new PoolWorker(threads, task, events));
  const done = Promise.all(workers.map((worker) => worker.done)).then(() => undefined);
  const ready = Promise.race([
    Promise.all(workers.map((worker) => worker.ready)).then(() => undefined),
    done,
  ]);
  // Only callers that wait for it need the error; `done` reports it to the others.
  ready.catch(() => {});
  const timer = setInterval(() => {
    for (const worker of workers) worker.look();
  }, LOOK_INTERVAL).unref();
  return {
    done,
    ready,
    end: (worker, why) => workers[worker]!.end(why),
    async close() {
      clearInterval(timer);
      for (const worker of workers) worker.close();
      await threads.destroy();
    },
  };
}

/** One worker, on as many threads as it takes. */
class PoolWorker {
  readonly ready: Promise<void>;
  readonly done: Promise<void>;
  readonly #threads: Threads;
  readonly #task: Omit<WorkerTask, 'port' | 'again'>;
  readonly #events: PoolEvents;
  readonly #state: WorkerState;
  readonly #ports: MessagePort[] = [];
  readonly #delivered = new Delivered();
  #onReceived = () => {};
  #onReady = () => {};
  /** The thread that is at work, once it is. */
  #thread = 0;
  /** Why it was ended. */
  #why: string | undefined;
  #beat = 0;
  #looks = 0;
  #closed = false;

  constructor(threads: Threads, task: Omit<WorkerTask, 'port' | 'again'>, events: PoolEvents) {
    this.#threads = threads;
    this.#task = task;
    this.#events = events;
    this.#state = new WorkerState(task.memory.buffer, task.map, task.worker);
    this.ready = new Promise((resolve) => {
      this.#onReady = resolve;
    });
    this.done = this.#work();
  }

  /** A thread that hangs in a batch is ended; the next one passes over it. */
  look(): void {
    const { works, beat } = this.#state;
    this.#looks = works && beat === this.#beat ? this.#looks + 1 : 0;
    this.#beat = beat;
    if (this.#looks >= STUCK_LOOKS) this.end('it hung in a batch');
  }

  end(why: string): void {
    const thread = this.#threads.threads.find(({ threadId }) => threadId === this.#thread);
    if (thread === undefined) return;
    this.#why ??= why;
    // Not by an AbortSignal: the pool would start the next thread before this one is gone.
    void thread.terminate();
  }

  close(): void {
    this.#closed = true;
    for (const port of this.#ports) port.close();
  }

  async #work(): Promise<void> {
    const sent = await this.#run();
    // The result and the blocks come through different ports, in no common order.
    await new Promise<void>((resolve) => {
      this.#onReceived = () => {
        if (this.#delivered.blocks >= sent) resolve();
      };
      this.#onReceived();
    });
  }

  /** Returns how many blocks all threads have sent. */
  async #run(): Promise<number> {
    for (let rebuilds = 0; ; rebuilds++) {
      const { port1, port2: port } = new MessageChannel();
      this.#listen(port1);
      this.#thread = 0;
      this.#why = undefined;
      this.#looks = 0;
      try {
        return await this.#threads.run(
          { ...this.#task, port, again: rebuilds > 0 },
          { transferList: [port] },
        );
      } catch (error) {
        const message = this.#why ?? (error as Error).message;
        if (this.#closed || rebuilds === REBUILDS_MAX) {
          const what = `worker ${this.#task.worker}: ${message}`;
          throw new MembenchError('ERR_MEMBENCH_WORKER', what, undefined, error);
        }
        // The thread is done with the task, or gone: what it sent is all here, if not yet looked at.
        for (let last = receiveMessageOnPort(port1); last; last = receiveMessageOnPort(port1)) {
          this.#onMessage(last.message);
        }
        this.#delivered.settle(this.#state);
        this.#events.onRebuilt(this.#task.worker, message);
      }
    }
  }

  #listen(port: MessagePort): void {
    this.#ports.push(port);
    port.on('message', (message: FromWorker) => this.#onMessage(message));
  }

  #onMessage(message: FromWorker): void {
    if ('ready' in message) {
      this.#thread = message.ready;
      this.#onReady();
    } else if ('trapped' in message) this.#events.onRebuilt(this.#task.worker, message.trapped);
    else {
      this.#delivered.add(message);
      this.#events.onBlock(message);
      this.#onReceived();
    }
  }
}
