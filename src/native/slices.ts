/** Time slices of the scheduler: Linux only. */
import { loadKoffi } from './koffi.js';

/** Numbers of sched_setattr and sched_getattr (asm/unistd_64.h of x86, asm-generic/unistd.h). */
const NUMBERS: Partial<Record<string, { set: number; get: number }>> = {
  x64: { set: 314, get: 315 },
  arm64: { set: 274, get: 275 },
};

// struct sched_attr (linux/sched/types.h), its first version: offsets, size, and the policies of ordinary threads.
const SIZE = 48;
const POLICY = 4;
const RUNTIME = 24;
const SCHED_OTHER = 0;
const SCHED_BATCH = 3;

/** The shortest slice that the scheduler grants, ns (sched(7)); its default is 3 ms or so. */
const SHORTEST = 100_000n;

/**
 * Asks for the shortest time slices for this thread and those it starts. Their share of the CPU stays the same, but
 * when one is woken on a busy CPU, it runs within the length of a slice rather than of those of others (EEVDF). Linux
 * grants it since 6.12, to anybody, and ignores it before.
 *
 * @returns whether the kernel took it, which earlier ones do, too
 */
export async function shortenSlices(): Promise<boolean> {
  const numbers = NUMBERS[process.arch];
  if (numbers === undefined || process.platform !== 'linux') return false;
  const lib = (await loadKoffi()).load(null);
  const call = lib.func(
    'long syscall(long number, int pid, void *attributes, unsigned int size, unsigned int flags)',
  );
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  if (Number(call(numbers.get, 0, bytes, SIZE, 0)) !== 0) return false;
  const policy = view.getUint32(POLICY, true);
  // Who runs it as a real-time or idle thread has chosen.
  if (policy !== SCHED_OTHER && policy !== SCHED_BATCH) return false;
  view.setBigUint64(RUNTIME, SHORTEST, true);
  // The third argument of sched_setattr is its flags.
  return Number(call(numbers.set, 0, bytes, 0, 0)) === 0;
}
