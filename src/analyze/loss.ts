/** Traffic that was not seen, or not understood, by reason. */
export interface LossAnalysis {
  /** Packets by reason: lost ones, and skipped ones, which are not of the recorded servers. */
  lost: Record<string, number>;
  skipped: Record<string, number>;
  /** Number of holes in byte streams outside values of known length. */
  gaps: number;
  /** Bytes of connections that were out of sync. */
  unsynced_bytes: number;
  /** Limits that were reached, by name. */
  bounds: Record<string, number>;
  missing_blocks: number;
  /** Bytes of profiles that cannot be used, without an end that is still being written. */
  damaged_bytes: number;
}

/** Derives the losses from the counters of the profiles. */
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
