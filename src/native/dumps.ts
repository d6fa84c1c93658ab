/**
 * Keeps the memory of a process out of core dumps, by three means, each stronger than the one before:
 *
 * - the filter of mappings: no memory is dumped, but registers are, and a vector register may hold 32 bytes of the data copied last;
 * - a limit of one byte: nothing is dumped. A limit of 0 does not stop a dump that is piped to a program, but 1 does, which the kernel uses to recognise a crash of that program itself (do_coredump in fs/coredump.c);
 * - PR_SET_DUMPABLE 0 (prctl(2)): also, only root can read the memory of the process.
 *
 * Linux only; elsewhere nothing is done.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { type Libc, loadLibc } from './libc.js';

/** File with the filter of mappings (core(5)), shared by all threads and inherited by child processes. */
const FILTER = '/proc/self/coredump_filter';

/**
 * Time after which a recording that must start at once takes the stronger means, ms: so late that a short one ends
 * without loading the C library.
 */
const START_UP = 1000;

/** Sets the filter so that no memory is dumped. Returns whether it is set. */
function emptyDumps(): boolean {
  try {
    // Fails where the process is not dumpable any more; the filter set before remains.
    writeFileSync(FILTER, '0');
  } catch {
    // The value read back counts.
  }
  try {
    return Number.parseInt(readFileSync(FILTER, 'latin1'), 16) === 0;
  } catch {
    return false;
  }
}

/** Sets the limit without the C library, by prlimit(1) of util-linux, where the hard limit is not 0. */
function limitDumps(): void {
  try {
    if (/^Max core file size +1 +1 /m.test(readFileSync('/proc/self/limits', 'latin1'))) return;
    execFileSync('prlimit', ['--pid', String(process.pid), '--core=1:1'], { stdio: 'ignore' });
  } catch {
    // The filter remains.
  }
}

/**
 * Keeps the memory of this process out of core dumps; with the C library there is no core dump at all. A
 * change of user resets PR_SET_DUMPABLE, so call it again after the change.
 *
 * @param libc the C library, where it could be loaded
 * @throws ERR_MEMBENCH_PRIVILEGE where memory might still be dumped
 */
export function hideMemory(libc: Libc | undefined): void {
  if (process.platform !== 'linux') return;
  const empty = emptyDumps();
  if (libc === undefined) limitDumps();
  else libc.hideMemory();
  if (libc === undefined ? !empty : !libc.isHidden()) {
    throw new MembenchError('ERR_MEMBENCH_PRIVILEGE', 'the memory of this process could end in a core dump');
  }
}

/**
 * Does the same for a process that will hold packets or secrets, and does not change its user.
 *
 * @param soon whether it must start at once: then the C library, and the means beyond the filter, follow a
 *   little later
 */
export async function hideOwnMemory(soon: boolean): Promise<void> {
  if (process.platform !== 'linux') return;
  const hide = async () => hideMemory(await loadLibc().catch(() => undefined));
  if (!soon || !emptyDumps()) return hide();
  // The filter is set, and remains whatever fails below.
  setTimeout(() => hide().catch(() => {}), START_UP).unref();
}
