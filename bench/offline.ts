/**
 * The offline comparison: `membench record` of a gigabyte against an empty libpcap loop, tcpdump and tshark,
 * in turns on one machine. Only ratios of one run compare: absolute times drift.
 *
 *   node build/bench/offline.js [--rounds N] [--packets N] [--all] [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format } from '#src/index.js';
import { interleave } from './measure/interleave.js';
import { describeCommit, describeMachine, describeTool } from './measure/machine.js';
import { compile, findTool, type Tool } from './measure/native.js';
import type { Bench } from './measure/run.js';
import { inTemporaryFolder } from './measure/temporary.js';
import { CACHE, cachedCapture, cutCapture } from './offline/captures.js';
import { contestantsFor, NAMES } from './offline/contestants.js';
import { comparisonFigures, isMet } from './offline/figures.js';
import { growthFigures } from './offline/growth.js';
import { comparisonTable, figureTable } from './offline/report.js';

/** Packets of the capture, which has 1.03 GB. */
const PACKETS = '5000000';
/** Packets for tshark, which needs a minute and a half for five million. */
const CUT_PACKETS = 200_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    packets: { type: 'string', default: PACKETS },
    all: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);
const print = (lines: string[]) => process.stdout.write(`${lines.join('\n')}\n\n`);

function versionsOf(tools: Record<string, Tool>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tools).map(([name, tool]) => [
      name,
      'path' in tool ? describeTool(tool.path) : tool.missing,
    ]),
  );
}

async function main(folder: string, signal: AbortSignal): Promise<number> {
  const rounds = Number(options.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0))
    throw new Error(`--rounds is ${options.rounds}, not 1 or more`);
  if (options.packets !== PACKETS) say(`the figures to reach are meant for ${PACKETS} packets`);
  const rusage = compile('rusage.c', folder);
  const loop = compile('pcap_loop.c', folder, ['pcap']);
  const tools = { tcpdump: findTool('tcpdump'), tshark: findTool('tshark') };
  const bench: Bench = { folder, signal, rusage: 'path' in rusage ? rusage.path : undefined };
  if ('missing' in rusage) say(`no CPU times and no memory: ${rusage.missing}`);
  for (const tool of [loop, ...Object.values(tools)]) if ('missing' in tool) say(`left out: ${tool.missing}`);

  say(`capture of ${format.count(Number(options.packets))} packets, kept in ${CACHE}`);
  const capture = await cachedCapture(bench, [
    '--packets',
    options.packets,
    '--flows',
    '1000',
    '--seed',
    '1',
  ]);
  const cut = join(folder, 'cut.pcap');
  const cutPackets = Math.min(CUT_PACKETS, capture.truth.packets);
  await cutCapture(capture.path, cut, cutPackets);
  const { packets, bytes } = capture.truth;

  const contestants = contestantsFor(bench, capture, cut, { loop, ...tools });
  const results = await interleave(contestants, rounds, (round) =>
    say(round === 0 ? 'warming up' : `round ${round} of ${rounds}`),
  );
  const machine = describeMachine();
  print([
    `${format.count(packets)} packets, ${format.bytes(bytes)}; ${machine.cpu}, ${machine.cores} cores; medians, rounds: ${rounds}`,
  ]);
  print(comparisonTable(results, (name) => (name === NAMES.tshark ? cutPackets : packets)));
  const figures = comparisonFigures(results, { capture: packets, cut: cutPackets });
  if (options.all) figures.push(...(await growthFigures(bench, capture, say)));
  print(figureTable(figures));

  if (options.json !== undefined) {
    const report = {
      date: new Date().toISOString(),
      commit: describeCommit(),
      command: `node build/bench/offline.js --rounds ${rounds} --packets ${options.packets}${options.all ? ' --all' : ''}`,
      machine,
      tools: versionsOf(tools),
      capture: { options: capture.options, packets, bytes },
      figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })),
      rounds: Object.fromEntries(results),
    };
    writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  return 0;
}

try {
  process.exitCode = await inTemporaryFolder('membench-offline-', main);
} catch (error) {
  say(`offline: ${(error as Error).message}`);
  process.exitCode = 1;
}
