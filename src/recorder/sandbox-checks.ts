/** Describes what confines the process that decodes. */
import type { Check } from '../source/check.js';
import type { Sandbox } from './sandbox.js';

/** User that other services may run as, too. */
const SHARED_USER = 'nobody';
const OWN_USER =
  'useradd --system membench: as nobody it can be ended, and its limits used up, by other processes of nobody';

/**
 * One check for each restriction.
 *
 * @param user the user of the process
 */
export function sandboxChecks(sandbox: Sandbox, user: { name: string; uid: number }): Check[] {
  const { unfiltered, threads, bounded, noNewPrivs, hidden } = sandbox;
  const checks: Check[] = [
    {
      what: 'user',
      ok: true,
      found: `${user.name} (${user.uid})`,
      ...(user.name === SHARED_USER && { fix: OWN_USER }),
    },
    { what: 'capabilities', ok: true, found: `none in any of ${threads} threads` },
    {
      what: 'bounding set',
      ok: bounded === threads,
      found:
        bounded === threads
          ? 'empty'
          : `empty in ${bounded} of ${threads} threads: only CAP_SETPCAP takes from it`,
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
