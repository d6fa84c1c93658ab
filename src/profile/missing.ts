/** The worker of a block, and its sequence number. */
export interface BlockName {
  worker: number;
  seq: number;
}

/** Most missing blocks listed, so that a wrong sequence number does not make an endless list. */
const LISTED_MAX = 100_000;

/**
 * Blocks that were written and are missing: those known to exist, and those skipped by the sequence numbers.
 *
 * @param here the blocks that are present and good
 * @param known all blocks that were seen or are listed anywhere
 * @param first by worker, its first sequence number; 0 where it has no entry
 * @returns the missing blocks, sorted by worker and sequence number
 */
export function missingBlocks(
  here: readonly BlockName[],
  known: readonly BlockName[],
  first: readonly number[],
): BlockName[] {
  const have = new Map<number, Set<number>>();
  for (const { worker, seq } of here) {
    const seqs = have.get(worker);
    if (seqs === undefined) have.set(worker, new Set([seq]));
    else seqs.add(seq);
  }
  const last = new Map<number, number>();
  for (const { worker, seq } of known) last.set(worker, Math.max(seq, last.get(worker) ?? -1));
  const missing: BlockName[] = [];
  for (const [worker, end] of [...last].sort(([a], [b]) => a - b)) {
    const seqs = have.get(worker);
    for (let seq = first[worker] ?? 0; seq <= end && missing.length < LISTED_MAX; seq++) {
      if (!seqs?.has(seq)) missing.push({ worker, seq });
    }
  }
  return missing;
}
