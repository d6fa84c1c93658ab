/**
 * What replay is capable of: throughput beside memcaslap's, how late requests are, memory, and how alike the times of a
 * recording and of its replay are. In a network of its own; needs root.
 *
 *   npm run bench:replay -- [--rounds N] [--seconds S] [--exchanges N] [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ReplaySummary } from 'membench';
import { ADDRESS, DEVICE, Network, PORT } from './live/network.js';
import type { Process } from './live/process.js';
import { until } from './live/process.js';
import { parseMemcaslap } from './live/said.js';
import { describeCommit, describeMachine, describeTool } from './measure/machine.js';
import { compile } from './measure/native.js';
import { type Bench, run, type Usage } from './measure/run.js';
import { median } from './measure/statistics.js';
import { inTemporaryFolder } from './measure/temporary.js';
import { makeCapture } from './offline/captures.js';
import type { Figure } from './offline/figures.js';
import { isMet } from './offline/figures.js';
import { figureTable } from './offline/report.js';
import { arrivalDistances } from './replay/arrivals.js';
import { CLI } from './root.js';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    exchanges: { type: 'string', default: '1000000' },
    json: { type: 'string' },
  },
});

const ROUNDS = Number(options.rounds);
const SECONDS = Number(options.seconds);
/** Connections of memcaslap, and operations it is recorded with. */
const CONNECTIONS = 16;
const OPERATIONS = 100_000;
/** Requests a second at which lateness is measured, and arrivals are compared. */
const RATE = 50_000;
const QUIET_RATE = 2000;

const say = (line: string) => process.stderr.write(`${line}\n`);

interface Stage {
  network: Network;
  bench: Bench;
}

async function startServer({ network, bench }: Stage): Promise<Process> {
  const server = network.startServer([
    'memcached',
    '-u',
    'nobody',
    '-p',
    String(PORT),
    '-m',
    '1024',
    '-t',
    '2',
  ]);
  await until(() => network.isServed(), 'memcached', bench.signal);
  return server;
}

/** Runs something while a recording of the server's traffic goes on. */
async function recorded(
  { network, bench }: Stage,
  profile: string,
  load: () => Promise<void>,
): Promise<void> {
  const command = [CLI, 'record', '--force', '-p', String(PORT), `ebpf:${DEVICE}`, profile];
  const recorder = network.startServer([process.execPath, ...command]);
  await until(() => recorder.stderr.includes('recording '), 'the recorder', bench.signal);
  await load();
  await recorder.stop('SIGINT');
  await network.end(recorder);
}

const caslap = (operations: number) => [
  ...[
    'memcaslap',
    '-s',
    `${ADDRESS}:${PORT}`,
    '-T',
    '1',
    '-c',
    String(CONNECTIONS),
    '-x',
    String(operations),
  ],
];

async function slap({ network }: Stage, operations: number): Promise<number> {
  const program = network.startClient(caslap(operations));
  await program.done();
  await network.end(program);
  const said = parseMemcaslap(program.stdout);
  if (said === null) throw new Error(`memcaslap did nothing: ${program.stdout}`);
  return said.rate;
}

/** Replays in the clients' namespace. */
async function replay(
  { network, bench }: Stage,
  args: readonly string[],
): Promise<{ summary: ReplaySummary; usage: Usage | null }> {
  const measured = bench.rusage === undefined ? [] : [bench.rusage, join(bench.folder, 'replay.json')];
  const command = [process.execPath, CLI, 'replay', '-q', '--json', '--yes', '-s', `${ADDRESS}:${PORT}`];
  const program = network.startClient([...measured, ...command, ...args]);
  await program.done();
  await network.end(program);
  const usage =
    bench.rusage === undefined ? null : JSON.parse(await readText(join(bench.folder, 'replay.json')));
  return { summary: JSON.parse(program.stdout), usage };
}

async function readText(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(path, 'utf8');
}

/** Throughput of memcaslap and of a replay of its load, in turns. */
async function throughput(stage: Stage): Promise<{ memcaslap: number[]; replay: number[]; threads: number }> {
  const profile = join(stage.bench.folder, 'memcaslap.mbp');
  await recorded(stage, profile, async () => {
    await slap(stage, OPERATIONS);
  });
  const threads = Math.max(1, describeMachine().cores >> 1);
  const rates = { memcaslap: [] as number[], replay: [] as number[], threads };
  for (let round = 0; round <= ROUNDS; round++) {
    say(round === 0 ? 'throughput: warming up' : `throughput: round ${round} of ${ROUNDS}`);
    const one = await slap(stage, 3 * OPERATIONS);
    const other = await replay(stage, ['--asap', '-t', String(threads), '--loop', 'times:3', profile]);
    if (round === 0) continue;
    rates.memcaslap.push(one);
    rates.replay.push(other.summary.rate);
  }
  return rates;
}

/** Makes a profile of a generated capture. */
async function makeProfile({ bench }: Stage, name: string, args: readonly string[]): Promise<string> {
  const capture = join(bench.folder, `${name}.pcap`);
  const profile = join(bench.folder, `${name}.mbp`);
  await makeCapture(bench, capture, args);
  await run(bench, [process.execPath, CLI, 'record', '-q', capture, profile]);
  writeFileSync(capture, '');
  return profile;
}

async function main(folder: string, signal: AbortSignal): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('needs root');
  const rusage = compile('rusage.c', folder);
  const bench: Bench = { folder, signal, rusage: 'missing' in rusage ? undefined : rusage.path };
  const network = await Network.create(signal);
  try {
    const stage = { network, bench };
    await startServer(stage);
    const rates = await throughput(stage);
    const ratios = rates.replay.map((rate, round) => rate / rates.memcaslap[round]!);

    say('lateness');
    // The generator counts packets: a request and its answer.
    const flows = ['--flows', '50', '--rate', String(2 * RATE)];
    const busy = await makeProfile(stage, 'busy', ['--exchanges', String(RATE * SECONDS), ...flows]);
    const { summary: late } = await replay(stage, ['-t', '1', busy]);

    say('memory');
    const exchanges = Number(options.exchanges);
    const short = await makeProfile(stage, 'short', ['--exchanges', String(exchanges / 4), ...flows]);
    const long = await makeProfile(stage, 'long', ['--exchanges', String(exchanges), ...flows]);
    const { usage: little } = await replay(stage, ['--asap', '-t', '1', short]);
    const { usage: much } = await replay(stage, ['--asap', '-t', '1', long]);

    say('arrivals');
    const quiet = await makeProfile(stage, 'quiet', [
      ...['--exchanges', String(QUIET_RATE * SECONDS), '--flows', '8', '--rate', String(2 * QUIET_RATE)],
    ]);
    const again = join(folder, 'again.mbp');
    await recorded(stage, again, async () => {
      await replay(stage, ['-t', '1', quiet]);
    });
    const distances = arrivalDistances(quiet, again);

    const growth = little?.peak && much?.peak ? much.peak / little.peak : null;
    const figures: Figure[] = [
      {
        id: 'R1',
        meaning: `--asap with ${rates.threads} thread ÷ memcaslap -T 1 -c ${CONNECTIONS}, requests a second, in turns`,
        value: median(ratios),
        unit: '×',
        least: 1,
      },
      {
        id: 'R2',
        meaning: `lateness at ${RATE} requests a second, p99`,
        value: late.lateness_ns.p99! / 1e6,
        unit: 'ms',
        most: 1,
      },
      { id: 'R3', meaning: 'the same, p50', value: late.lateness_ns.p50! / 1e3, unit: 'µs', most: 100 },
      {
        id: 'R4',
        meaning: `peak memory, ${exchanges} requests ÷ a quarter of them`,
        value: growth,
        unit: '×',
        most: 1.1,
      },
      {
        id: 'R5',
        meaning: 'distance of inter-arrival times (Kolmogorov-Smirnov), the largest of all connections',
        value: distances?.at(-1) ?? null,
        unit: '',
        most: 0.02,
      },
    ];
    process.stdout.write(`${figureTable(figures).join('\n')}\n`);
    const rateOf = (all: readonly number[]) => Math.round(median(all)).toLocaleString('en-US');
    say(
      `memcaslap ${rateOf(rates.memcaslap)}/s, replay ${rateOf(rates.replay)}/s; at ${RATE}/s sent ${Math.round(late.rate)}/s`,
    );
    say(
      `peak memory ${((much?.peak ?? 0) / 1e6).toFixed(0)} MB; distances ${distances?.map((one) => one.toFixed(3)).join(' ') ?? 'unknown'}`,
    );
    if (options.json !== undefined) {
      const report = {
        date: new Date().toISOString().slice(0, 10),
        commit: describeCommit(),
        command: `npm run bench:replay -- --rounds ${ROUNDS} --seconds ${SECONDS} --exchanges ${exchanges}`,
        machine: describeMachine(),
        tools: { memcaslap: describeTool('memcaslap') },
        figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })),
        ...{ rates, late, memory: { little, much }, distances },
      };
      writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    }
  } finally {
    await network.close();
  }
  return 0;
}

try {
  process.exitCode = await inTemporaryFolder('membench-replay-', main);
} catch (error) {
  say(`replay: ${(error as Error).message}`);
  process.exitCode = 1;
}
