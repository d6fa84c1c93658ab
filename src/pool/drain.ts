import type { Core } from '../decode/core.js';
import type { RingReader } from '../memory/batch-ring.js';

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
  /** Decodes what is there. Returns the bytes taken. */
  take(core: Core): number;
  /** Passes over so many packets of the batch that was being decoded when the parser failed. */
  skip(packets: number): void;
  /** So much at once means that there is more. */
  readonly plenty: number;
  /** After the last packet was let in, how long it may take to show up, ms. */
  readonly tail: number;
  /** Waits until the kernel has something, at most so many milliseconds. Blocks the thread. */
  wait(milliseconds: number): void;
  /** Nanoseconds to add to packet times for Unix time, now. */
  clock(): bigint;
  /** Brings this worker's counters up to what the kernel has counted. */
  count(): void;
  close(): void;
}

/**
 * Decodes until told to end, and then what is still in the ring. Blocks the thread.
 *
 * It sleeps until the kernel wakes it, which the kernel does with the first packet after a while; the last
 * ones of a burst it finds by looking again.
 */
export function drain(kernel: KernelRing, ring: RingReader, core: Core): void {
  let sealAt = performance.now() + SEAL_INTERVAL;
  let endAt = Number.POSITIVE_INFINITY;
  for (;;) {
    // Looked at before the ring: what came before the end is decoded.
    const { ended, flush } = ring.poll();
    const got = kernel.take(core);
    const now = performance.now();
    if (flush || now >= sealAt) {
      core.sealNow();
      sealAt = now + SEAL_INTERVAL;
    }
    if (got >= kernel.plenty) continue;
    if (ended) {
      endAt = Math.min(endAt, now + kernel.tail);
      if (got === 0 && now >= endAt) break;
    }
    const patience = ended ? endAt - now : got > 0 ? BUSY_INTERVAL : IDLE_INTERVAL;
    kernel.wait(Math.max(Math.min(patience, sealAt - now), 1));
  }
  kernel.count();
}
