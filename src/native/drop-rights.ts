/** Giving up rights in every thread, and making sure of it. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { setOf } from './capabilities.js';

/**
 * Becomes another user for good. Changing the user from root clears all capabilities, for every thread at
 * once (setuid(2), nptl(7)); `checkThreads` makes sure of it.
 *
 * @param user null where the process was started without rights to give up
 * @param who which process this is, for the error
 * @throws ERR_MEMBENCH_PRIVILEGE
 */
export function dropRights(user: { uid: number; gid: number } | null, who: string): void {
  if (user === null) return;
  try {
    process.setgroups!([]);
    process.setgid!(user.gid);
    process.setuid!(user.uid);
  } catch (error) {
    throw new MembenchError(
      'ERR_MEMBENCH_PRIVILEGE',
      `${who} cannot become the user ${user.uid}: ${(error as Error).message}`,
      'start as root with CAP_SETUID and CAP_SETGID, or as another user with only the rights of the source',
      error,
    );
  }
}

/** What the kernel says of a thread (proc_pid_status(5)). */
type Status = (field: string) => string;

/** Bytes of a status: fewer than a page in all kernels so far. */
const STATUS_MAX = 16384;

/** The threads of this process: opened while it may, read when it may open nothing any more. */
export class Threads {
  readonly #fds: { thread: string; fd: number }[] = [];

  constructor() {
    for (const thread of readdirSync('/proc/self/task')) {
      try {
        this.#fds.push({ thread, fd: openSync(`/proc/self/task/${thread}/status`, 'r') });
      } catch {
        // It has ended.
      }
    }
  }

  /** What each of them has now; the files are closed. */
  read(): Map<string, Status> {
    const threads = new Map<string, Status>();
    const bytes = Buffer.alloc(STATUS_MAX);
    for (const { thread, fd } of this.#fds.splice(0)) {
      try {
        const text = bytes.toString('latin1', 0, readSync(fd, bytes, 0, STATUS_MAX, 0));
        threads.set(thread, (name) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '');
      } catch {
        // It has ended.
      } finally {
        closeSync(fd);
      }
    }
    return threads;
  }
}

/** What must be so in every thread, besides that it is not root and has no capability. */
export interface Expected {
  /** Whether the inheritable set was emptied, but for what `bounded` leaves in it. Default true. */
  shed?: boolean;
  /** Whether it was arranged that nothing can be gained. */
  noNewPrivs: boolean;
  /** Whether the bounding set was emptied before this process began. */
  bounded: boolean;
  /** Whether there is a filter of system calls. */
  filtered: boolean;
}

/**
 * What root's recorder is handed to give itself up: to become another user, and to read its code before. With
 * an empty bounding set, exec leaves root only what is inheritable, and only the thread that was asked can
 * take that out of the set again; threads Node has started by then keep it there, where it gives nothing
 * (capabilities(7)): it takes an exec, which is refused, and no_new_privs stands in its way as well.
 */
export const HANDED_DOWN = setOf(['CAP_SETUID', 'CAP_SETGID', 'CAP_DAC_READ_SEARCH']);

const SECCOMP_MODE_FILTER = '2';

/**
 * @returns of how many threads, how many have an empty bounding set
 * @throws ERR_MEMBENCH_PRIVILEGE where a right is left: no packet may be read then
 */
export function checkThreads(
  threads: ReadonlyMap<string, Status>,
  { shed = true, noNewPrivs, bounded, filtered }: Expected,
): { threads: number; bounded: number } {
  let empty = 0;
  for (const [thread, field] of threads) {
    const set = (name: string) => BigInt(`0x${field(name) || '0'}`);
    const root = field('Uid').split('\t').includes('0');
    const left = [
      root && 'the identity of root',
      // Kernels before 4.3 have no ambient capabilities.
      ['CapEff', 'CapPrm', 'CapAmb'].some((name) => set(name) !== 0n) && 'capabilities',
      shed && (set('CapInh') & ~(bounded ? HANDED_DOWN : 0n)) !== 0n && 'inheritable capabilities',
      bounded && set('CapBnd') !== 0n && 'a bounding set',
      noNewPrivs && field('NoNewPrivs') !== '1' && 'a way to gain rights',
      filtered && field('Seccomp') !== SECCOMP_MODE_FILTER && 'all system calls',
    ].find((one) => one !== false);
    if (left !== undefined) {
      throw new MembenchError('ERR_MEMBENCH_PRIVILEGE', `thread ${thread} still has ${left}`);
    }
    if (set('CapBnd') === 0n) empty++;
  }
  if (threads.size === 0) {
    throw new MembenchError('ERR_MEMBENCH_PRIVILEGE', 'what rights this process has cannot be told');
  }
  return { threads: threads.size, bounded: empty };
}
