import { join } from 'node:path';
import { type Contestant, interleave, type Results } from '../measure/interleave.js';
import { type Bench, run } from '../measure/run.js';
import { median, medianOf, ratioOf } from '../measure/statistics.js';
import { CLI } from '../root.js';
import { type Capture, makeCapture } from './captures.js';
import { Recorder } from './contestants.js';
import type { Figure } from './figures.js';

/** Packets of a tenth of the default capture. */
const SMALL = ['--packets', '500000', '--flows', '1000', '--seed', '1'];
const FLOWS = [10, 1000, 100_000, 1_000_000];
const FLOWS_PACKETS = 2_000_000;
const ROUNDS = 3;
const WORKERS = 2;

/** Figures of growth: memory, profile size, packets, flows. Generates captures of 2.4 GB. */
export async function growthFigures(
  bench: Bench,
  capture: Capture,
  say: (line: string) => void,
): Promise<Figure[]> {
  const path = join(bench.folder, 'small.pcap');
  say(`making ${path}`);
  const small = await makeCapture(bench, path, SMALL);
  const large = new Recorder(bench, 'large', capture, WORKERS);
  const analysis = analyzer(bench, large);
  const contestants = [large, new Recorder(bench, 'small', small, WORKERS), analysis];
  const results = await interleave(contestants, ROUNDS, (round) =>
    say(`memory and size, round ${round} of ${ROUNDS}`),
  );
  const { events, profile } = large.summary!;
  const peak = medianOf(results, large.name, 'peak');
  const wall = ratioOf(results, 'large', 'small');
  return [
    {
      id: 'P10',
      meaning: 'peak memory, 1 GB capture ÷ 100 MB capture',
      value: ratioOf(results, 'large', 'small', 'peak'),
      unit: '×',
      most: 1.1,
    },
    {
      id: 'P10',
      meaning: 'peak memory, 2 workers',
      value: peak === null ? null : peak / 2 ** 20,
      unit: 'MiB',
      most: 200,
    },
    {
      id: 'P11',
      meaning: 'profile on disk, bytes an event',
      value: profile.bytes / events,
      unit: 'B',
      most: 14,
    },
    {
      id: 'P12',
      meaning: 'analyze, whole process, events a second',
      value: events / 1e6 / medianOf(results, analysis.name, 'wall')!,
      unit: 'M/s',
      least: 10,
    },
    {
      id: 'P13',
      meaning: 'wall time a packet, 5 M packets ÷ 0.5 M packets, start-up included',
      value: wall === null ? null : (wall * small.truth.packets) / capture.truth.packets,
      unit: '×',
      most: 1.1,
    },
    ...(await flowFigures(bench, say)),
  ];
}

/** `analyze` of a profile; the recording is not part of the measured time. */
function analyzer(bench: Bench, recorder: Recorder): Contestant {
  const profile = join(bench.folder, 'analyze.mbp');
  let made = false;
  return {
    name: 'analyze',
    run: async () => {
      if (!made) await recorder.runTo(profile);
      made = true;
      return (await run(bench, [process.execPath, CLI, 'analyze', '--json', profile])).usage;
    },
  };
}

async function flowFigures(bench: Bench, say: (line: string) => void): Promise<Figure[]> {
  const packets = new Map<string, number>();
  const recorders: Recorder[] = [];
  for (const flows of FLOWS) {
    const path = join(bench.folder, `flows-${flows}.pcap`);
    say(`making ${path}`);
    const options = ['--packets', String(FLOWS_PACKETS), '--flows', String(flows), '--seed', '1'];
    const capture = await makeCapture(bench, path, options);
    const recorder = new Recorder(bench, `${flows} flows`, capture, WORKERS);
    packets.set(recorder.name, capture.truth.packets);
    recorders.push(recorder);
  }
  const results = await interleave(recorders, ROUNDS, (round) => say(`flows, round ${round} of ${ROUNDS}`));
  const figures: Figure[] = recorders.map(({ name }) => ({
    id: 'P13',
    meaning: `wall time a packet, ${name}`,
    value: (medianOf(results, name, 'wall')! * 1e9) / packets.get(name)!,
    unit: 'ns',
  }));
  figures.push(
    {
      id: 'P13',
      meaning: 'the dearest of these ÷ the cheapest',
      value: spread(results, packets),
      unit: '×',
      most: 2,
    },
    {
      id: 'P13',
      meaning: `requests recorded, ${recorders.at(-1)!.name}; the rest is where flows reach their bound`,
      value: recorders.at(-1)!.recall * 100,
      unit: '%',
    },
  );
  return figures;
}

/** Median over the rounds of the largest cost of a packet ÷ the smallest in the same round. */
function spread(results: Results, packets: Map<string, number>): number {
  const costs = [...results].map(([name, usages]) => usages.map(({ wall }) => wall / packets.get(name)!));
  const rounds = costs[0]!.map((_, round) => costs.map((cost) => cost[round]!));
  return median(rounds.map((round) => Math.max(...round) / Math.min(...round)));
}
