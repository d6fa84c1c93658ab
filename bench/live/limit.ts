import type { Recorder } from './contestants.js';
import type { Load } from './load.js';
import { rotate } from './rotation.js';
import { type Run, run, type Stage } from './run.js';

/**
 * Small values, so that packets come as fast as they can; the last has the generator fight for the cores too.
 */
const STEPS: readonly Omit<Load, 'amount'>[] = [
  ...[1, 2, 3, 4, 8, 16, 32, 64].map((connections) => ({ connections, valueSize: 64 })),
  { connections: 64, threads: 2, valueSize: 64 },
];

/** What everyone did under one load. */
export interface Step {
  load: Load;
  runs: Map<string, Run>;
}

/** Puts ever more load on everyone. */
export async function raiseLoad(
  stage: Stage,
  recorders: readonly Recorder[],
  seconds: number,
  say: (line: string) => void,
): Promise<Step[]> {
  const steps: Step[] = [];
  for (const [number, step] of STEPS.entries()) {
    say(`load ${number + 1} of ${STEPS.length}: ${describeLoad(step)}`);
    const load: Load = { ...step, amount: { seconds } };
    const runs = new Map<string, Run>();
    for (const recorder of rotate(recorders, number))
      runs.set(recorder.name, await run(stage, recorder, load));
    steps.push({ load, runs });
  }
  return steps;
}

export function describeLoad({ connections, threads = 1 }: Omit<Load, 'amount'>): string {
  return `${connections} connection${connections > 1 ? 's' : ''}${threads > 1 ? `, ${threads} threads` : ''}`;
}

/** Whether a run missed nothing, as far as the recorder knows. */
export function isLossless({ recorded }: Run): boolean {
  return recorded !== null && recorded.lost === 0;
}

/** The most packets a second that a recorder took without any loss, 0 for none; null where it did not run. */
export function highestWithoutLoss(steps: readonly Step[], name: string): number | null {
  const runs = steps.flatMap((step) => step.runs.get(name) ?? []);
  if (runs.length === 0) return null;
  return Math.max(0, ...runs.filter(isLossless).map(({ load }) => load.packetRate));
}

/** Whether a recorder lost under no load: then it is the generator that came to its limit. */
export function neverLost(steps: readonly Step[], name: string): boolean {
  const runs = steps.flatMap((step) => step.runs.get(name) ?? []);
  return runs.length > 0 && runs.every(isLossless);
}
