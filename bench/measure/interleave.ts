import type { Usage } from './run.js';

/** A contestant of a comparison. */
export interface Contestant {
  name: string;
  /** Runs the work once. */
  run(): Promise<Usage>;
}

/** The results of every contestant, by round. */
export type Results = Map<string, Usage[]>;

/**
 * Runs contestants in turns, A B C A B C …, so that a slower machine affects all alike. A first round warms
 * up caches and does not count.
 */
export async function interleave(
  contestants: readonly Contestant[],
  rounds: number,
  onRound: (round: number) => void,
): Promise<Results> {
  const results: Results = new Map(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    onRound(round);
    for (const contestant of contestants) {
      const usage = await contestant.run();
      if (round > 0) results.get(contestant.name)!.push(usage);
    }
  }
  return results;
}
