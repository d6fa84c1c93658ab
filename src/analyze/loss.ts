/** What could not be seen, and why. */
export interface LossAnalysis {
  /** Packets by reason: lost against our will, and skipped because they are none of ours. */
  lost: Record<string, number>;
  skipped: Record<string, number>;
  /** Holes in byte streams outside values of known length. */
  gaps: number;
  /** Bytes of connections that were, or were again, not understood yet. */
  unsynced_bytes: number;
  /** Limits that were hit, by name. */
  bounds: Record<string, number>;
  missing_blocks: number;
  /** Bytes of profiles that cannot be used; an end still being written is none. */
  damaged_bytes: number;
}

/** Sorts the counters of the profiles. */
export function analyzeLoss(
  counts: Readonly<Record<string, number>>,
  missingBlocks: number,
  damagedBytes: number,
): LossAnalysis {
  const named = (prefix: string) =>
    Object.fromEntries(
      Object.entries(counts)
        .filter(([name, count]) => name.startsWith(prefix) && count > 0)
        .map(([name, count]) => [name.slice(prefix.length), count]),
    );
  return {
    lost: named('lost_'),
    skipped: named('skipped_'),
    gaps: counts.gaps ?? 0,
    unsynced_bytes: counts.unsynced_bytes ?? 0,
    bounds: named('bound_'),
    missing_blocks: missingBlocks,
    damaged_bytes: damagedBytes,
  };
}
