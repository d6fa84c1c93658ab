import {
  COUNTER_NAMES,
  type Counter,
  KERNEL_COUNTER_NAMES,
  KERNEL_COUNTERS,
  WORKER_STATE,
} from '../layout/generated.js';

const SEEN = COUNTER_NAMES.indexOf('packets_seen');
const LOST_BY_KERNEL = COUNTER_NAMES.indexOf('lost_by_kernel');
/** By enum kernel_counter: where it goes. Submitted packets are counted where they come out of the ring. */
const TARGETS = KERNEL_COUNTER_NAMES.map((name) =>
  name === 'submitted' ? -1 : COUNTER_NAMES.indexOf(name as Counter),
);

/**
 * What the kernel counted of a worker's packets, told in the shared memory beside what its parser counted.
 *
 * These are the kernel's own numbers, not what they grew by: so whoever takes over from a thread that was
 * ended neither misses nor repeats any of it.
 */
export class KernelCounts {
  /** Packets and drops, where the kernel writes them when asked (struct tpacket_stats, linux/if_packet.h). */
  readonly statistics: Uint8Array;
  readonly #drops: Uint32Array;
  readonly #longs: BigUint64Array;
  readonly #counts: BigUint64Array;

  /** @param at address of the worker_state */
  constructor(buffer: ArrayBufferLike, at: number) {
    this.statistics = new Uint8Array(buffer, at + WORKER_STATE.statistics, 8);
    this.#drops = new Uint32Array(buffer, at + WORKER_STATE.statistics + 4, 1);
    this.#longs = new BigUint64Array(buffer, at, WORKER_STATE.SIZE / 8);
    this.#counts = new BigUint64Array(buffer, at + WORKER_STATE.kernel, KERNEL_COUNTERS);
  }

  /** One of the BPF program's counters for this ring, since it was loaded. */
  set(counter: number, count: bigint): void {
    Atomics.store(this.#counts, counter, count);
  }

  /**
   * Adds a socket's statistics, which the kernel forgets as it tells them. It writes them straight to where
   * another thread finds them, and what they add up to is stored before they are cleared.
   *
   * @param read has the kernel write `statistics`
   */
  addStatistics(read: () => void): void {
    this.#fold();
    Atomics.store(this.#longs, WORKER_STATE.drops_before / 8, this.#longs[WORKER_STATE.drops / 8]!);
    read();
    this.#fold();
  }

  /** Adds all of it to counters, by enum counter. Every packet here was seen, and has its outcome. */
  addTo(counters: BigUint64Array): void {
    TARGETS.forEach((target, i) => {
      if (target < 0) return;
      const count = Atomics.load(this.#counts, i);
      counters[target]! += count;
      counters[SEEN]! += count;
    });
    const drops = Atomics.load(this.#longs, WORKER_STATE.drops / 8);
    counters[LOST_BY_KERNEL]! += drops;
    counters[SEEN]! += drops;
  }

  #fold(): void {
    const drops = Atomics.load(this.#drops, 0);
    if (drops === 0) return;
    const before = Atomics.load(this.#longs, WORKER_STATE.drops_before / 8);
    Atomics.store(this.#longs, WORKER_STATE.drops / 8, before + BigInt(drops));
    Atomics.store(this.#drops, 0, 0);
  }
}
