/** What the kernel's /proc tells of a program and all it started. */
import { readdirSync, readFileSync } from 'node:fs';

/** Empty where it is gone meanwhile. */
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

/** A process, its children, theirs, and so on. */
export function processTree(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) => read(`${thread}/children`).split(' ').filter(Boolean));
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/** User and system time of all threads that live, nanoseconds. */
export function cpuTime(pids: readonly number[]): number {
  const threads = pids.flatMap(threadsOf);
  return threads.reduce((sum, thread) => sum + (Number.parseInt(read(`${thread}/schedstat`), 10) || 0), 0);
}

/** Peak resident memory of each added up, bytes: memory they share counts once for each. */
export function peakMemory(pids: readonly number[]): number {
  const kibibytes = pids.map((pid) =>
    Number(/^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0),
  );
  return kibibytes.reduce((sum, size) => sum + size, 0) * 1024;
}

/** Ids of the BPF programs that processes hold, by themselves or by a link. */
export function bpfPrograms(pids: readonly number[]): number[] {
  const ids = pids.flatMap((pid) =>
    list(`/proc/${pid}/fdinfo`).flatMap(
      (fd) => /^prog_id:\s+(\d+)$/m.exec(read(`/proc/${pid}/fdinfo/${fd}`))?.[1] ?? [],
    ),
  );
  return [...new Set(ids)].map(Number);
}
