/**
 * The loop of a worker, as single steps: its thread runs them in turn, and tests interleave the steps of
 * several workers on one thread.
 */
import { type Core, createCore } from '../decode/core.js';
import { RingReader, type Wait } from '../memory/ring-reader.js';
import { type Loss, WorkerState } from '../memory/worker-state.js';
import { Batches } from './batches.js';
import { BlockSealer } from './block-sealer.js';
import { Drain, type KernelRing } from './drain.js';
import type { FromWorker, WorkerTask } from './messages.js';
import { recover } from './recover.js';

/** Most traps of one worker's parsers: a parser that traps at every packet is a broken build. */
const TRAPS_MAX = 1000;

/** Result of a step: work was done; there is none yet; there will be none any more. */
export type Step = 'busy' | 'idle' | 'ended';

/** The source of a worker's packets. */
export interface Packets {
  /** Does one piece of work, if there is one; does not wait for packets. */
  step(core: Core): Step;
  /** Waits until there may be work. Blocks the thread. */
  wait(): void;
  /** Packets lost with the batch in which a parser or the previous thread stopped. */
  lost(): Loss;
  /** Ends that batch; may be repeated. */
  giveUp(): void;
}

export interface LoopOptions {
  /** The kernel's ring, null where packets come through the batch ring. */
  kernel: KernelRing | null;
  /** Replaces Atomics.wait in tests. */
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

  /** Goes on where the previous thread stopped, if there was one. */
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

  /** Blocks sent so far, by all threads of this worker. */
  get blocks(): number {
    return this.#state.blocks;
  }

  /** Runs one step. A parser that traps is replaced here; a thread that hangs or dies, by the pool. */
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

  /** Waits after a step that was idle. Blocks the thread. */
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
