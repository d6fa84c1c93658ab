/** Measurements in runs of their own, because they have a cost or need another load. */
import type { Recorder } from './contestants.js';
import { withProgramTime } from './program-time.js';
import { type Run, run, type Stage } from './run.js';

/** Operations of two packets each: more than a million packets. */
const MILLION = { connections: 32, amount: { operations: 600_000 } };
const PACKETS = 1e6;

/** The least load that memcaslap makes with more than one connection; see load.ts on pacing. */
const LIGHT = { connections: 2, valueSize: 64 };

/** A run in which the kernel measures the recorder's BPF programs. */
export function timePrograms(stage: Stage, recorder: Recorder, seconds: number): Promise<Run> {
  const load = { connections: 32, amount: { seconds } };
  return withProgramTime(() => run({ ...stage, withPrograms: true }, recorder, load));
}

/** A run of a million packets, for peak memory. */
export async function afterMillion(stage: Stage, recorder: Recorder): Promise<Run> {
  const result = await run(stage, recorder, MILLION);
  if (result.load.packets < PACKETS) throw new Error(`only ${result.load.packets} packets for the memory`);
  return result;
}

/** A run under little load, for the lag from the wire to the event. */
export function underLightLoad(stage: Stage, recorder: Recorder, seconds: number): Promise<Run> {
  return run(stage, recorder, { ...LIGHT, amount: { seconds } });
}
