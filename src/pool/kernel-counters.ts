import { KERNEL_COUNTER_NAMES, KERNEL_COUNTERS } from '../layout/generated.js';
import type { KernelCounts } from '../memory/kernel-counts.js';

/**
 * Copies the BPF program's counters for one ring into its worker's state, so that the next block and every
 * sum over the workers include them.
 *
 * ```
 *   element cpu * (workers + 1) + ring    KERNEL_COUNTERS words each; ring `workers`: no ring was chosen
 * ```
 */
export class KernelCounters {
  readonly #words: BigUint64Array;
  readonly #elements: readonly number[];
  readonly #counts: KernelCounts;

  /** @param words the kernel's counters, all CPUs and rings */
  constructor(
    words: BigUint64Array,
    counts: KernelCounts,
    { index, workers, cpus }: { index: number; workers: number; cpus: number },
  ) {
    this.#words = words;
    this.#counts = counts;
    // The first worker reports the packets that reached no ring.
    const rings = index === 0 ? [index, workers] : [index];
    this.#elements = Array.from({ length: cpus }, (_, cpu) => cpu * (workers + 1)).flatMap((base) =>
      rings.map((ring) => (base + ring) * KERNEL_COUNTERS),
    );
  }

  /** Updates the worker's state. */
  take(): void {
    KERNEL_COUNTER_NAMES.forEach((_, i) => {
      let sum = 0n;
      for (const element of this.#elements) sum += this.#words[element + i]!;
      this.#counts.set(i, sum);
    });
  }
}
