/** Consumes a BPF ring buffer (kernel/bpf/ringbuf.c). */
import type { Core } from '../decode/core.js';
import { regionAddress } from '../memory/map.js';
import type { WorkerState } from '../memory/worker-state.js';
import { type Libc, PROT_READ, PROT_WRITE } from '../native/libc.js';
import { type KernelRing, LAG_SAMPLE } from './drain.js';
import { type KernelCounters, openKernelCounters } from './kernel-counters.js';
import type { BpfRing, WorkerTask } from './messages.js';
import { bytesOfPackets, RingCopy } from './ring-records.js';
import { shareUncut } from './uncut.js';

/** Bytes decoded before their room is returned to the kernel: they fit into a core's cache. */
const BATCH = 256 * 1024;

/**
 * A mapped ring: the positions of consumer and producer, and the data, in the parser's memory or outside it.
 */
interface Mapping {
  consumer: BigUint64Array;
  producer: BigUint64Array;
  /** The data, twice in a row. */
  data: Int32Array;
  /**
   * Makes a batch of the `size` bytes from `position` on available to the parser. Returns its address and its
   * bytes.
   */
  present(position: number, size: number): { at: number; bytes: number };
  close(): void;
}

/**
 * Maps a worker's ring over the window in its region, so that the parser reads it in place; or elsewhere, to
 * be copied from, where zero copy is off or mapping in place fails.
 *
 * @throws Error where the ring cannot be mapped at all
 */
export function openBpfRing(libc: Libc, task: WorkerTask, rings: BpfRing, state: WorkerState): KernelRing {
  const mapping =
    (rings.zeroCopy ? mapInPlace(libc, task, rings) : undefined) ?? mapBeside(libc, task, rings);
  return new MappedRing(libc, task, rings, mapping, state);
}

/**
 * ```
 *   window: | consumer page, ours to write | producer page | data | the same data again |
 * ```
 */
function mapInPlace(libc: Libc, task: WorkerTask, rings: BpfRing): Mapping | undefined {
  const { pageSize } = libc;
  const { buffer } = task.memory;
  const window = regionAddress(task.map, task.worker) + task.map.region.window.at;
  const base = libc.addressOf(new Uint8Array(buffer)) + BigInt(window);
  const size = pageSize + 2 * rings.size;
  const close = () => libc.unmapOver(base, pageSize + size);
  if (
    libc.mapOver(base, pageSize, PROT_READ | PROT_WRITE, rings.fd, 0) !== 0 ||
    libc.mapOver(base + BigInt(pageSize), size, PROT_READ, rings.fd, pageSize) !== 0
  ) {
    close();
    return undefined;
  }
  const data = window + 2 * pageSize;
  return {
    consumer: new BigUint64Array(buffer, window, 1),
    producer: new BigUint64Array(buffer, window + pageSize, 1),
    data: new Int32Array(buffer, data, (2 * rings.size) / 4),
    present: (position, size) => ({ at: data + (position % rings.size), bytes: size }),
    close,
  };
}

function mapBeside(libc: Libc, task: WorkerTask, rings: BpfRing): Mapping {
  const { pageSize } = libc;
  const consumer = libc.map(pageSize, PROT_READ | PROT_WRITE, rings.fd, 0);
  const rest = libc.map(pageSize + 2 * rings.size, PROT_READ, rings.fd, pageSize);
  const data = new Uint8Array(rest, pageSize, 2 * rings.size);
  // The window of the region holds the copy.
  const window = regionAddress(task.map, task.worker) + task.map.region.window.at;
  const copy = new RingCopy(data, new Uint8Array(task.memory.buffer, window, task.map.region.window.size));
  return {
    consumer: new BigUint64Array(consumer, 0, 1),
    producer: new BigUint64Array(rest, 0, 1),
    data: new Int32Array(rest, pageSize, data.length / 4),
    present: (position, size) => ({ at: window, bytes: copy.take(position, size, BATCH) }),
    close() {},
  };
}

class MappedRing implements KernelRing {
  readonly plenty = BATCH;
  // A record that is being written when the programs are detached is finished within nanoseconds.
  readonly tail = 1;
  readonly #libc: Libc;
  readonly #mapping: Mapping;
  readonly #epoll: number;
  readonly #counters: KernelCounters;
  readonly #state: WorkerState;
  readonly #size: number;
  readonly #uncut: () => void;
  #takes = 0;

  constructor(libc: Libc, task: WorkerTask, rings: BpfRing, mapping: Mapping, state: WorkerState) {
    this.#libc = libc;
    this.#state = state;
    this.#size = rings.size;
    this.#mapping = mapping;
    this.#epoll = libc.watch([rings.fd]);
    this.#uncut = shareUncut(libc, task, rings);
    this.#counters = openKernelCounters(libc, task, rings, state);
  }

  count(): void {
    this.#counters.take();
  }

  giveUp(): void {
    const { consumer, producer, data } = this.#mapping;
    const start = Atomics.load(consumer, 0);
    // Otherwise the batch was completed.
    if (start !== this.#state.batch) return;
    const size = Number(Atomics.load(producer, 0) - start);
    const taken = bytesOfPackets(data, Number(start) % this.#size, size, this.#state.seenInBatch);
    Atomics.store(consumer, 0, start + BigInt(taken));
  }

  wait(milliseconds: number): void {
    this.#libc.waitFor(this.#epoll, milliseconds);
  }

  close(): void {
    this.#mapping.close();
  }

  take(core: Core): number {
    const { consumer, producer } = this.#mapping;
    const start = Number(Atomics.load(consumer, 0));
    const size = Number(Atomics.load(producer, 0)) - start;
    if (size === 0) return 0;
    const { at, bytes } = this.#mapping.present(start, size);
    this.#state.begin('decoding', BigInt(start));
    const done = core.decodeRing(at, bytes, BATCH, this.#libc.monotonic());
    this.#uncut();
    if (done > 0 && this.#takes++ % LAG_SAMPLE === 0) core.lagOfRing(at, done, this.#libc.monotonic());
    // This store completes the batch.
    Atomics.store(consumer, 0, BigInt(start + done));
    this.#state.end();
    return done;
  }
}
