/** Gives up the rights that attaching needed. */
import { loadCapabilities } from '../native/capabilities.js';
import { checkThreads, dropRights, ThreadStatuses } from '../native/drop-rights.js';
import { loadLibc } from '../native/libc.js';
import { findDecoder } from '../native/users.js';
import type { AttachMethod } from '../source/ebpf/attachment.js';

/**
 * Gives up all rights for good where nothing needs them any more: TCX links end with the process, filters of a
 * clsact qdisc must be removed by it.
 *
 * @returns what rights are left, for users
 * @throws ERR_MEMBENCH_PRIVILEGE where they cannot be given up
 */
export async function giveUpRights(method: AttachMethod): Promise<string> {
  if (method === 'clsact') return 'this process keeps its rights, to remove its filters';
  const libc = await loadLibc();
  if (process.getuid?.() === 0) {
    const user = await findDecoder();
    const statuses = new ThreadStatuses();
    dropRights(user, 'this process');
    libc.giveUpGaining();
    checkThreads(statuses.read(), { shed: false, noNewPrivs: false, bounded: false, filtered: false });
    return `this process goes on as ${user.name}, without any right`;
  }
  const capabilities = await loadCapabilities();
  capabilities.set({ effective: 0n, permitted: 0n, inheritable: 0n });
  libc.giveUpGaining();
  return 'this process gave up its rights, except in threads that Node started before';
}
