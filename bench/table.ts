/**
 * The ways of recording a live server side by side, each over a million packets, in turns: throughput kept, capture
 * rate without loss, CPU, memory, latency from the wire to the event, bytes a request costs on the way. As Markdown.
 * Needs root.
 *
 *   node build/bench/table.js [--rounds N] [--packets N] [--sizes 200,16384] [--only NAME,...] [--out FILE]
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { compareUnder, type Rounds } from './live/comparison.js';
import { MODES, NONE, type Recorder } from './live/contestants.js';
import type { Load } from './live/load.js';
import { modeTable } from './live/mode-table.js';
import { checkPlace, Network } from './live/network.js';
import { withProgramTime } from './live/program-time.js';
import { type Run, run, type Stage } from './live/run.js';
import { describeCommit, describeMachine } from './measure/machine.js';
import { inTemporaryFolder } from './measure/temporary.js';

/** A request and its answer, where both fit into a packet. */
const PACKETS_AN_OPERATION = 2;
const CONNECTIONS = 32;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    packets: { type: 'string', default: '1000000' },
    sizes: { type: 'string', default: '200,16384' },
    only: { type: 'string', default: [NONE, ...MODES.map(({ name }) => name)].join() },
    out: { type: 'string' },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);

function wholeNumber(name: string, value: string): number {
  const number = Number(value);
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`--${name} is ${value}, not 1 or more`);
  return number;
}

/** Results for one size of values. */
interface Table {
  size: number;
  rounds: Rounds;
  /** By name, a run in which the kernel measures BPF programs, which costs time, too. */
  programs: Map<string, Run>;
}

async function measure(
  stage: Stage,
  modes: readonly Recorder[],
  none: boolean,
  rounds: number,
  load: Load,
): Promise<Table> {
  const compared = await compareUnder(stage, modes, { none, rounds, load }, say);
  const programs = new Map<string, Run>();
  for (const mode of modes.filter(({ name, usesBpf }) => usesBpf && compared.has(name))) {
    say(`time of the program: ${mode.name}`);
    programs.set(mode.name, await withProgramTime(() => run({ ...stage, withPrograms: true }, mode, load)));
  }
  return { size: load.valueSize!, rounds: compared, programs };
}

async function main(folder: string, signal: AbortSignal): Promise<number> {
  const rounds = wholeNumber('rounds', options.rounds);
  const packets = wholeNumber('packets', options.packets);
  const sizes = options.sizes.split(',').map((size) => wholeNumber('sizes', size));
  const only = options.only.split(',');
  checkPlace(only, [NONE, ...MODES.map(({ name }) => name)]);
  const machine = describeMachine();
  const busy = loadavg()[0]!;
  const network = await Network.create(signal);
  const tables: Table[] = [];
  try {
    const stage: Stage = { network, folder, signal };
    const modes = MODES.filter(({ name }) => only.includes(name));
    for (const valueSize of sizes) {
      say(`values of ${valueSize} bytes`);
      const amount = { operations: Math.ceil(packets / PACKETS_AN_OPERATION) };
      const load: Load = { connections: CONNECTIONS, valueSize, amount };
      tables.push(await measure(stage, modes, only.includes(NONE), rounds, load));
    }
  } finally {
    await network.close();
  }
  process.stdout.write(
    `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}; medians of ${rounds} rounds in turns\n`,
  );
  for (const { size, rounds: compared, programs } of tables) {
    process.stdout.write(`\nValues of ${size} bytes:\n\n${modeTable(compared, programs).join('\n')}\n`);
  }
  if (options.out !== undefined) {
    const report = {
      date: new Date().toISOString(),
      commit: describeCommit(),
      command: `node build/bench/table.js --rounds ${rounds} --packets ${packets} --sizes ${sizes.join()} --only ${only.join()}`,
      machine,
      load_before: busy,
      tables: tables.map(({ size, rounds: compared, programs }) => ({
        size,
        rounds: Object.fromEntries(compared),
        programs: Object.fromEntries(programs),
      })),
    };
    writeFileSync(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  return 0;
}

try {
  process.exitCode = await inTemporaryFolder('membench-table-', main);
} catch (error) {
  say(`table: ${(error as Error).message}`);
  process.exitCode = 1;
}
