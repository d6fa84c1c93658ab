/**
 * Recorders in turns beside one load that lasts: closer together than runs of their own, so that small differences
 * show. In each cycle every contestant runs once, in another order, and once there is none; what memcached keeps
 * of its throughput is told against that. Needs root.
 *
 *   node build/bench/turns.js [--cycles N] [--seconds S] [--connections N] [--size BYTES] [--only NAME,...]
 *     [--wake TIME]    also `ebpf:` with this --wake-interval
 *     [--other DIR]    also `ebpf:` of another checkout, built
 *     [--out FILE]
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { membench, NAMES, NONE, RECORDERS, type Recorder } from './live/contestants.js';
import { loadCommand } from './live/load.js';
import { checkPlace, Network } from './live/network.js';
import { cpuTime, processTree } from './live/proc.js';
import { rotate } from './live/rotation.js';
import { type Stage, startRecorder, startServer } from './live/run.js';
import type { Outcome } from './live/said.js';
import { describeCommit, describeMachine } from './measure/machine.js';
import { median, spreadOf } from './measure/statistics.js';
import { renderTable } from './measure/table.js';
import { inTemporaryFolder } from './measure/temporary.js';
import { CLI } from './root.js';

/** From the start of a load, or of a recorder, until it runs evenly, ms. */
const LOAD_SETTLES = 4000;
const RECORDER_SETTLES = 1200;
const NONE_SETTLES = 500;
/** Longer than all cycles. */
const LOAD_LASTS = 24 * 3600;

const { values: options } = parseArgs({
  options: {
    cycles: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '2.5' },
    connections: { type: 'string', default: '32' },
    size: { type: 'string', default: '200' },
    only: { type: 'string', default: 'tcpdump,ebpf' },
    wake: { type: 'string' },
    other: { type: 'string' },
    out: { type: 'string' },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);

/** One contestant's turn: the rate of packets on the wire, and what the recorder took and said. */
interface Turn {
  packetRate: number;
  /** CPU time of all its processes for a packet, µs; null where there was no recorder. */
  cpu: number | null;
  outcome: Outcome | null;
}

function contestants(): Recorder[] {
  const only = options.only.split(',');
  checkPlace(only, NAMES);
  const { wake, other } = options;
  const all = RECORDERS.filter(({ name }) => only.includes(name));
  if (wake !== undefined) all.push(membench(`ebpf, ${wake}`, 'ebpf', '--wake-interval', wake));
  if (other !== undefined) {
    const ebpf = membench('other', 'ebpf');
    const theirs = (word: string) => (word === CLI ? resolve(other, CLI) : word);
    all.push({ ...ebpf, command: (profile) => ebpf.command(profile).map(theirs) });
  }
  return all;
}

async function turn(stage: Stage, recorder: Recorder | null): Promise<Turn> {
  if (recorder === null) {
    await sleep(NONE_SETTLES, undefined, { signal: stage.signal });
    return { packetRate: (await passing(stage)).rate, cpu: null, outcome: null };
  }
  const program = await startRecorder(stage, recorder);
  try {
    await sleep(RECORDER_SETTLES, undefined, { signal: stage.signal });
    const pids = processTree(program.pid);
    const before = cpuTime(pids);
    const { packets, rate } = await passing(stage);
    const cpu = (cpuTime(pids) - before) / packets / 1000;
    await program.stop('SIGINT');
    return { packetRate: rate, cpu, outcome: recorder.outcome(program.stdout, program.stderr) };
  } finally {
    await stage.network.end(program);
  }
}

/** Packets on the wire while a turn lasts, and their rate a second. */
async function passing({ network, signal }: Stage): Promise<{ packets: number; rate: number }> {
  const before = network.packets();
  const begin = performance.now();
  await sleep(Number(options.seconds) * 1000, undefined, { signal });
  const packets = network.packets() - before;
  return { packets, rate: (1000 * packets) / (performance.now() - begin) };
}

function rowOf(name: string, turns: readonly Turn[], alone: readonly Turn[]): string[] {
  const kept = spreadOf(turns.map(({ packetRate }, i) => packetRate / alone[i]!.packetRate))!;
  const told = turns.flatMap(({ outcome }) => outcome ?? []);
  const lags = told.flatMap(({ lag }) => lag?.p99 ?? []);
  const cpus = turns.flatMap(({ cpu }) => cpu ?? []);
  return [
    name,
    (median(turns.map(({ packetRate }) => packetRate)) / 1000).toFixed(1),
    `${kept.median.toFixed(3)}  ${kept.least.toFixed(3)} … ${kept.most.toFixed(3)}`,
    cpus.length > 0 ? median(cpus).toFixed(3) : '',
    lags.length > 0 ? String(Math.round(median(lags) / 1000)) : '',
    told.length > 0 ? String(told.reduce((sum, { lost }) => sum + lost, 0)) : '',
  ];
}

async function main(folder: string, signal: AbortSignal): Promise<number> {
  const all: (Recorder | null)[] = [null, ...contestants()];
  const results = new Map(all.map((one) => [one?.name ?? NONE, [] as Turn[]]));
  const network = await Network.create(signal);
  try {
    const stage: Stage = { network, folder, signal };
    await startServer(stage);
    network.startClient(
      loadCommand({
        connections: Number(options.connections),
        valueSize: Number(options.size),
        amount: { seconds: LOAD_LASTS },
      }),
    );
    await sleep(LOAD_SETTLES, undefined, { signal });
    for (let cycle = 0; cycle < Number(options.cycles); cycle++) {
      say(`cycle ${cycle + 1} of ${options.cycles}`);
      for (const one of rotate(all, cycle)) results.get(one?.name ?? NONE)!.push(await turn(stage, one));
    }
  } finally {
    await network.close();
  }
  const alone = results.get(NONE)!;
  const head = ['', 'k packets/s', 'throughput kept', 'CPU µs/packet', 'P99 µs', 'lost'];
  const rows = [...results].map(([name, turns]) => rowOf(name, turns, alone));
  const align = ['left', ...head.slice(1).map(() => 'right')] as ('left' | 'right')[];
  process.stdout.write(`${renderTable([head, ...rows], align).join('\n')}\n`);
  if (options.out !== undefined) {
    const command = `node build/bench/turns.js ${process.argv.slice(2).join(' ')}`;
    const about = {
      date: new Date().toISOString(),
      commit: describeCommit(),
      command,
      machine: describeMachine(),
    };
    writeFileSync(
      options.out,
      `${JSON.stringify({ ...about, turns: Object.fromEntries(results) }, undefined, 2)}\n`,
    );
  }
  return 0;
}

try {
  process.exitCode = await inTemporaryFolder('membench-turns-', main);
} catch (error) {
  say(`turns: ${(error as Error).message}`);
  process.exitCode = 1;
}
