/**
 * A worker's loop, one step at a time: its thread takes them one after the other, and tests take those of
 * several workers in any order on one thread.
 */
import { type Core, createCore } from '../decode/core.js';
import { RingReader, type Wait } from '../memory/ring-reader.js';
import { type Loss, WorkerState } from '../memory/worker-state.js';
import { Batches } from './batches.js';
import { BlockSealer } from './block-sealer.js';
import { Drain, type KernelRing } from './drain.js';
import type { FromWorker, WorkerTask } from './messages.js';
import { recover } from './recover.js';

/** Parsers one worker may use up: what traps at every packet is a broken build, not a strange packet. */
const TRAPS_MAX = 1000;

/** What a step came to: something was done; there is nothing to do yet; nothing will come any more. */
export type Step = 'busy' | 'idle' | 'ended';

/** Where a worker's packets come from. */
export interface Packets {
  /** Does one thing that is there to be done; does not wait for packets. */
  step(core: Core): Step;
  /** Waits until there may be something to do. Blocks the thread. */
  wait(): void;
  /** What is lost with the batch a parser, or the thread before this, was at when it stopped. */
  lost(): Loss;
  /** Ends that batch; may be done again. */
  giveUp(): void;
}

export interface LoopOptions {
  /** The kernel's ring, null where packets come through the batch ring. */
  kernel: KernelRing | null;
  /** How it sleeps, for tests. */
  wait?: Wait;
}

/** One worker: its parser, its packets and its blocks. */
export class WorkerLoop {
  readonly #task: WorkerTask;
  readonly #state: WorkerState;
  readonly #packets: Packets;
  readonly #sealer: BlockSealer;
  #core: Core | undefined;
  #traps = 0;

  /** Takes over where another thread stopped, if this is not the first. */
  constructor(task: WorkerTask, { kernel, wait }: LoopOptions) {
    const { map, worker } = task;
    const buffer = task.memory.buffer as unknown as SharedArrayBuffer;
    this.#task = task;
    this.#state = new WorkerState(buffer, map, worker);
    const ring = new RingReader(buffer, map, worker, wait);
    this.#packets =
      kernel === null ? new Batches(task, ring, this.#state) : new Drain(kernel, ring, this.#state);
    this.#sealer = new BlockSealer(task, this.#state, ring, kernel);
    if (task.again) recover(task, this.#state, this.#packets);
  }

  /** Blocks sent so far, by all the threads this worker had. */
  get blocks(): number {
    return this.#state.blocks;
  }

  /** Does one thing. A parser that traps is replaced; a thread that hangs or dies, by the pool. */
  step(): Step {
    try {
      this.#core ??= this.#newCore();
      const step = this.#packets.step(this.#core);
      if (step === 'ended') {
        this.#state.begin('sealing', 0n);
        this.#core.finish();
        this.#state.end();
      }
      return step;
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError) || this.#traps++ === TRAPS_MAX) throw error;
      this.#core = undefined;
      recover(this.#task, this.#state, this.#packets);
      this.#task.port.postMessage({ trapped: error.message } satisfies FromWorker);
      return 'busy';
    }
  }

  /** To be called where a step was idle. Blocks the thread. */
  wait(): void {
    this.#packets.wait();
  }

  #newCore(): Core {
    const { module, memory, config } = this.#task;
    const core = createCore(module, memory, { onBlock: () => this.#sealer.seal(core), onEvents() {} });
    core.init(config);
    return core;
  }
}
