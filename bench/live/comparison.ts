import { type Spread, spreadOf } from '../measure/statistics.js';
import { NONE, type Recorder } from './contestants.js';
import type { Load } from './load.js';
import { rotate } from './rotation.js';
import { CannotStart, type Run, run, type Stage } from './run.js';

/** The results of every contestant, by round. */
export type Rounds = Map<string, Run[]>;

/** Load that keeps the server busy all the time. */
const CONNECTIONS = 32;

/** As `compareUnder`, under load of so many seconds with memcaslap's own size of values. */
export function compare(
  stage: Stage,
  recorders: readonly Recorder[],
  { none, rounds, seconds }: { none: boolean; rounds: number; seconds: number },
  say: (line: string) => void,
): Promise<Rounds> {
  const load: Load = { connections: CONNECTIONS, amount: { seconds } };
  return compareUnder(stage, recorders, { none, rounds, load }, say);
}

/**
 * Runs the contestants in turns under one load. A first round warms up caches and does not count; a contestant that
 * cannot start in it is left out.
 *
 * @param none whether to measure the server alone, too
 */
export async function compareUnder(
  stage: Stage,
  recorders: readonly Recorder[],
  { none, rounds, load }: { none: boolean; rounds: number; load: Load },
  say: (line: string) => void,
): Promise<Rounds> {
  let contestants: (Recorder | null)[] = none ? [null, ...recorders] : [...recorders];
  say('warming up');
  for (const contestant of contestants) {
    try {
      await run(stage, contestant, load);
    } catch (error) {
      if (!(error instanceof CannotStart)) throw error;
      say(`left out: ${contestant!.name}: ${error.message}`);
      contestants = contestants.filter((other) => other !== contestant);
    }
  }
  const results: Rounds = new Map(contestants.map((contestant) => [contestant?.name ?? NONE, []]));
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    for (const contestant of rotate(contestants, round)) {
      results.get(contestant?.name ?? NONE)!.push(await run(stage, contestant, load));
    }
  }
  return results;
}

/** The server's throughput beside one contestant ÷ that beside another in the same round. */
export function throughputRatio(rounds: Rounds, above: string, below: string): Spread | null {
  const others = rounds.get(below) ?? [];
  const ratios = (rounds.get(above) ?? []).flatMap(({ load }, round) => {
    const other = others[round];
    return other === undefined ? [] : [load.rate / other.load.rate];
  });
  return spreadOf(ratios);
}

/** CPU time of a recorder for a captured packet, µs. */
export function cpuPerPacket({ recorded }: Run): number | null {
  return recorded === null || recorded.captured === 0 ? null : recorded.cpu / 1000 / recorded.captured;
}

/** Median of a measure over a contestant's rounds. @param of returns null where a round does not have it */
export function spreadOver(runs: readonly Run[], of: (run: Run) => number | null): Spread | null {
  return spreadOf(runs.map(of).filter((value) => value !== null));
}
