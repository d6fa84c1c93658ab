/**
 * The live comparison: a real memcached under load in a network of its own, with no recorder, tcpdump, or
 * `membench record` with each of its sources, in turns on one machine. Needs root.
 *
 *   node build/bench/live.js [--rounds N] [--seconds S] [--only NAME,...] [--hold S] [--long] [--out FILE]
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { afterMillion, timePrograms, underLightLoad } from './live/alone.js';
import { compare } from './live/comparison.js';
import { NAMES, NONE, RECORDERS, SAME_BUFFER } from './live/contestants.js';
import { comparisonFigures, lagFigures, limitFigures, memoryFigure, programFigures } from './live/figures.js';
import { raiseLoad, type Step } from './live/limit.js';
import { checkPlace, Network } from './live/network.js';
import { comparisonTable, stepTable } from './live/report.js';
import type { Run, Stage } from './live/run.js';
import { describeCommit, describeMachine, describeTool } from './measure/machine.js';
import { findTool } from './measure/native.js';
import { inTemporaryFolder } from './measure/temporary.js';
import { isMet } from './offline/figures.js';
import { figureTable } from './offline/report.js';

/** Duration of a load with --long, seconds. */
const LONG = '60';
/** Highest load average of other processes with which a figure is valid. */
const QUIET = 0.3;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', default: NAMES.join() },
    hold: { type: 'string' },
    long: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);
const print = (lines: string[]) => process.stdout.write(`${lines.join('\n')}\n\n`);

function wholeNumber(name: string, value: string): number {
  const number = Number(value);
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`--${name} is ${value}, not 1 or more`);
  return number;
}

function has(tool: string): boolean {
  const found = findTool(tool);
  if ('missing' in found) say(`left out: ${found.missing}`);
  return 'path' in found;
}

async function main(folder: string, signal: AbortSignal): Promise<number> {
  const rounds = wholeNumber('rounds', options.rounds);
  const seconds = wholeNumber('seconds', options.seconds);
  const hold = wholeNumber('hold', options.hold ?? (options.long ? LONG : '10'));
  const only = options.only.split(',');
  checkPlace(only, NAMES);
  const machine = describeMachine();
  const busy = loadavg()[0]!;
  if (busy > QUIET) say(`the machine is not quiet, load ${busy.toFixed(2)}: figures may mean nothing`);

  const network = await Network.create(signal);
  try {
    const stage: Stage = { network, folder, signal };
    const tcpdump = only.includes('tcpdump') && has('tcpdump');
    const wanted = RECORDERS.filter(({ name }) => only.includes(name) && (name !== 'tcpdump' || tcpdump));
    const compared = await compare(stage, wanted, { none: only.includes(NONE), rounds, seconds }, say);
    const recorders = wanted.filter(({ name }) => compared.has(name));
    const ebpf = recorders.find(({ name }) => name === 'ebpf');
    const limited = SAME_BUFFER.filter(({ name }) => compared.has(name));
    const names = limited.map(({ name }) => name);

    let programs: Run | undefined;
    if (ebpf !== undefined && has('bpftool')) {
      say('times of BPF programs');
      programs = await timePrograms(stage, ebpf, seconds);
    }
    const memory = new Map<string, Run>();
    const lag = new Map<string, Run>();
    for (const recorder of recorders) {
      say(`memory: ${recorder.name}`);
      memory.set(recorder.name, await afterMillion(stage, recorder));
    }
    for (const recorder of recorders.filter(({ name }) => compared.get(name)!.some(tellsLag))) {
      say(`latency: ${recorder.name}`);
      lag.set(recorder.name, await underLightLoad(stage, recorder, seconds));
    }
    const steps: Step[] = limited.length > 0 ? await raiseLoad(stage, limited, hold, say) : [];

    const figures = [
      ...comparisonFigures(compared),
      ...(programs === undefined ? [] : programFigures(programs)),
      ...[...lag].flatMap(([name, result]) => lagFigures(name, result)),
      ...limitFigures(steps, names, hold),
      ...[...memory].map(([name, result]) => memoryFigure(name, result)),
    ];
    print([
      `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}; medians (least … most), rounds: ${rounds}, ${seconds} s each; lost and dropped: all rounds`,
    ]);
    print(comparisonTable(compared));
    if (steps.length > 0) print(stepTable(steps, names));
    print(figureTable(figures));

    if (options.out !== undefined) {
      const tools = ['memcached', 'memcaslap', 'tcpdump'].filter((name) => 'path' in findTool(name));
      const report = {
        date: new Date().toISOString(),
        commit: describeCommit(),
        command: `node build/bench/live.js --rounds ${rounds} --seconds ${seconds} --only ${only.join()} --hold ${hold}`,
        machine,
        load_before: busy,
        tools: Object.fromEntries(tools.map((name) => [name, describeTool(name)])),
        commands: Object.fromEntries(recorders.map(({ name, command }) => [name, command('FILE').join(' ')])),
        figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })),
        rounds: Object.fromEntries(compared),
        programs: programs ?? null,
        memory: Object.fromEntries(memory),
        lag: Object.fromEntries(lag),
        steps: steps.map(({ load, runs }) => ({ load, runs: Object.fromEntries(runs) })),
      };
      writeFileSync(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
    }
  } finally {
    await network.close();
  }
  return 0;
}

const tellsLag = ({ recorded }: Run) => recorded !== null && recorded.lag !== null;

try {
  process.exitCode = await inTemporaryFolder('membench-live-', main);
} catch (error) {
  say(`live: ${(error as Error).message}`);
  process.exitCode = 1;
}
