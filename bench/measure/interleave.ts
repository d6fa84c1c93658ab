import type { Usage } from './run.js';

/** Someone in a comparison. */
export interface Contestant {
  name: string;
  /** Does the work once. */
  run(): Promise<Usage>;
}

/** What every contestant took, round by round. */
export type Results = Map<string, Usage[]>;

/**
 * Lets contestants work in turns, A B C A B C …: a machine that gets slower gets slower for all. A first
 * round warms caches up and does not count.
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
