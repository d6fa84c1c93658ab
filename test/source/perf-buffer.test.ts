import test from 'ava';
import type { PerfEvents, PerfRing } from '#src/native/perf-events.js';
import type { Libbpf } from '#src/source/ebpf/libbpf.js';
import { openPerfBuffer, perfRingSize } from '#src/source/ebpf/perf-buffer.js';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

test('the rings have the buffer together, and many CPUs a bounded one', (t) => {
  t.is(perfRingSize(32 * MEBIBYTE, 1, 2), 16 * MEBIBYTE);
  t.is(perfRingSize(33 * MEBIBYTE, 2, 3), 4 * MEBIBYTE);
  t.is(perfRingSize(32 * MEBIBYTE, 1, 64), 512 * KIBIBYTE);
  // As many workers as such a machine has by itself: 8 MiB each.
  t.is(perfRingSize(32 * MEBIBYTE, 16, 64), 128 * KIBIBYTE);
  t.is(perfRingSize(1, 1, 1), 128 * KIBIBYTE);
});

test('every worker has a ring on every CPU that is online, where the program looks for it', (t) => {
  const handed = new Map<number, number>();
  const libbpf = {
    cpus: () => 3,
    updateMap: (_: number, element: number, fd: number) => handed.set(element, fd) && 0,
  } as unknown as Libbpf;
  let next = 100;
  const events: PerfEvents = { open: (cpu) => (cpu === 1 ? null : { fd: next++, close() {} }) };
  const opened: PerfRing[] = [];
  openPerfBuffer(libbpf, events, 9, { workers: 2, size: 4096 }, opened);
  t.deepEqual(
    opened.map(({ fd }) => fd),
    [100, 101, 102, 103],
  );
  // cpu * workers + worker (bpf/perf.h).
  t.deepEqual(
    [...handed],
    [
      [0, 100],
      [4, 101],
      [1, 102],
      [5, 103],
    ],
  );
});

test('what fails is said, with what to do', (t) => {
  const libbpf = { cpus: () => 1, updateMap: () => 0 } as unknown as Libbpf;
  const open = (what: string, code: number) => () =>
    openPerfBuffer(libbpf, { open: () => ({ what, code }) }, 9, { workers: 1, size: 4096 }, []);
  t.like(t.throws(open('open a perf event', -13)), {
    message: 'the kernel will not open a perf event: permission denied',
    hint: 'run it as root, or with CAP_PERFMON besides CAP_BPF and CAP_NET_ADMIN; or use --ebpf-buffer ring',
  });
  t.regex((t.throws(open('map a ring of the perf buffer', -1)) as { hint?: string }).hint!, /CAP_IPC_LOCK/);
});
