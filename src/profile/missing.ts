/** A block's place in its recording. */
export interface BlockName {
  worker: number;
  seq: number;
}

/** Missing blocks listed at most: a wrong sequence number must not make a list without end. */
const LISTED_MAX = 100_000;

/**
 * Blocks that must have been written and are not here: those that are known of, and those the sequence
 * numbers skip.
 *
 * @param here what is here and good
 * @param known everything that was ever seen or told of
 * @param first by worker, the sequence number it starts with; 0 where it has no entry
 * @returns by worker and sequence number
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
