/** What confines the process that decodes, in words. */
import type { Check } from '../source/check.js';
import type { Sandbox } from './sandbox.js';

/**
 * One line for each thing that holds, or does not.
 *
 * @param user its name, and who the process is by number
 */
export function sandboxChecks(sandbox: Sandbox, user: { name: string; uid: number }): Check[] {
  const { unfiltered, threads, bounded, noNewPrivs, hidden } = sandbox;
  const checks: Check[] = [
    { what: 'user', ok: true, found: `${user.name} (${user.uid})` },
    { what: 'capabilities', ok: true, found: `none in any of ${threads} threads` },
    {
      what: 'bounding set',
      ok: bounded === threads,
      found:
        bounded === threads
          ? 'empty'
          : `empty in ${bounded} of ${threads} threads: the rest can only be emptied by CAP_SETPCAP, before it starts`,
    },
    { what: 'no_new_privs', ok: noNewPrivs, found: noNewPrivs ? 'set' : 'not set' },
    {
      what: 'system calls',
      ok: unfiltered === null,
      found: unfiltered === null ? 'a seccomp filter: no new file, socket or process' : unfiltered,
    },
    {
      what: 'memory',
      ok: hidden,
      found: hidden ? 'in no core dump, and only root looks into it' : 'empty in core dumps',
    },
  ];
  return process.platform === 'linux' ? checks : checks.slice(0, 1);
}
