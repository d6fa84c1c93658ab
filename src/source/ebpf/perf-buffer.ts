/** The rings of the BPF perf buffer: one for each worker and CPU. */
import { constants } from 'node:os';
import { MembenchError } from '../../errors.js';
import type { PerfEvents, PerfRing } from '../../native/perf-events.js';
import { bpfReason, type Libbpf } from './libbpf.js';

/**
 * Most bytes of a packet in a sample, from its IP header on. A sample's size is a u16, and besides its heads the
 * link header is in it.
 */
export const PERF_CAPTURE_MAX = 65_400;
/** Least bytes of a ring: room for the largest sample while another one is read. */
const SIZE_MIN = 128 * 1024;
/** A worker is woken when so many bytes have come on one CPU; before that it finds them by polling. */
const WATERMARK = 16 * 1024;

const { EPERM, EACCES } = constants.errno;

/** Bytes of each ring where all together have `bytes`: a power of two, and at least SIZE_MIN. */
export function perfRingSize(bytes: number, workers: number, cpus: number): number {
  return Math.max(SIZE_MIN, 2 ** Math.floor(Math.log2(bytes / workers / cpus)));
}

/**
 * Opens the rings and hands them to the BPF program.
 *
 * @param map descriptor of the program's array of rings, see bpf/perf.h
 * @param opened gets the rings, those of a worker in a row
 * @throws ERR_MEMBENCH_UNSUPPORTED
 */
export function openPerfBuffer(
  libbpf: Libbpf,
  events: PerfEvents,
  map: number,
  { workers, size }: { workers: number; size: number },
  opened: PerfRing[],
): void {
  const cpus = libbpf.cpus();
  for (let worker = 0; worker < workers; worker++) {
    for (let cpu = 0; cpu < cpus; cpu++) {
      const ring = events.open(cpu, size, WATERMARK);
      if (ring === null) continue;
      if ('code' in ring) throw refused(ring.what, ring.code);
      opened.push(ring);
      const code = libbpf.updateMap(map, cpu * workers + worker, ring.fd);
      if (code < 0) throw refused('hand a ring of the perf buffer to the BPF program', code);
    }
  }
}

function refused(what: string, code: number): MembenchError {
  const mapping = what.startsWith('map');
  const hint = mapping
    ? 'use a smaller buffer (-B), give it CAP_IPC_LOCK too, or raise kernel.perf_event_mlock_kb'
    : code === -EPERM || code === -EACCES
      ? 'run it as root, or with CAP_PERFMON besides CAP_BPF and CAP_NET_ADMIN; or use --ebpf-buffer ring'
      : 'use --ebpf-buffer ring, or afpacket:IF';
  return new MembenchError(
    'ERR_MEMBENCH_UNSUPPORTED',
    `the kernel will not ${what}: ${bpfReason(code)}`,
    hint,
  );
}
