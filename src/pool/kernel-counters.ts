import { COUNTER_NAMES, KERNEL_COUNTER_NAMES, KERNEL_COUNTERS } from '../layout/generated.js';

/**
 * What the kernel program counted for one worker's ring, taken over into that worker's counters: so the
 * block that is sealed next tells of it, and every sum over workers holds the kernel's part.
 *
 * ```
 *   element cpu * (workers + 1) + ring    KERNEL_COUNTERS words each; ring `workers`: no ring was chosen
 * ```
 */
export class KernelCounters {
  readonly #words: BigUint64Array;
  readonly #elements: readonly number[];
  readonly #worker: BigUint64Array;
  readonly #taken = new BigUint64Array(KERNEL_COUNTERS);

  /**
   * @param words the kernel's counters, all CPUs and rings
   * @param worker this worker's own counters, by enum counter
   */
  constructor(
    words: BigUint64Array,
    worker: BigUint64Array,
    { index, workers, cpus }: { index: number; workers: number; cpus: number },
  ) {
    this.#words = words;
    this.#worker = worker;
    // Packets that reached no ring are the first worker's to report.
    const rings = index === 0 ? [index, workers] : [index];
    this.#elements = Array.from({ length: cpus }, (_, cpu) => cpu * (workers + 1)).flatMap((base) =>
      rings.map((ring) => (base + ring) * KERNEL_COUNTERS),
    );
  }

  /** Adds what was counted since the last call. */
  take(): void {
    KERNEL_COUNTER_NAMES.forEach((name, i) => {
      // Submitted packets are counted where they come out of the ring.
      if (name === 'submitted') return;
      let sum = 0n;
      for (const element of this.#elements) sum += this.#words[element + i]!;
      const gained = sum - this.#taken[i]!;
      if (gained === 0n) return;
      this.#taken[i] = sum;
      this.#worker[SEEN]! += gained;
      this.#worker[COUNTER_NAMES.indexOf(name)]! += gained;
    });
  }
}

const SEEN = COUNTER_NAMES.indexOf('packets_seen');
