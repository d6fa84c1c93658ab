import { readdirSync, readFileSync } from 'node:fs';
import { MembenchError } from '../errors.js';

/**
 * Becomes another user in every thread, and makes sure of it. Changing the user from root clears all
 * capabilities, for every thread at once (setuid(2), nptl(7)); that nothing can be gained again was
 * arranged by whoever started this process.
 *
 * @param user null where the process was started without rights to give up
 * @param noNewPrivs whether it was arranged
 * @throws MembenchError where a right is left: nothing may be captured then
 */
export function dropRights(user: { uid: number; gid: number } | null, noNewPrivs: boolean): void {
  if (user !== null) {
    process.setgroups!([]);
    process.setgid!(user.gid);
    process.setuid!(user.uid);
  }
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync('/proc/self/task')) {
    let status: string;
    try {
      status = readFileSync(`/proc/self/task/${thread}/status`, 'latin1');
    } catch {
      // It has ended.
      continue;
    }
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
    const capable = ['CapEff', 'CapPrm', 'CapAmb'].some((name) => !/^0+$/.test(field(name)));
    const root = field('Uid').split('\t').includes('0');
    if (capable || root || (noNewPrivs && field('NoNewPrivs') !== '1')) {
      throw new MembenchError('ERR_MEMBENCH_PRIVILEGE', `thread ${thread} of the recorder still has rights`);
    }
  }
}
