/** Reads /proc for a program and its descendants. */
import { readdirSync, readFileSync } from 'node:fs';

/** Content of a file of /proc; empty where the process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

const threadsOf = (pid: number) => list(`/proc/${pid}/task`).map((id) => `/proc/${pid}/task/${id}`);

/** A process and all its descendants. */
export function processTree(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) => read(`${thread}/children`).split(' ').filter(Boolean));
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/** User and system time of all live threads, ns. */
export function cpuTime(pids: readonly number[]): number {
  const threads = pids.flatMap(threadsOf);
  return threads.reduce((sum, thread) => sum + (Number.parseInt(read(`${thread}/schedstat`), 10) || 0), 0);
}

/** Sum of the peak resident memories, bytes; shared memory counts once for each process. */
export function peakMemory(pids: readonly number[]): number {
  const kibibytes = pids.map((pid) =>
    Number(/^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0),
  );
  return kibibytes.reduce((sum, size) => sum + size, 0) * 1024;
}

/** Resident memory now, bytes; what is shared, between processes or by two mappings of a ring, counts once. */
export function memoryInUse(pids: readonly number[]): number {
  const kibibytes = pids.map((pid) =>
    Number(/^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0),
  );
  return kibibytes.reduce((sum, size) => sum + size, 0) * 1024;
}

/** Ids of the BPF programs that processes hold, directly or by a link. */
export function bpfPrograms(pids: readonly number[]): number[] {
  const ids = pids.flatMap((pid) =>
    list(`/proc/${pid}/fdinfo`).flatMap(
      (fd) => /^prog_id:\s+(\d+)$/m.exec(read(`/proc/${pid}/fdinfo/${fd}`))?.[1] ?? [],
    ),
  );
  return [...new Set(ids)].map(Number);
}
