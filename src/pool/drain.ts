import type { Core } from '../decode/core.js';
import type { RingReader } from '../memory/ring-reader.js';
import type { Loss, WorkerState } from '../memory/worker-state.js';
import { sealNow } from './block-sealer.js';
import type { Packets, Step } from './loop.js';

/** Longest sleep after packets came, ms: the kernel does not wake the worker for every packet. */
const BUSY_INTERVAL = 5;
/** Longest sleep, ms: a stop is noticed within it. */
const IDLE_INTERVAL = 200;
/** The lag of packets is measured for one batch in this many. */
export const LAG_SAMPLE = 8;
/** An open block is sealed when it is this old, ms. */
const SEAL_INTERVAL = 1000;

/** A ring that the kernel fills and one worker drains. */
export interface KernelRing {
  /** Decodes at most one batch of the ring's packets. Returns the bytes taken. */
  take(core: Core): number;
  /**
   * Skips the rest of the batch that was being decoded when the parser or its thread stopped; may be
   * repeated.
   */
  giveUp(): void;
  /** Bytes taken at once from which on more may be waiting. */
  readonly plenty: number;
  /** Longest time from the end of capturing until the last packet is in the ring, ms. */
  readonly tail: number;
  /** Waits until the ring has packets, at most this many milliseconds. Blocks the thread. */
  wait(milliseconds: number): void;
  /** Copies the kernel's counters into the worker's state. */
  count(): void;
  close(): void;
}

/**
 * Packets of a kernel ring, decoded until the recording ends and the ring is empty.
 *
 * The worker sleeps until the kernel wakes it, at the first packet after a pause; it finds the last packets
 * of a burst by polling. Intervals are measured by a clock that is never set (performance.now()).
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
    // Polled before the ring, so that packets from before the end are decoded.
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

  /** The worker that counts a packet of a kernel ring as seen also decodes it. */
  lost(): Loss {
    return { unfinished: this.#state.unfinished, unseen: 0 };
  }

  giveUp(): void {
    if (this.#state.phase === 'decoding') this.#kernel.giveUp();
  }
}
