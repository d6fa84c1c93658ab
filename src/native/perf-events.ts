/** Rings of perf_event_open(2) that only a BPF program writes to: Linux only. */
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { loadKoffi } from './koffi.js';
import { loadLibc, PROT_READ, PROT_WRITE } from './libc.js';

// Constants of linux/perf_event.h.
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_BPF_OUTPUT = 10n;
const PERF_SAMPLE_RAW = 1n << 10n;
const PERF_FLAG_FD_CLOEXEC = 8;
/** Size of struct perf_event_attr that all kernels with BPF know (PERF_ATTR_SIZE_VER5). */
const ATTRIBUTES = 112;
/** The bit `watermark` of its bit field: wake by bytes, not by events. */
const WATERMARK = 1n << 14n;
/** Number of the system call (asm/unistd_64.h, asm-generic/unistd.h). */
const PERF_EVENT_OPEN: Readonly<Record<string, number>> = { x64: 298, arm64: 241 };
const MAP_SHARED = 1;
const MAP_FAILED = 0xffffffffffffffffn;
const { ENODEV, ENOSYS } = constants.errno;

/** The ring of one CPU. */
export interface PerfRing {
  readonly fd: number;
  close(): void;
}

export interface PerfEvents {
  /**
   * Opens a ring of `size` bytes for samples that a BPF program writes on one CPU; whoever waits for it is woken when
   * `watermark` bytes have come. Returns null where the CPU is offline, or a negative errno with what failed.
   *
   * The ring is mapped here, though nobody reads it here: it counts against the limits of the process that maps it
   * first, and the one that decodes has no rights.
   */
  open(cpu: number, size: number, watermark: number): PerfRing | null | { what: string; code: number };
}

/** @throws ERR_MEMBENCH_UNSUPPORTED where koffi is missing or this is not Linux */
export async function loadPerfEvents(): Promise<PerfEvents> {
  const { pageSize } = await loadLibc();
  const koffi = await loadKoffi();
  const lib = koffi.load(null);
  const syscall = lib.func(
    'long syscall(long number, void *attributes, int pid, int cpu, int group, long flags)',
  );
  const mmap = lib.func(
    'uintptr_t mmap(uintptr_t at, size_t size, int protection, int flags, int fd, int64_t offset)',
  );
  const munmap = lib.func('int munmap(uintptr_t at, size_t size)');
  const number = PERF_EVENT_OPEN[process.arch];
  return {
    open(cpu, size, watermark) {
      const what = 'open a perf event';
      if (number === undefined) return { what, code: -ENOSYS };
      const attributes = new DataView(new ArrayBuffer(ATTRIBUTES));
      attributes.setUint32(0, PERF_TYPE_SOFTWARE, true);
      attributes.setUint32(4, ATTRIBUTES, true);
      attributes.setBigUint64(8, PERF_COUNT_SW_BPF_OUTPUT, true);
      // sample_period: every one.
      attributes.setBigUint64(16, 1n, true);
      attributes.setBigUint64(24, PERF_SAMPLE_RAW, true);
      attributes.setBigUint64(40, WATERMARK, true);
      attributes.setUint32(48, watermark, true);
      const fd = Number(
        syscall(number, new Uint8Array(attributes.buffer), -1, cpu, -1, PERF_FLAG_FD_CLOEXEC),
      );
      if (fd < 0) return koffi.errno() === ENODEV ? null : { what, code: -koffi.errno() };
      const bytes = pageSize + size;
      // Read-only the kernel would overwrite what was not read.
      const at = BigInt(mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
      if (at === MAP_FAILED) {
        const code = -koffi.errno();
        closeSync(fd);
        return { what: 'map a ring of the perf buffer', code };
      }
      return {
        fd,
        close() {
          munmap(at, bytes);
          closeSync(fd);
        },
      };
    },
  };
}
