/**
 * A long hunt, on as many threads as there are processors: conversations, or capture files with --files.
 *
 *   node build/test/fuzz/long.js [--files] [--executions N] [--seconds N] [--seed N] [--threads N]
 *     [--out FOLDER] [--json FILE]
 *
 * What it finds is written to the folder, reduced, for test/fixtures/fuzz; then it ends with 1.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeCommit, describeMachine } from '#bench/measure/machine.js';
import { freshSeed, type Hunted, hunt } from './hunt.js';

const EXECUTIONS = { conversations: 10_000_000, files: 100_000 };
/** What is checked of each execution. */
const CHECKED = [
  'no trap, and an end',
  'every packet seen has one outcome, every request is answered or not, every event counted comes out',
  'the parser and its scalar twin count the same and give the same events, byte for byte',
  'every piece of every pool is back at the end',
  'the memory is as large as before, its constants and the page behind it as they were',
];

const CHECKED_OF_FILES = [
  'a plain reader of pcap and pcapng finds as many packets, and the same end',
  'the second of the twins reads the file in pieces of another size',
  'of one in a hundred: the pipeline gives the same events with slots of another size',
];

const { values: options } = parseArgs({
  options: {
    files: { type: 'boolean', default: false },
    executions: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    threads: { type: 'string' },
    out: { type: 'string', default: 'build/fuzz' },
    json: { type: 'string' },
  },
});

const say = (line: string) => process.stdout.write(`${line}\n`);
const count = (n: number) => Math.round(n).toLocaleString('en');

function numberOf(name: 'executions' | 'seconds' | 'seed' | 'threads'): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} ${text} is no number`);
  return number;
}

const prey = options.files ? 'files' : 'conversations';
const seconds = numberOf('seconds');
const executions = numberOf('executions') ?? (seconds === undefined ? EXECUTIONS[prey] : undefined);
const threads = numberOf('threads') ?? availableParallelism();
const seed = numberOf('seed') ?? freshSeed();
// Before anything runs: what is measured is what is committed now.
const commit = describeCommit();

say(`fuzzing ${prey} from seed ${seed} on, ${threads} threads`);
const result = await hunt({
  prey: new URL(`${prey}.js`, import.meta.url),
  seed,
  executions,
  seconds,
  threads,
  onProgress: (done, elapsed) =>
    say(`  ${count(done)} in ${count(elapsed)} s, ${count(done / elapsed)} a second`),
});
report(result);

function report({ executions, seeds, seconds, counters, found }: Hunted): void {
  say(`${count(executions)} executions of ${count(seeds)} seeds from ${seed} on in ${count(seconds)} s`);
  say(
    `  ${count(counters.packets_seen!)} packets, ${count(counters.requests!)} requests, ${count(counters.events!)} events`,
  );
  let file: string | undefined;
  if (found !== null) {
    mkdirSync(options.out, { recursive: true });
    const isPcapng = found.capture[0] === 0x0a;
    file = join(options.out, `${prey}-${found.seed}.${isPcapng ? 'pcapng' : 'pcap'}`);
    writeFileSync(file, found.capture);
    say(`FOUND ${found.kind} with seed ${found.seed} (${found.room}, pieces of ${found.step ?? 'all'}):`);
    say(`  ${found.message}`);
    say(`  ${file}, ${count(found.capture.length)} bytes: give it a name in test/fixtures/fuzz`);
    process.exitCode = 1;
  }
  if (options.json === undefined) return;
  const lines = {
    date: new Date().toISOString().slice(0, 10),
    commit,
    command: `npm run ${options.files ? 'fuzz:files' : 'fuzz'} -- --executions ${executions} --seed ${seed}`,
    machine: describeMachine(),
    threads,
    executions,
    seeds: { first: seed, count: seeds },
    seconds: Math.round(seconds),
    perSecond: Math.round(executions / seconds),
    checked: options.files ? [...CHECKED, ...CHECKED_OF_FILES] : CHECKED,
    found: found === null ? null : { kind: found.kind, seed: found.seed, message: found.message },
    counters: Object.fromEntries(Object.entries(counters).filter(([, value]) => value > 0)),
  };
  writeFileSync(options.json, `${JSON.stringify(lines, null, 2)}\n`);
}
