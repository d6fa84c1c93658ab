/** What the half of a live recording that holds the source keeps of its rights. */
import { CAPABILITIES, type Capability, loadCapabilities, setOf } from '../native/capabilities.js';
import { Threads } from '../native/drop-rights.js';

/**
 * Besides what the source asks for: to end the processes that capture and decode, which are another user's; and
 * what makes root able to write profiles where it is told to: into a folder of another user, and in the place of
 * a file of another user in a folder like /tmp.
 */
const ALWAYS: readonly Capability[] = ['CAP_KILL', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER'];

/** What is left after `keepOnly`. */
export interface Kept {
  capabilities: Capability[];
  /**
   * Other threads that have more: those Node and V8 had started before, for garbage, compilation, and what
   * Node does with files asynchronously. A thread's capabilities are only its own to give up.
   */
  others: number;
}

/** Gives up, for good, what capabilities this thread does not need once a source is open. Linux only. */
export async function keepOnly(needed: readonly Capability[]): Promise<Kept> {
  const capabilities = await loadCapabilities();
  const { permitted } = capabilities.get();
  const names = new Set([...needed, ...ALWAYS]);
  // It stands for CAP_BPF where somebody was given only that, as before Linux 5.8.
  if (names.has('CAP_BPF') && (permitted & setOf(['CAP_BPF'])) === 0n) names.add('CAP_SYS_ADMIN');
  const kept = permitted & setOf([...names]);
  capabilities.set({ effective: kept, permitted: kept, inheritable: 0n });
  const all = [...new Threads().read().values()];
  return {
    capabilities: (Object.keys(CAPABILITIES) as Capability[]).filter((name) => (kept & setOf([name])) !== 0n),
    others: all.filter((field) => (BigInt(`0x${field('CapPrm') || '0'}`) & ~kept) !== 0n).length,
  };
}
