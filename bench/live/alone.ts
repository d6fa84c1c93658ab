/** What is measured in runs of its own, because measuring it costs, or it needs a load of its own. */
import type { Recorder } from './contestants.js';
import { withProgramTime } from './program-time.js';
import { type Run, run, type Stage } from './run.js';

/** Two packets each: more than a million packets. */
const MILLION = { connections: 32, amount: { operations: 600_000 } };
const PACKETS = 1e6;

/** As little as memcaslap can do with more than one connection; see load.ts on pacing. */
const LIGHT = { connections: 2, valueSize: 64 };

/** A run with the kernel's times of the recorder's BPF programs. */
export function timePrograms(stage: Stage, recorder: Recorder, seconds: number): Promise<Run> {
  const load = { connections: 32, amount: { seconds } };
  return withProgramTime(() => run({ ...stage, withPrograms: true }, recorder, load));
}

/** A run of a million packets, for the peak of memory. */
export async function afterMillion(stage: Stage, recorder: Recorder): Promise<Run> {
  const result = await run(stage, recorder, MILLION);
  if (result.load.packets < PACKETS) throw new Error(`only ${result.load.packets} packets for the memory`);
  return result;
}

/** A run under little load, for the latency from the wire to the event. */
export function underLightLoad(stage: Stage, recorder: Recorder, seconds: number): Promise<Run> {
  return run(stage, recorder, { ...LIGHT, amount: { seconds } });
}
