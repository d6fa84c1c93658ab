/**
 * The attack set: what hostile captures cost, by the parser alone and by the whole of `membench record` under
 * a cap on memory.
 *
 *   node build/bench/attack.js [--only REGEXP] [--rounds N] [--memory SIZE] [--json FILE]
 *
 * CPU time, not wall time, so that others on the machine matter less; still only what stands in one report
 * compares.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { format } from '#src/index.js';
import { ATTACKS } from './attack/attacks.js';
import { costsOf, type Kind, normalKinds } from './attack/costs.js';
import { attackFigures } from './attack/figures.js';
import { memoriesOf } from './attack/memories.js';
import { attackTable } from './attack/report.js';
import { describeCommit, describeMachine } from './measure/machine.js';
import { compile } from './measure/native.js';
import type { Bench } from './measure/run.js';
import { inTemporaryFolder } from './measure/temporary.js';
import { isMet } from './offline/figures.js';
import { figureTable } from './offline/report.js';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '3' },
    memory: { type: 'string', default: '256' },
    json: { type: 'string' },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);
const print = (lines: string[]) => process.stdout.write(`${lines.join('\n')}\n\n`);

async function main(folder: string, signal: AbortSignal): Promise<number> {
  const rounds = Number(options.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0))
    throw new Error(`--rounds is ${options.rounds}, not 1 or more`);
  const memory = Number(options.memory);
  if (!(Number.isInteger(memory) && memory > 0)) throw new Error(`--memory is ${options.memory}, not MiB`);
  const only = new RegExp(options.only);
  const attacks = ATTACKS.filter(({ name }) => only.test(name));
  const rusage = compile('rusage.c', folder);
  const bench: Bench = { folder, signal, rusage: 'path' in rusage ? rusage.path : undefined };
  if ('missing' in rusage) say(`no CPU times and no memory of processes: ${rusage.missing}`);

  const kinds: Kind[] = [...normalKinds(), ...attacks.map((attack) => ({ attack, name: attack.name }))];
  const costs = costsOf(kinds, rounds, (name) => {
    if (signal.aborted) throw new Error('stopped');
    say(`parser: ${name}`);
  });
  const memories = await memoriesOf(bench, attacks, memory, (name) => say(`record: ${name}`));
  const figures = attackFigures(costs, memories);
  const machine = describeMachine();
  print([`${machine.cpu}, ${machine.cores} cores; CPU time, medians of ${rounds} rounds`]);
  print(attackTable(costs, memories));
  print([`idle: ${format.bytes(memories.idle)}; cap: ${format.bytes(memories.cap)}`]);
  print(figureTable(figures));

  if (options.json !== undefined) {
    const report = {
      date: new Date().toISOString(),
      commit: describeCommit(),
      command: `node build/bench/attack.js --rounds ${rounds} --memory ${memory}${options.only && ` --only '${options.only}'`}`,
      machine,
      figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })),
      parser: costs,
      record: memories,
    };
    writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  return 0;
}

try {
  process.exitCode = await inTemporaryFolder('membench-attack-', main);
} catch (error) {
  say(`attack: ${(error as Error).message}`);
  process.exitCode = 1;
}
