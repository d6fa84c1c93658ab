import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Recorder } from './contestants.js';
import { type Load, type LoadOnWire, putLoad } from './load.js';
import { type Network, PORT } from './network.js';
import { bpfPrograms, cpuTime, memoryInUse, peakMemory, processTree } from './proc.js';
import { type Process, until } from './process.js';
import { type ProgramTime, programTime } from './program-time.js';
import type { Outcome } from './said.js';

/** Wait after a recorder reports that it runs, ms, because it may still be compiling. */
const SETTLE = 500;
/** Wait after the load, ms: libpcap hands over a half-full block only after a second. */
const DRAIN = 1300;

export interface Stage {
  network: Network;
  /** Temporary folder. */
  folder: string;
  signal: AbortSignal;
  /** Whether to measure the time of BPF programs. */
  withPrograms?: boolean;
}

/** The result of one recorder under one load. */
export interface Recorded extends Outcome {
  /** User and system time of all its processes, from its start to the signal to stop, ns. */
  cpu: number;
  /** Peak resident memory of all its processes, bytes. */
  peak: number;
  /** Memory in use after the load, bytes; what is shared counts once. */
  inUse: number;
  /** By how much the peak rose under the load, bytes. */
  growth: number;
  /** Time of its BPF programs, where requested. */
  programs?: ProgramTime;
}

export interface Run {
  load: LoadOnWire;
  /** Null where there was no recorder. */
  recorded: Recorded | null;
}

/** A recorder that does not run here, with the reason. */
export class CannotStart extends Error {}

/** Starts a memcached with one thread. As root, because with another user it would outlive a killed benchmark. */
export async function startServer({ network, signal }: Stage): Promise<Process> {
  const command = ['memcached', '-u', 'root', '-p', String(PORT), '-m', '1024', '-t', '1'];
  const server = network.startServer(command);
  try {
    await until(() => server.gone || network.isServed(), 'memcached', signal);
    if (server.gone) throw new Error(`memcached does not run\n${server.stderr.trim()}`);
    return server;
  } catch (error) {
    await network.end(server);
    throw error;
  }
}

/** Starts a recorder, and waits until it captures. @throws CannotStart */
export async function startRecorder(stage: Stage, recorder: Recorder): Promise<Process> {
  const { network, folder, signal } = stage;
  const program = network.startServer(recorder.command(join(folder, 'live.mbp')));
  try {
    await until(() => program.gone || program.stderr.includes(recorder.ready), recorder.name, signal);
    if (program.gone) throw new CannotStart(program.stderr.trim().split('\n')[0]);
    return program;
  } catch (error) {
    await network.end(program);
    throw error;
  }
}

/** Runs a load on a fresh memcached, with a recorder or without. */
export async function run(stage: Stage, recorder: Recorder | null, load: Load): Promise<Run> {
  const { network, signal } = stage;
  const server = await startServer(stage);
  try {
    if (recorder !== null) return await runBeside(stage, recorder, load);
    await sleep(SETTLE, undefined, { signal });
    return { load: await putLoad(network, load), recorded: null };
  } finally {
    await network.end(server);
  }
}

async function runBeside(stage: Stage, recorder: Recorder, load: Load): Promise<Run> {
  const { network, signal } = stage;
  const program = await startRecorder(stage, recorder);
  try {
    await sleep(SETTLE, undefined, { signal });
    const pids = processTree(program.pid);
    const ids = stage.withPrograms ? bpfPrograms(pids) : [];
    const programsBefore = programTime(ids);
    const cpuBefore = cpuTime(pids);
    const peakBefore = peakMemory(pids);
    const onWire = await putLoad(network, load);
    await sleep(DRAIN, undefined, { signal });
    const cpu = cpuTime(pids) - cpuBefore;
    const peak = peakMemory(pids);
    const inUse = memoryInUse(pids);
    const programs = since(programsBefore, programTime(ids));
    await program.stop('SIGINT');
    const outcome = recorder.outcome(program.stdout, program.stderr);
    if (outcome === null) throw new Error(`${recorder.name} says nothing of what it did\n${program.stderr}`);
    return {
      load: onWire,
      recorded: {
        ...outcome,
        cpu,
        peak,
        inUse,
        growth: peak - peakBefore,
        ...(stage.withPrograms && { programs }),
      },
    };
  } finally {
    await network.end(program);
  }
}

function since(before: ProgramTime, now: ProgramTime): ProgramTime {
  return { runs: now.runs - before.runs, time: now.time - before.time };
}
