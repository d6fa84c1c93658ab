/** The BPF program in the kernel, run on single packets by BPF_PROG_TEST_RUN. */
import koffi from 'koffi';
import {
  HOLES_MAX,
  KERNEL_COUNTER_NAMES,
  KERNEL_COUNTERS,
  RING_HOLE,
  RING_RECORD,
} from '#src/layout/generated.js';
import { type Libc, loadLibc, PROT_READ, PROT_WRITE } from '#src/native/libc.js';
import { loadPerfEvents } from '#src/native/perf-events.js';
import { loadLibbpf } from '#src/source/ebpf/libbpf.js';
import { loadPrograms, type ProgramSettings } from '#src/source/ebpf/object.js';
import type { Hole } from './kernel.js';
import { loadTestRun } from './test-run.js';

const RING_SIZE = 1 << 19;
// BPF_RINGBUF_DISCARD_BIT and the mask of the length (linux/bpf.h).
const DISCARDED = 1 << 30;
/** Offset of `verified_insns` in struct bpf_prog_info, and bytes up to its end (linux/bpf.h, since 5.16). */
const VERIFIED = 216;
const INFO = 232;

/** What a ring record says. */
export interface Taken {
  holes: Hole[];
  /** The bytes of the packet from its IP header on, without the holes. */
  bytes: Uint8Array;
}

export interface Program {
  /**
   * Runs one packet through the program. Returns the names of the counters that rose; null where this kernel does
   * not run it on such a packet.
   */
  run(frame: Uint8Array): string[] | null;
  /** Takes the records of packets out of the rings. */
  take(): Taken[];
  /** The same as bytes, and message records, too. */
  takeBytes(): Uint8Array[];
  /** All memory of the rings. */
  memory(): Uint8Array[];
  /** Whether a thread that sleeps until a BPF ring has packets was woken since the last call. */
  woken(): boolean;
  /** Has packets of the flows with such hashes copied whole, or no longer. */
  uncut(all: boolean): void;
  /** Instructions the verifier went through for both programs; 0 where the kernel does not tell. */
  verified: number[];
  close(): void;
}

/** What makes `loadProgram` load the program for BPF rings, and for the perf buffer. */
export const BUFFERS = ['ring', 'perf'] as const;
export const perfOf = async (buffer: (typeof BUFFERS)[number]) =>
  buffer === 'perf' ? await loadPerfEvents() : undefined;

/** Loads the program for two workers. */
export async function loadProgram(settings: Partial<ProgramSettings> = {}): Promise<Program> {
  const libc = await loadLibc();
  const programs = loadPrograms(await loadLibbpf(), {
    ports: [[11211, 11211]],
    rings: 2,
    ringSize: RING_SIZE,
    seed: 77n,
    ...settings,
  });
  programs.begin();
  const size = Math.ceil(programs.countersSize / libc.pageSize) * libc.pageSize;
  const words = new BigUint64Array(
    libc.map(size, PROT_READ, programs.counters, 0),
    0,
    programs.countersSize / 8,
  );
  const rings = programs.rings.map((fd): ReadRing => {
    if (settings.perf !== undefined) return perfRing(libc, fd);
    const rest = libc.map(libc.pageSize + 2 * RING_SIZE, PROT_READ, fd, libc.pageSize);
    const consumer = new BigUint64Array(libc.map(libc.pageSize, PROT_READ | PROT_WRITE, fd, 0), 0, 1);
    return bpfRing(
      consumer,
      new BigUint64Array(rest, 0, 1),
      new Uint8Array(rest, libc.pageSize, 2 * RING_SIZE),
    );
  });
  const lib = koffi.load('libbpf.so.1');
  const testRun = loadTestRun();
  const getInfo = lib.func('int bpf_obj_get_info_by_fd(int fd, void *info, void *size)');
  const sums = () =>
    KERNEL_COUNTER_NAMES.map((_, counter) => {
      let sum = 0n;
      for (let i = counter; i < words.length; i += KERNEL_COUNTERS) sum += words[i]!;
      return sum;
    });
  return {
    run(frame) {
      const before = sums();
      const code = testRun(programs.programs[0], frame);
      // Recent kernels refuse to make a packet of less than both headers.
      if (code === -22 && frame.length < 34) return null;
      if (code !== 0) throw new Error(`bpf_prog_test_run_opts: ${code}`);
      const after = sums();
      return KERNEL_COUNTER_NAMES.filter((_, i) => after[i]! > before[i]!);
    },
    take: () => rings.flatMap((ring) => ring.take()),
    takeBytes: () => rings.flatMap((ring) => ring.takeBytes()),
    memory: () => rings.map(({ data }) => data),
    woken: edges(settings.perf === undefined ? programs.rings : []),
    uncut(all) {
      const bytes = libc.map(2 * libc.pageSize, PROT_READ | PROT_WRITE, programs.uncut!, 0);
      new Uint8Array(bytes).fill(all ? 255 : 0);
    },
    verified: programs.programs.map((fd) => {
      const info = new Uint8Array(INFO);
      if (getInfo(fd, info, new Uint32Array([INFO])) !== 0) throw new Error('bpf_obj_get_info_by_fd');
      return new DataView(info.buffer).getUint32(VERIFIED, true);
    }),
    close: () => programs.close(),
  };
}

/** Watches descriptors for wake-ups, which are not the same as having data (EPOLLET, epoll(7)). */
function edges(fds: readonly number[]): () => boolean {
  const lib = koffi.load(null);
  const control = lib.func('int epoll_ctl(int epoll, int op, int fd, void *event)');
  const wait = lib.func('int epoll_wait(int epoll, void *events, int size, int timeout)');
  const epoll: number = lib.func('int epoll_create1(int flags)')(0);
  // EPOLL_CTL_ADD, EPOLLIN | EPOLLET (linux/eventpoll.h).
  for (const fd of fds) control(epoll, 1, fd, new Uint8Array(new Uint32Array([0x80000001, 0, 0, 0]).buffer));
  const events = new Uint8Array(16 * 16);
  return () => wait(epoll, events, 16, 0) > 0;
}

/** One ring, of either kind. */
interface ReadRing {
  data: Uint8Array;
  /** Takes its records out of it, read or as they are. */
  take(): Taken[];
  takeBytes(): Uint8Array[];
}

function bpfRing(consumer: BigUint64Array, producer: BigUint64Array, twice: Uint8Array): ReadRing {
  const view = new DataView(twice.buffer, twice.byteOffset, twice.length);
  const takeBytes = () => {
    const taken: Uint8Array[] = [];
    const end = Atomics.load(producer, 0);
    for (let at = consumer[0]!; at < end; ) {
      const head = Number(at % BigInt(RING_SIZE));
      const length = view.getUint32(head, true);
      const size = length & ~DISCARDED;
      if ((length & DISCARDED) === 0) taken.push(twice.slice(head + 8, head + 8 + size));
      at += BigInt((size + 8 + 7) & ~7);
    }
    Atomics.store(consumer, 0, end);
    return taken;
  };
  return {
    data: twice.subarray(0, RING_SIZE),
    take: () => takeBytes().map((record) => read(record)),
    takeBytes,
  };
}

/** A ring of the perf buffer: struct perf_event_mmap_page, and the data (linux/perf_event.h). */
function perfRing(libc: Libc, fd: number): ReadRing {
  const bytes = libc.map(libc.pageSize + RING_SIZE, PROT_READ | PROT_WRITE, fd, 0);
  const head = new BigUint64Array(bytes, 1024, 1);
  const tail = new BigUint64Array(bytes, 1032, 1);
  const data = new Uint8Array(bytes, libc.pageSize, RING_SIZE);
  const takeBytes = () => {
    const taken: Uint8Array[] = [];
    const end = Atomics.load(head, 0);
    for (let at = tail[0]!; at < end; ) {
      const from = Number(at % BigInt(RING_SIZE));
      const twice = new Uint8Array([...data.subarray(from), ...data.subarray(0, from)]);
      const size = new DataView(twice.buffer).getUint16(6, true);
      // Without its header of 8 bytes, and the size of the sample.
      taken.push(twice.slice(12, size));
      at += BigInt(size);
    }
    Atomics.store(tail, 0, end);
    return taken;
  };
  // The link header is in a record without holes.
  const before = (record: Uint8Array) => (record[RING_RECORD.holes] ? 0 : record[RING_RECORD.link_size]!);
  return { data, take: () => takeBytes().map((record) => read(record, before(record))), takeBytes };
}

/** @param before bytes of the packet before its IP header */
function read(record: Uint8Array, before = 0): Taken {
  const view = new DataView(record.buffer);
  const count = view.getUint8(RING_RECORD.holes);
  const holes = Array.from({ length: count }, (_, i) => {
    const hole = RING_RECORD.SIZE + i * RING_HOLE.SIZE;
    return {
      offset: view.getUint32(hole + RING_HOLE.offset, true),
      size: view.getUint32(hole + RING_HOLE.size, true),
    };
  });
  const from = RING_RECORD.SIZE + (count ? HOLES_MAX * RING_HOLE.SIZE : 0) + before;
  const captured = view.getUint32(RING_RECORD.captured, true);
  return { holes, bytes: record.slice(from, from + captured) };
}
