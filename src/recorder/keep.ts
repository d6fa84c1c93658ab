/** Reduces the rights of the process that has opened a live source. */
import { CAPABILITIES, type Capability, loadCapabilities, setOf } from '../native/capabilities.js';
import { Threads } from '../native/drop-rights.js';

/**
 * Capabilities kept besides those of the source: to end the processes that capture and decode, which run as
 * another user; and to write profiles into a folder of another user, or over a file of another user in a
 * sticky folder.
 */
const ALWAYS: readonly Capability[] = ['CAP_KILL', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER'];

/** Rights left after `keepOnly`. */
export interface Kept {
  capabilities: Capability[];
  /**
   * Number of other threads that have more: those that Node and V8 started before, for garbage collection,
   * compilation and file operations. A thread can give up only its own capabilities.
   */
  others: number;
}

/** Gives up, for good, all capabilities that this thread does not need once a source is open. Linux only. */
export async function keepOnly(needed: readonly Capability[]): Promise<Kept> {
  const capabilities = await loadCapabilities();
  const { permitted } = capabilities.get();
  const names = new Set([...needed, ...ALWAYS]);
  // CAP_SYS_ADMIN includes CAP_BPF, which Linux 5.8 split off.
  if (names.has('CAP_BPF') && (permitted & setOf(['CAP_BPF'])) === 0n) names.add('CAP_SYS_ADMIN');
  const kept = permitted & setOf([...names]);
  capabilities.set({ effective: kept, permitted: kept, inheritable: 0n });
  const all = [...new Threads().read().values()];
  return {
    capabilities: (Object.keys(CAPABILITIES) as Capability[]).filter((name) => (kept & setOf([name])) !== 0n),
    others: all.filter((field) => (BigInt(`0x${field('CapPrm') || '0'}`) & ~kept) !== 0n).length,
  };
}
