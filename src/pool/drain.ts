import type { Core } from '../decode/core.js';
import type { RingReader } from '../memory/ring-reader.js';
import type { Loss, WorkerState } from '../memory/worker-state.js';
import { sealNow } from './block-sealer.js';
import type { Packets, Step } from './loop.js';

/** The kernel wakes a worker only now and then; what came since it looks for by itself after so long, ms. */
const BUSY_INTERVAL = 5;
/** The longest sleep, ms: a stop is noticed within it. */
const IDLE_INTERVAL = 100;
/** How late packets are is looked at for one batch in so many. */
export const LAG_SAMPLE = 8;
/** An open block is sealed when it is this old, ms. */
const SEAL_INTERVAL = 1000;

/** A ring of the kernel's that one worker drains. */
export interface KernelRing {
  /** Decodes a batch of what is there, no more: there are other things to look at. Returns the bytes taken. */
  take(core: Core): number;
  /** Passes over the rest of the batch that was being decoded when the parser or its thread stopped; may be done again. */
  giveUp(): void;
  /** So much at once means that there may be more. */
  readonly plenty: number;
  /** After the last packet was let in, how long it may take to show up, ms. */
  readonly tail: number;
  /** Waits until the kernel has something, at most so many milliseconds. Blocks the thread. */
  wait(milliseconds: number): void;
  /** Takes over what the kernel has counted. */
  count(): void;
  close(): void;
}

/**
 * A kernel ring, until told to end, and then what is still in it.
 *
 * The worker sleeps until the kernel wakes it, which the kernel does with the first packet after a while;
 * the last ones of a burst it finds by looking again. Intervals are of the clock nobody sets.
 */
export class Drain implements Packets {
  readonly #kernel: KernelRing;
  readonly #ring: RingReader;
  readonly #state: WorkerState;
  #sealAt = performance.now() + SEAL_INTERVAL;
  #endAt = Number.POSITIVE_INFINITY;
  /** How long the next sleep may be, ms. */
  #patience = IDLE_INTERVAL;

  constructor(kernel: KernelRing, ring: RingReader, state: WorkerState) {
    this.#kernel = kernel;
    this.#ring = ring;
    this.#state = state;
  }

  step(core: Core): Step {
    const kernel = this.#kernel;
    // Looked at before the ring: what came before the end is decoded.
    const { ended, flush } = this.#ring.poll();
    const got = kernel.take(core);
    const now = performance.now();
    if (flush || now >= this.#sealAt) {
      sealNow(core, this.#state);
      this.#sealAt = now + SEAL_INTERVAL;
    }
    if (got >= kernel.plenty) {
      this.#patience = BUSY_INTERVAL;
      return 'busy';
    }
    if (ended) {
      this.#endAt = Math.min(this.#endAt, now + kernel.tail);
      if (got === 0 && now >= this.#endAt) {
        kernel.count();
        return 'ended';
      }
    }
    if (got > 0) this.#patience = BUSY_INTERVAL;
    if (ended) this.#patience = this.#endAt - now;
    this.#patience = Math.max(Math.min(this.#patience, this.#sealAt - now), 1);
    return 'idle';
  }

  wait(): void {
    this.#kernel.wait(this.#patience);
    this.#patience = IDLE_INTERVAL;
  }

  /** Whoever counts a packet here as seen also decodes it. */
  lost(): Loss {
    return { unfinished: this.#state.unfinished, unseen: 0 };
  }

  giveUp(): void {
    if (this.#state.phase === 'decoding') this.#kernel.giveUp();
  }
}
