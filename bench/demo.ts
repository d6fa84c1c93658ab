/**
 * `npm run demo`: generates captures with a known truth, runs membench on them as a user would, and compares.
 * It needs no root, no memcached and no network, and leaves nothing behind.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type Analysis, format } from '#src/index.js';
import type { Tally, Truth } from './generate/generate.js';
import { COMMANDS } from './generate/options.js';
import { ended } from './measure/child.js';
import { renderTable } from './measure/table.js';
import { inTemporaryFolder } from './measure/temporary.js';
import { CLI, GENERATOR, ROOT } from './root.js';

/** Traffic of a busy cache with 200 connections: multigets, pipelines, packets of the size of Ethernet. */
const WORKLOAD = '--flows 200 --multiget 0.1 --pipelined 0.05 --acks 0.2 --mss 1448 --reorder 0.005';
const CLEAN = `--packets 500000 --seed 1 ${WORKLOAD}`.split(' ');
const LOSSY = `--packets 100000 --seed 2 ${WORKLOAD} --loss 0.002`.split(' ');
const EVENTS_SHOWN = 4;

const say = (...lines: string[]) => process.stdout.write(`${lines.join('\n')}\n`);

/** Runs Node programs in the project's folder, and prints each command line before its output. */
class Shell {
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Prints all output. @throws Error where the program fails */
  async show(...command: string[]): Promise<void> {
    say(`\n$ node ${command.join(' ')}`);
    const child = spawn(process.execPath, command, { cwd: ROOT, signal: this.#signal, stdio: 'inherit' });
    check(await ended(child));
  }

  /** Prints the first lines and closes the pipe, as `head` does. @throws Error as `show` */
  async showHead(lines: number, ...command: string[]): Promise<void> {
    say(`\n$ node ${command.join(' ')} | head -n ${lines}`);
    const child = this.#piped(command);
    const end = ended(child);
    let shown = 0;
    for await (const line of createInterface(child.stdout)) {
      say(line);
      if (++shown === lines) break;
    }
    child.stdout.destroy();
    check(await end);
  }

  /** Returns the JSON on stdout. @throws Error as `show` */
  async read<T>(...command: string[]): Promise<T> {
    say(`\n$ node ${command.join(' ')}`);
    const child = this.#piped(command);
    const [out, code] = await Promise.all([text(child.stdout), ended(child)]);
    check(code);
    return JSON.parse(out) as T;
  }

  #piped(command: string[]) {
    return spawn(process.execPath, command, {
      cwd: ROOT,
      signal: this.#signal,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }
}

function check(code: number | null): void {
  if (code !== 0) throw new Error(`the last command ended with ${code ?? 'a signal'}`);
}

/** Keys requested, found and not found, by command: of the generator, and as measured by membench. */
function compare(title: string, truth: Tally, measured: Analysis): void {
  const numbers = (op: { count: number; hits: number; misses: number } | undefined) =>
    [op?.count ?? 0, op?.hits ?? 0, op?.misses ?? 0].map(format.count);
  const rows = COMMANDS.flatMap((command) => [
    [command, title, ...numbers(truth.ops[command])],
    ['', 'measured', ...numbers(measured.ops[command])],
  ]);
  const head = ['', '', 'keys', 'hits', 'misses'];
  say('', ...renderTable([head, ...rows], ['left', 'left', 'right', 'right', 'right']));
}

function isEqual(truth: Truth, measured: Analysis): boolean {
  return (
    measured.requests === truth.asked.requests &&
    measured.connections === truth.flows &&
    measured.keys.distinct === truth.distinctKeys &&
    COMMANDS.every((command) => {
      const { count = 0, hits = 0, misses = 0 } = measured.ops[command] ?? {};
      const op = truth.asked.ops[command];
      return count === op.count && hits === op.hits && misses === op.misses;
    })
  );
}

/**
 * Whether no count exceeds the truth. This is necessary, but not sufficient: single events are not compared
 * here.
 */
function isWithin(truth: Tally, measured: Analysis): boolean {
  return (
    measured.requests <= truth.requests &&
    Object.entries(measured.ops).every(([command, { count, hits, misses }]) => {
      const op = truth.ops[command as keyof Tally['ops']];
      return op !== undefined && count <= op.count && hits <= op.hits && misses <= op.misses;
    })
  );
}

/** A complete capture, though not always in order. */
async function demoClean(shell: Shell, folder: string): Promise<void> {
  const [capture, profile] = [join(folder, 'clean.pcap'), join(folder, 'clean.mbp')];
  say('1. A capture that misses nothing, with packets out of order: every number must be exact.');
  const truth = await shell.read<Truth>(GENERATOR, '--out', capture, ...CLEAN);
  say(
    `${format.count(truth.packets)} packets, ${format.bytes(truth.bytes)}; ${format.count(truth.swappedPackets)} out of order`,
  );
  await shell.show(CLI, 'record', '--workers', '2', capture, profile);
  await shell.show(CLI, 'analyze', profile);
  await shell.showHead(EVENTS_SHOWN, CLI, 'cat', profile);
  const measured = await shell.read<Analysis>(CLI, 'analyze', '--json', profile);
  compare("generator's truth", truth.asked, measured);
  if (!isEqual(truth, measured)) throw new Error('what was measured is not the truth');
  say(
    `Equal: ${format.count(truth.asked.requests)} requests, ${format.count(truth.distinctKeys)} distinct keys.`,
  );
}

/** A capture with holes. */
async function demoLossy(shell: Shell, folder: string): Promise<void> {
  const [capture, profile] = [join(folder, 'lossy.pcap'), join(folder, 'lossy.mbp')];
  say('\n2. A capture that misses packets: no count may exceed the truth, and gaps must be told.');
  const truth = await shell.read<Truth>(GENERATOR, '--out', capture, ...LOSSY);
  const { packets, lostPackets, swappedPackets } = truth;
  say(
    `${format.count(packets)} packets; ${format.count(lostPackets)} more are missing, ${format.count(swappedPackets)} are out of order`,
  );
  await shell.show(CLI, 'record', '--workers', '2', capture, profile);
  const measured = await shell.read<Analysis>(CLI, 'analyze', '--json', profile);
  compare('really happened', truth.asked, measured);
  if (!isWithin(truth.asked, measured)) throw new Error('a count exceeds what happened');
  const recorded = Object.values(measured.ops).reduce((sum, op) => sum + op.count - op.unanswered, 0);
  const whole = Object.values(truth.whole.ops).reduce((sum, op) => sum + op.count, 0);
  say(
    `No count above the truth: ${format.count(recorded)} keys with an answer, where every packet is there for ${format.count(whole)}.`,
    `Reported: ${format.count(measured.loss.gaps)} gaps, ${format.bytes(measured.loss.unsynced_bytes)} skipped to find the next request.`,
  );
}

try {
  process.exitCode = await inTemporaryFolder('membench-demo-', async (folder, signal) => {
    const shell = new Shell(signal);
    await demoClean(shell, folder);
    await demoLossy(shell, folder);
    return 0;
  });
} catch (error) {
  process.stderr.write(`demo: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
