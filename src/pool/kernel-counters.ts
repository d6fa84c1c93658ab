import { KERNEL_COUNTER_NAMES, KERNEL_COUNTERS } from '../layout/generated.js';
import type { KernelCounts } from '../memory/kernel-counts.js';
import type { WorkerState } from '../memory/worker-state.js';
import { type Libc, PROT_READ } from '../native/libc.js';
import type { ProgramMaps, WorkerTask } from './messages.js';

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

/** The kernel's counters for the ring, or rings, of a worker. */
export function openKernelCounters(
  libc: Libc,
  task: WorkerTask,
  maps: ProgramMaps,
  state: WorkerState,
): KernelCounters {
  const { map, worker } = task;
  return new KernelCounters(mapCounters(libc, task, maps), state.kernel, {
    index: worker,
    workers: map.workers,
    cpus: maps.cpus,
  });
}

/** Maps the kernel's counters, into the shared memory at the same place for every worker, or outside it. */
function mapCounters(libc: Libc, task: WorkerTask, maps: ProgramMaps): BigUint64Array {
  const { buffer } = task.memory;
  const pages = Math.ceil(maps.countersSize / libc.pageSize) * libc.pageSize;
  const at = libc.addressOf(new Uint8Array(buffer)) + BigInt(task.map.kernelCounters);
  if (maps.zeroCopy && libc.mapOver(at, pages, PROT_READ, maps.counters, 0) === 0) {
    return new BigUint64Array(buffer, task.map.kernelCounters, maps.countersSize / 8);
  }
  return new BigUint64Array(libc.map(pages, PROT_READ, maps.counters, 0), 0, maps.countersSize / 8);
}
