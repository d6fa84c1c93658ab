/** Starts a recorder with as few rights as it needs to give up the rest. */
import { loadCapabilities, setOf } from '../native/capabilities.js';
import { HANDED_DOWN } from '../native/drop-rights.js';
import { loadSeccomp } from '../native/seccomp.js';

/**
 * Starts a program from this thread so that it inherits few capabilities, and can be confined: it cannot make
 * an io_uring, nor can this thread any more.
 *
 * @param forGood empty this thread's bounding set, where permitted, so that no program it starts later gets
 *   any capability, not even as root. This cannot be undone, so it is only for a process of membench's own
 * @returns the result of `start`, and whether the bounding set was empty then
 */
export async function handDown<T>(
  forGood: boolean,
  start: () => T,
): Promise<{ started: T; bounded: boolean }> {
  (await loadSeccomp()).refuseRings();
  const capabilities = await loadCapabilities();
  const before = capabilities.get();
  const may = forGood && (before.effective & setOf(['CAP_SETPCAP'])) !== 0n;
  // From an empty bounding set the inheritable set could not be raised again.
  const inheritable = may ? before.permitted & HANDED_DOWN : before.inheritable & ~before.permitted;
  capabilities.set({ ...before, inheritable });
  const bounded = may && capabilities.emptyBounding();
  try {
    return { started: start(), bounded };
  } finally {
    capabilities.set({ ...before, inheritable: forGood ? 0n : before.inheritable });
  }
}
