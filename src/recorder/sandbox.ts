/** Confines the process that decodes live packets. */
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { MembenchError } from '../errors.js';
import { loadCapabilities } from '../native/capabilities.js';
import { checkThreads, dropRights, ThreadStatuses } from '../native/drop-rights.js';
import { hideMemory } from '../native/dumps.js';
import type { Libc } from '../native/libc.js';
import { loadSeccomp, type Seccomp } from '../native/seccomp.js';

/** The restrictions in force. Besides these, no thread is root or has a capability. */
export interface Sandbox {
  /** Why no system call is refused; null where a filter refuses some. */
  unfiltered: string | null;
  /** Number of threads, and of those with an empty bounding set. */
  threads: number;
  bounded: number;
  noNewPrivs: boolean;
  /** No core dump is made, and only root can read the memory. */
  hidden: boolean;
}

/** Empties the bounding and inheritable sets of this thread, and so of every thread it starts. */
export async function shedSets(): Promise<void> {
  const capabilities = await loadCapabilities();
  // Only root may do this, and it is not needed where the parent has done it.
  capabilities.emptyBounding();
  capabilities.set({ ...capabilities.get(), inheritable: 0n });
}

/**
 * Gives up every right, and all system calls this process does not need. Call it when all code is loaded and
 * the workers have started; threads started later inherit every restriction.
 *
 * @param user user to become; null where there are no rights to give up
 * @param bounded whether this process was started with an empty bounding set
 * @param libc the C library, where koffi could load it
 * @throws ERR_MEMBENCH_PRIVILEGE where a restriction is not in force: then nothing may be captured
 */
export async function enterSandbox(
  user: { uid: number; gid: number } | null,
  bounded: boolean,
  libc: Libc | undefined,
): Promise<Sandbox> {
  const linux = process.platform === 'linux';
  const seccomp = libc === undefined ? undefined : await loadSeccomp();
  dropRights(user, 'the recorder');
  // The change of user has reset both of these.
  hideMemory(libc);
  libc?.dieWithParent();
  if (!linux) return { unfiltered: 'only Linux has such filters', threads: 0, bounded: 0, ...NOTHING };
  const ringed = hasRing();
  const threads = new ThreadStatuses();
  const unfiltered = seccomp === undefined ? 'koffi cannot be loaded' : install(seccomp);
  const filtered = unfiltered === null;
  const noNewPrivs = libc !== undefined;
  const found = checkThreads(threads.read(), { noNewPrivs, bounded, filtered });
  if (filtered) checkRefusals(seccomp!, ringed);
  return { unfiltered, ...found, noNewPrivs, hidden: libc?.isHidden() ?? false };
}

/** Whether this process has an io_uring, whose operations no filter sees. */
function hasRing(): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('[io_uring]');
    } catch {
      // The descriptor by which the list was read is closed.
      return false;
    }
  });
}

const NOTHING = { noNewPrivs: false, hidden: false };

function install(seccomp: Seccomp): string | null {
  try {
    return seccomp.install();
  } catch (error) {
    throw new MembenchError('ERR_MEMBENCH_PRIVILEGE', `recorder: ${(error as Error).message}`);
  }
}

/** Checks that system calls which must be refused are. */
function checkRefusals(seccomp: Seccomp, ringed: boolean): void {
  const allowed = [
    tryFile() && 'open a file',
    seccomp.trySocket() !== constants.errno.EPERM && 'open a socket',
    ringed && 'ask an io_uring for both',
  ].find((one) => one !== false);
  if (allowed !== undefined) {
    throw new MembenchError('ERR_MEMBENCH_PRIVILEGE', `the recorder may still ${allowed}`);
  }
}

/**
 * Whether a public file can be opened, or is refused for another reason than the filter.
 */
function tryFile(): boolean {
  try {
    closeSync(openSync('/', 'r'));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}
