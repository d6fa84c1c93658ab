/** Settings of a recording that follow from its options. */
import { usableMemory } from './memory/budget.js';
import { findDecoder, type User } from './native/users.js';
import type { RecordOptions } from './record-options.js';
import { isLive } from './source/names.js';

/** `membench-YYYYMMDDTHHMMSS.mbp`, UTC. */
export function defaultProfile(now: Date): string {
  return `membench-${now.toISOString().replace(/[-:]|\.\d+Z$/g, '')}.mbp`;
}

/** The given size of the memory, if any, reduced with a warning to what can be addressed. */
export function memoryOf({ memory, onWarning }: RecordOptions): number | undefined {
  if (memory === undefined) return undefined;
  const usable = usableMemory(memory);
  if (usable < memory) {
    onWarning?.(`a memory of ${memory} bytes is more than 32 bits can address: ${usable} (4 GiB) are used`);
  }
  return usable;
}

/** User who decodes live packets; null where this process is not root, or the source is a file. */
export async function recorderUser({ source, user }: RecordOptions): Promise<User | null> {
  return isLive(source) && process.getuid?.() === 0 ? findDecoder(user) : null;
}

/** A duration in units of packet time, at least 1; 0 where there is no limit. */
export function durationUnits(seconds: number | undefined, unit: number): bigint {
  if (seconds === undefined) return 0n;
  const units = Math.min(Math.max(Math.round((seconds * 1e9) / unit), 1), Number.MAX_SAFE_INTEGER);
  return BigInt(units);
}
