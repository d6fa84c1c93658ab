/** Consumes the rings of a BPF perf buffer, one for each CPU (perf_event_open(2), linux/perf_event.h). */
import type { Core } from '../decode/core.js';
import { PERF_BUFFER, PERF_CURSOR } from '../layout/generated.js';
import { regionAddress } from '../memory/map.js';
import { perfWindow } from '../memory/perf-window.js';
import type { WorkerState } from '../memory/worker-state.js';
import { type Libc, PROT_READ, PROT_WRITE } from '../native/libc.js';
import { type KernelRing, LAG_SAMPLE } from './drain.js';
import { type KernelCounters, openKernelCounters } from './kernel-counters.js';
import type { PerfRings, WorkerTask } from './messages.js';
import { shareUncut } from './uncut.js';

/** Bytes decoded before their room is returned to the kernel: they fit into a core's cache. */
const BATCH = 256 * 1024;
/** Longest sleep, ms: the kernel wakes the worker by bytes, so that few packets would wait for long. */
const POLL_INTERVAL = 20;

// Offsets in struct perf_event_mmap_page, the first page of a ring.
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;

/** One ring, with its cursor in the parser's memory. */
interface Ring {
  /** Position up to which the kernel has written, one word; and up to which we have read. */
  readonly head: BigUint64Array;
  readonly tail: BigUint64Array;
  readonly cursor: BigUint64Array;
  /** Copies what the kernel has written up to a position, where the ring is mapped outside the parser's memory. */
  copy(from: bigint, to: bigint): void;
  close(): void;
}

/** Words of a cursor. */
const START = PERF_CURSOR.start / 8;
const NEXT = PERF_CURSOR.next / 8;
const END = PERF_CURSOR.end / 8;

/**
 * Maps a worker's rings into the window in its region, so that the parser reads them in place; or elsewhere, to
 * be copied from, where zero copy is off or mapping in place fails.
 *
 * @throws Error where a ring cannot be mapped at all
 */
export function openPerfRings(
  libc: Libc,
  task: WorkerTask,
  rings: PerfRings,
  state: WorkerState,
): KernelRing {
  return new MappedPerfRings(libc, task, rings, state);
}

class MappedPerfRings implements KernelRing {
  readonly plenty = BATCH;
  // A record that is being written when the programs are detached is finished within nanoseconds.
  readonly tail = 1;
  readonly #libc: Libc;
  readonly #state: WorkerState;
  /** Address of the `perf_buffer`. */
  readonly #buffer: number;
  readonly #rings: readonly Ring[];
  readonly #epoll: number;
  readonly #counters: KernelCounters;
  readonly #uncut: () => void;
  #takes = 0;

  constructor(libc: Libc, task: WorkerTask, rings: PerfRings, state: WorkerState) {
    const { map, worker, memory } = task;
    const { spare } = perfWindow(rings.fds.length, rings.size, libc.pageSize);
    this.#libc = libc;
    this.#state = state;
    this.#buffer = regionAddress(map, worker) + map.region.window.at;
    const head = new DataView(memory.buffer, this.#buffer, PERF_BUFFER.SIZE);
    head.setUint32(PERF_BUFFER.rings, rings.fds.length, true);
    head.setUint32(PERF_BUFFER.size, rings.size, true);
    head.setUint32(PERF_BUFFER.spare, this.#buffer + spare, true);
    this.#rings = rings.fds.map((fd, i) => mapRing(libc, memory.buffer, this.#buffer, rings, fd, i));
    this.#epoll = libc.watch(rings.fds);
    this.#uncut = shareUncut(libc, task, rings);
    this.#counters = openKernelCounters(libc, task, rings, state);
  }

  take(core: Core): number {
    // Before the rings are looked at: what was sent up to now is then in them.
    const now = this.#libc.monotonic();
    if (!this.#look()) return 0;
    // What the batch has taken is in the cursors, so it needs no number.
    this.#state.begin('decoding', 0n);
    const done = core.decodePerf(this.#buffer, BATCH, now);
    this.#uncut();
    if (done > 0 && this.#takes++ % LAG_SAMPLE === 0) core.lagOfPerf(this.#buffer, this.#libc.monotonic());
    this.#release();
    this.#state.end();
    return done;
  }

  /** The cursors tell what was decoded, or begun, before the thread or the parser stopped. */
  giveUp(): void {
    this.#release();
  }

  wait(milliseconds: number): void {
    this.#libc.waitFor(this.#epoll, Math.min(milliseconds, POLL_INTERVAL));
  }

  count(): void {
    this.#counters.take();
  }

  close(): void {
    for (const ring of this.#rings) ring.close();
  }

  /** Sets the cursors for a new batch. Returns whether there is anything in the rings. */
  #look(): boolean {
    let some = false;
    for (const { head, tail, cursor, copy } of this.#rings) {
      const start = tail[0]!;
      const end = Atomics.load(head, 0);
      if (end !== start) {
        some = true;
        copy(start, end);
      }
      cursor[START] = start;
      cursor[NEXT] = start;
      cursor[END] = end;
    }
    return some;
  }

  /** Returns to the kernel what was taken. May be repeated. */
  #release(): void {
    for (const { tail, cursor } of this.#rings) Atomics.store(tail, 0, cursor[NEXT]!);
  }
}

function mapRing(
  libc: Libc,
  memory: ArrayBufferLike,
  buffer: number,
  rings: PerfRings,
  fd: number,
  index: number,
): Ring {
  const { pageSize } = libc;
  const { first, stride } = perfWindow(rings.fds.length, rings.size, pageSize);
  const at = buffer + first + index * stride;
  const cursorAt = buffer + PERF_BUFFER.SIZE + index * PERF_CURSOR.SIZE;
  new DataView(memory, cursorAt, PERF_CURSOR.SIZE).setUint32(PERF_CURSOR.data, at + pageSize, true);
  const base = libc.addressOf(new Uint8Array(memory)) + BigInt(at);
  // The kernel overwrites what was not read where the mapping cannot be written to.
  const protection = PROT_READ | PROT_WRITE;
  const inPlace = rings.zeroCopy && libc.mapOver(base, stride, protection, fd, 0) === 0;
  const [page, offset] = inPlace ? [memory, at] : [libc.map(stride, protection, fd, 0), 0];
  const ring = {
    head: new BigUint64Array(page, offset + DATA_HEAD, 1),
    tail: new BigUint64Array(page, offset + DATA_TAIL, 1),
    cursor: new BigUint64Array(memory, cursorAt, PERF_CURSOR.SIZE / 8),
  };
  if (inPlace) return { ...ring, copy() {}, close: () => libc.unmapOver(base, stride) };
  const data = new Uint8Array(page, pageSize, rings.size);
  const copyTo = new Uint8Array(memory, at + pageSize, rings.size);
  return { ...ring, copy: copier(data, copyTo), close() {} };
}

/** Copies the part of a ring between two positions to the same offsets; not again what it has copied before. */
function copier(data: Uint8Array, to: Uint8Array): Ring['copy'] {
  const size = BigInt(data.length);
  let copied = 0n;
  return (from, end) => {
    if (copied < from) copied = from;
    while (copied < end) {
      const at = Number(copied % size);
      const bytes = Math.min(data.length - at, Number(end - copied));
      to.set(data.subarray(at, at + bytes), at);
      copied += BigInt(bytes);
    }
  };
}
