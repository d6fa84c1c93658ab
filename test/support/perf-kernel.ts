/** The kernel's side of a BPF perf buffer (kernel/events/ring_buffer.c, linux/perf_event.h). */
import { KERNEL_COUNTER_NAMES, KERNEL_COUNTERS, RING_RECORD } from '#src/layout/generated.js';
import { regionAddress } from '#src/memory/map.js';
import { perfWindow } from '#src/memory/perf-window.js';
import type { Libc } from '#src/native/libc.js';
import type { PerfRings } from '#src/pool/messages.js';
import {
  ETHERNET,
  type FakeKernel,
  type Hole,
  libcOf,
  NS,
  PAGE_SIZE,
  ringRecord,
  type Shared,
} from './kernel.js';

const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;
/** Descriptors: of the counters, and of the first ring. */
const COUNTERS = 2;
const RINGS = 10;

/** A sample as the kernel writes it: header, size of the rest, the record and the packet, padding to 8. */
export function perfSample(frame: Uint8Array, time: bigint, holes: readonly Hole[] = []): Uint8Array {
  // A BPF ring's record has its head before, and no link header within.
  const record = ringRecord(frame, time, holes).subarray(8);
  const split = holes.length ? 0 : RING_RECORD.SIZE;
  const rest = [
    ...record.subarray(0, split),
    ...(split ? frame.subarray(0, ETHERNET) : []),
    ...record.subarray(split),
  ];
  const bytes = new Uint8Array((12 + rest.length + 7) & ~7);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, PERF_RECORD_SAMPLE, true);
  view.setUint16(6, bytes.length, true);
  view.setUint32(8, bytes.length - 12, true);
  bytes.set(rest, 12);
  return bytes;
}

/** A record of how many samples were lost before it. */
function lostRecord(lost: bigint): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, PERF_RECORD_LOST, true);
  view.setUint16(6, bytes.length, true);
  view.setBigUint64(16, lost, true);
  return bytes;
}

/** A perf buffer of several CPUs, which take turns unless they are named, and the counters beside it. */
export class FakePerfRings implements FakeKernel {
  readonly ring: PerfRings;
  readonly libc: Libc;
  delivered = 0;
  dropped = 0;
  /** The clock of the reader. */
  now = 2n * NS;
  readonly #pages: DataView[];
  readonly #counters: DataView;
  readonly #lost: bigint[];
  readonly #size: number;

  constructor({ memory, map }: Shared, zeroCopy: boolean, { cpus = 2, size = 2048 } = {}) {
    const { first, stride } = perfWindow(cpus, size, PAGE_SIZE);
    const window = regionAddress(map, 0) + map.region.window.at;
    const beside = Array.from({ length: cpus }, () => new ArrayBuffer(stride));
    const counters = new ArrayBuffer(2 * KERNEL_COUNTERS * 8);
    const { buffer } = memory;
    this.#size = size;
    this.#pages = beside.map((page, cpu) =>
      zeroCopy ? new DataView(buffer, window + first + cpu * stride, stride) : new DataView(page),
    );
    this.#lost = beside.map(() => 0n);
    this.#counters = zeroCopy ? new DataView(buffer, map.kernelCounters) : new DataView(counters);
    this.ring = {
      kind: 'perf rings',
      fds: beside.map((_, cpu) => RINGS + cpu),
      size,
      counters: COUNTERS,
      countersSize: counters.byteLength,
      cpus: 1,
      uncut: null,
      zeroCopy,
    };
    this.libc = libcOf(() => counters, zeroCopy, {
      monotonic: () => this.now,
      map: (_, __, fd) => (fd === COUNTERS ? counters : beside[fd - RINGS]!),
    });
  }

  deliver(frame: Uint8Array): void {
    const cpu = (this.delivered + this.dropped) % this.#pages.length;
    this.sample(perfSample(frame, NS + BigInt(this.delivered)), cpu);
  }

  /** Writes a sample into the ring of a CPU, or drops it where there is no room. */
  sample(sample: Uint8Array, cpu: number): void {
    const counter = (name: (typeof KERNEL_COUNTER_NAMES)[number]) => {
      const at = KERNEL_COUNTER_NAMES.indexOf(name) * 8;
      this.#counters.setBigUint64(at, this.#counters.getBigUint64(at, true) + 1n, true);
    };
    const lost = this.#lost[cpu]!;
    const records = lost > 0n ? [lostRecord(lost), sample] : [sample];
    if (!this.#write(cpu, records)) {
      this.dropped++;
      this.#lost[cpu]!++;
      counter('lost_ring_full');
      return;
    }
    this.#lost[cpu] = 0n;
    this.delivered++;
    counter('submitted');
  }

  /** Writes records where there is room for all of them. */
  #write(cpu: number, records: readonly Uint8Array[]): boolean {
    const page = this.#pages[cpu]!;
    const head = page.getBigUint64(1024, true);
    const bytes = records.flatMap((record) => [...record]);
    if (Number(head - page.getBigUint64(1032, true)) + bytes.length > this.#size) return false;
    bytes.forEach((byte, i) => {
      page.setUint8(PAGE_SIZE + ((Number(head) + i) % this.#size), byte);
    });
    page.setBigUint64(1024, head + BigInt(bytes.length), true);
    return true;
  }
}
