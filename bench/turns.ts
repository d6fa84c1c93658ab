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
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { NAMES, RECORDERS, type Recorder } from './live/contestants.js';
import { loadCommand } from './live/load.js';
import { checkPlace, Network, PORT } from './live/network.js';
import { cpuTime, processTree } from './live/proc.js';
import { type Process, until } from './live/process.js';
import { rotate } from './live/rotation.js';
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
  const ebpf = RECORDERS.find(({ name }) => name === 'ebpf')!;
  const variant = (name: string, change: (command: string[]) => string[]): Recorder => ({
    ...ebpf,
    name,
    command: (profile) => change(ebpf.command(profile)),
  });
  const { wake, other } = options;
  const afterRecord = (command: string[], ...more: string[]) =>
    command.flatMap((word) => (word === 'record' ? [word, ...more] : [word]));
  return [
    ...RECORDERS.filter(({ name }) => only.includes(name)),
    ...(wake === undefined
      ? []
      : [variant(`ebpf, ${wake}`, (command) => afterRecord(command, '--wake-interval', wake))]),
    ...(other === undefined
      ? []
      : [variant('other', (command) => command.map((word) => (word === CLI ? resolve(other, CLI) : word)))]),
  ];
}

async function turn(
  network: Network,
  recorder: Recorder | null,
  folder: string,
  signal: AbortSignal,
): Promise<Turn> {
  let program: Process | undefined;
  try {
    if (recorder !== null) {
      const { ready, name } = recorder;
      const started = network.startServer(recorder.command(join(folder, 'turn.mbp')));
      program = started;
      await until(() => started.gone || started.stderr.includes(ready), name, signal);
      if (started.gone) throw new Error(`${name}: ${started.stderr.trim().split('\n')[0]}`);
    }
    await sleep(program === undefined ? NONE_SETTLES : RECORDER_SETTLES, undefined, { signal });
    const pids = program === undefined ? [] : processTree(program.pid);
    const cpu = cpuTime(pids);
    const packets = network.packets();
    const begin = performance.now();
    await sleep(Number(options.seconds) * 1000, undefined, { signal });
    const passed = network.packets() - packets;
    const seconds = (performance.now() - begin) / 1000;
    const used = (cpuTime(pids) - cpu) / passed / 1000;
    await program?.stop('SIGINT');
    const outcome = program === undefined ? null : recorder!.outcome(program.stdout, program.stderr);
    return { packetRate: passed / seconds, cpu: program === undefined ? null : used, outcome };
  } finally {
    if (program !== undefined) await network.end(program);
  }
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
  const results = new Map(all.map((one) => [one?.name ?? 'none', [] as Turn[]]));
  const network = await Network.create(signal);
  try {
    const memcached = ['memcached', '-u', 'root', '-p', String(PORT), '-m', '1024', '-t', '1'];
    const server = network.startServer(memcached);
    await until(() => server.gone || network.isServed(), 'memcached', signal);
    const load = network.startClient(
      loadCommand({
        connections: Number(options.connections),
        valueSize: Number(options.size),
        amount: { seconds: LOAD_LASTS },
      }),
    );
    await sleep(LOAD_SETTLES, undefined, { signal });
    for (let cycle = 0; cycle < Number(options.cycles); cycle++) {
      say(`cycle ${cycle + 1} of ${options.cycles}`);
      for (const one of rotate(all, cycle)) {
        results.get(one?.name ?? 'none')!.push(await turn(network, one, folder, signal));
      }
    }
    await network.end(load);
    await network.end(server);
  } finally {
    await network.close();
  }
  const alone = results.get('none')!;
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
