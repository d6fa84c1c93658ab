/**
 * Keeping what a process holds out of core dumps. Three things do it, each more than the one before:
 *
 * - the filter of mappings: no memory is dumped, but the threads' registers are, and a register of a vector unit
 *   holds 32 bytes of what was copied last;
 * - the limit of one byte: nothing is dumped. A limit of 0 would not stop a dump that is piped to a program, but
 *   1 does: the kernel takes it for the mark of such a program's own crash (fs/coredump.c, do_coredump);
 * - not to be dumpable (prctl(2)): nobody but root looks into the process either.
 *
 * Linux only; elsewhere nothing is done.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { type Libc, loadLibc } from './libc.js';

/** Which mappings are dumped (core(5)): shared by all threads, inherited by programs that are started. */
const FILTER = '/proc/self/coredump_filter';

/** How long a recording that should start at once leaves it at the filter, ms. */
const START_UP = 200;

/** Leaves all memory out of dumps. Returns whether it is so. */
function emptyDumps(): boolean {
  try {
    // Fails where the process is not dumpable any more; what was set before stays.
    writeFileSync(FILTER, '0');
  } catch {
    // What counts is what stands there.
  }
  try {
    return Number.parseInt(readFileSync(FILTER, 'latin1'), 16) === 0;
  } catch {
    return false;
  }
}

/** Sets the limit without the C library, where util-linux is installed and the limit is not 0 for good. */
function limitDumps(): void {
  try {
    if (/^Max core file size +1 +1 /m.test(readFileSync('/proc/self/limits', 'latin1'))) return;
    execFileSync('prlimit', ['--pid', String(process.pid), '--core=1:1'], { stdio: 'ignore' });
  } catch {
    // The filter stays.
  }
}

/**
 * No core dump of this process holds memory of it, and with the C library there is none at all. A change of
 * user undoes the latter: call it again after the last.
 *
 * @param libc where it can be had
 * @throws ERR_MEMBENCH_PRIVILEGE where it is not so afterwards
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
 * The same for a process that is about to hold packets or secrets, and changes no user.
 *
 * @param soon it must start at once: the C library, and what it does beyond the filter, comes a little later
 */
export async function hideOwnMemory(soon: boolean): Promise<void> {
  if (process.platform !== 'linux') return;
  const hide = async () => hideMemory(await loadLibc().catch(() => undefined));
  if (!soon || !emptyDumps()) return hide();
  // That was what it can do by itself: whatever fails now leaves it so.
  setTimeout(() => hide().catch(() => {}), START_UP).unref();
}
