import {
  COUNTER_NAMES,
  type Counter,
  KERNEL_COUNTER_NAMES,
  KERNEL_COUNTERS,
  WORKER_STATE,
} from '../layout/generated.js';

const SEEN = COUNTER_NAMES.indexOf('packets_seen');
const LOST_BY_KERNEL = COUNTER_NAMES.indexOf('lost_by_kernel');
/** The counter that each kernel_counter is added to; -1 for submitted packets, which the parser counts. */
const TARGETS = KERNEL_COUNTER_NAMES.map((name) =>
  name.startsWith('submitted') ? -1 : COUNTER_NAMES.indexOf(name as Counter),
);

/**
 * The kernel's counters for the packets of one worker, in the shared memory beside those of its parser.
 *
 * They hold the kernel's absolute numbers, not differences. So a thread that takes over from one that was
 * ended neither misses nor repeats any packet.
 */
export class KernelCounts {
  /**
   * The struct tpacket_stats that the kernel writes on PACKET_STATISTICS (linux/if_packet.h): packets, drops.
   */
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

  /** Sets one of the BPF program's counters for this ring: its value since the program was loaded. */
  set(counter: number, count: bigint): void {
    Atomics.store(this.#counts, counter, count);
  }

  /**
   * Adds the statistics of a socket, which the kernel clears when it reports them. The kernel writes them
   * straight into the shared memory, and their sum is stored before they are cleared there, so that a thread
   * ended at any point loses none.
   *
   * @param read makes the kernel write `statistics`
   */
  addStatistics(read: () => void): void {
    this.#fold();
    Atomics.store(this.#longs, WORKER_STATE.drops_before / 8, this.#longs[WORKER_STATE.drops / 8]!);
    read();
    this.#fold();
  }

  /** Adds these numbers to counters, by enum counter. Each packet counts as seen, and with its outcome. */
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
