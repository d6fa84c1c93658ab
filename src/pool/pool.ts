import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { MembenchError } from '../errors.js';
import { WorkerState } from '../memory/worker-state.js';
import { Delivered } from './delivered.js';
import type { FromWorker, SealedBlock, WorkerTask } from './messages.js';
import type { Threads } from './threads.js';

/** Time between two checks of the workers' progress, ms. */
const LOOK_INTERVAL = 1000;
/** Checks without progress after which a worker is stuck: far longer than any batch takes. */
const STUCK_LOOKS = 5;
/** Most replacements of one worker's thread. */
const REBUILDS_MAX = 100;

/** The running workers: one long-lived task each. */
export interface Pool {
  /** Resolves when every worker is ready for packets; rejects when one failed. */
  readonly ready: Promise<void>;
  /** Resolves when every worker has ended and all blocks are delivered; rejects when one failed. */
  readonly done: Promise<void>;
  /** Ends the current thread of a worker, if it has one: another takes over. */
  end(worker: number, why: string): void;
  /** Gives the memory of a block's frame, which is not used any more, back to its worker for another. */
  giveBack(block: SealedBlock): void;
  /** Stops the threads. */
  close(): Promise<void>;
}

export interface PoolEvents {
  /** Called on this thread for every sealed block. */
  onBlock(block: SealedBlock): void;
  /** Called when a worker's parser or thread failed and was replaced. */
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
  // `done` reports the error to callers that do not wait for `ready`.
  ready.catch(() => {});
  const timer = setInterval(() => {
    for (const worker of workers) worker.look();
  }, LOOK_INTERVAL).unref();
  return {
    done,
    ready,
    end: (worker, why) => workers[worker]!.end(why),
    giveBack: ({ worker, frame }) => workers[worker]!.giveBack(frame.buffer),
    async close() {
      clearInterval(timer);
      for (const worker of workers) worker.close();
      await threads.destroy();
    },
  };
}

/** One worker, whose thread is replaced when it fails. */
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
  /** Id of the current thread, 0 until it is ready. */
  #thread = 0;
  /** Why the current thread was ended. */
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

  /** Checks the progress: a thread that hangs in a batch is ended, and the next one skips that batch. */
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
    // With an AbortSignal the pool would start the next thread before this one has ended.
    void thread.terminate();
  }

  giveBack(memory: ArrayBuffer): void {
    this.#ports.at(-1)!.postMessage(memory, [memory]);
  }

  close(): void {
    this.#closed = true;
    for (const port of this.#ports) port.close();
  }

  async #work(): Promise<void> {
    const sent = await this.#run();
    // The result and the blocks come through different ports, so the result may come first.
    await new Promise<void>((resolve) => {
      this.#onReceived = () => {
        if (this.#delivered.blocks >= sent) resolve();
      };
      this.#onReceived();
    });
  }

  /** Runs the worker's threads. Returns how many blocks they have sent in all. */
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
        // The thread has ended, so all its messages are here, though not all may have been received.
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
