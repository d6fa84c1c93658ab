/** Keeping what a process holds out of core dumps. */
import { readFileSync, writeFileSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { type Libc, loadLibc } from './libc.js';

/** Which mappings are dumped (core(5)): shared by all threads, inherited by programs that are started. */
const FILTER = '/proc/self/coredump_filter';

/**
 * Leaves every mapping out of a dump: headers and the registers of the threads remain. This also works where
 * the dump is piped to a program, which no limit on its size stops. It fails where the process is not dumpable
 * any more, but what was set before stays.
 *
 * @returns whether it is so
 */
export function emptyDumps(): boolean {
  try {
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

/**
 * No core dump of this process holds anything, and with the C library there is none at all, nor does another
 * process of the same user look into it. A change of user undoes the latter: call it again after the last.
 * Linux only; elsewhere it does nothing.
 *
 * @param libc where it is there
 * @throws ERR_MEMBENCH_PRIVILEGE where it is not so afterwards
 */
export function hideMemory(libc: Libc | undefined): void {
  if (process.platform !== 'linux') return;
  const empty = emptyDumps();
  libc?.hideMemory();
  if (libc === undefined ? !empty : !libc.isHidden()) {
    throw new MembenchError('ERR_MEMBENCH_PRIVILEGE', 'the memory of this process could end in a core dump');
  }
}

/**
 * The same for a process that is about to hold packets or secrets, and changes no user.
 *
 * @param wholly with the C library, where it can be had; else only where it cannot be done without
 */
export async function hideOwnMemory(wholly: boolean): Promise<void> {
  if (process.platform !== 'linux' || (emptyDumps() && !wholly)) return;
  hideMemory(await loadLibc().catch(() => undefined));
}
