/** What the process that decodes live packets is confined by, in the order it has to be done. */
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { MembenchError } from '../errors.js';
import { loadCapabilities } from '../native/capabilities.js';
import { checkThreads, dropRights, Threads } from '../native/drop-rights.js';
import { hideMemory } from '../native/dumps.js';
import type { Libc } from '../native/libc.js';
import { loadSeccomp, type Seccomp } from '../native/seccomp.js';

/** What holds, once it does. That no thread has a capability or is root always does. */
export interface Sandbox {
  /** Why no system calls are refused; null where they are. */
  unfiltered: string | null;
  /** Threads there were, and how many of them have an empty bounding set. */
  threads: number;
  bounded: number;
  noNewPrivs: boolean;
  /** No core dump, and only root looks into its memory. */
  hidden: boolean;
}

/** Takes out of this thread's sets, and so of every thread it starts, what rights could be made of. */
export async function shedSets(): Promise<void> {
  const capabilities = await loadCapabilities();
  // Only root may, and only where that has not been done for it.
  capabilities.emptyBounding();
  capabilities.set({ ...capabilities.get(), inheritable: 0n });
}

/**
 * Gives up every right, and everything else this process can do without: to be called when all its code is
 * loaded and its workers have started. Another thread can still be started, and inherits all of it.
 *
 * @param bounded whether this process was started with an empty bounding set
 * @param libc where it is there
 * @throws ERR_MEMBENCH_PRIVILEGE where something is not as it shall be: nothing may be captured then
 */
export async function enterSandbox(
  user: { uid: number; gid: number } | null,
  bounded: boolean,
  libc: Libc | undefined,
): Promise<Sandbox> {
  const linux = process.platform === 'linux';
  const seccomp = libc === undefined ? undefined : await loadSeccomp();
  dropRights(user, 'the recorder');
  // The change of user has undone both.
  hideMemory(libc);
  libc?.dieWithParent();
  if (!linux) return { unfiltered: 'only Linux has such filters', threads: 0, bounded: 0, ...NOTHING };
  const ringed = hasRing();
  const threads = new Threads();
  const unfiltered = seccomp === undefined ? 'koffi cannot be loaded' : install(seccomp);
  const filtered = unfiltered === null;
  const noNewPrivs = libc !== undefined;
  const found = checkThreads(threads.read(), { noNewPrivs, bounded, filtered });
  if (filtered) checkRefusals(seccomp!, ringed);
  return { unfiltered, ...found, noNewPrivs, hidden: libc?.isHidden() ?? false };
}

/** Whether this process has an io_uring: everything can be asked of one, past any filter. */
function hasRing(): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('[io_uring]');
    } catch {
      // The one the list was read by.
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

/** Tries what must be refused. */
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

/** Whether a file that everybody may read can be opened, or is refused for another reason than the filter's. */
function tryFile(): boolean {
  try {
    closeSync(openSync('/', 'r'));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}
