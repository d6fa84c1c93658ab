/**
 * The parser alone, on one thread, with the capture in memory: nanoseconds a packet for several kinds of
 * traffic, and a model of more workers than this machine has cores.
 *
 *   node build/bench/decode.js [--rounds N] [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type GenerateOptions, generateCapture } from './generate/generate.js';
import { describeCommit, describeMachine } from './measure/machine.js';
import { type Pass, pass } from './measure/pass.js';
import { median } from './measure/statistics.js';
import { renderTable } from './measure/table.js';

const EXCHANGES = 250_000;

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'string' } },
});
const rounds = Number(options.rounds);

const only = (command: 'get' | 'mg' | 'set') => ({ get: 0, mg: 0, set: 0, delete: 0, [command]: 100 });

/** Kinds of traffic to measure; the first is that of the offline comparison. */
const TRAFFIC: Record<string, Partial<GenerateOptions>> = {
  'mixed, 1,000 flows': { flows: 1000 },
  'mixed, 10 flows': { flows: 10 },
  'get, values of 20 B': { flows: 100, mix: only('get'), valueSize: 20 },
  'get of several keys': { flows: 100, mix: only('get'), multiget: 1 },
  'mg with value': { flows: 100, mix: only('mg') },
  set: { flows: 100, mix: only('set') },
  'pipelined, segments of 1,448 B': { flows: 100, pipelined: 1, mss: 1448 },
};

function capture(traffic: Partial<GenerateOptions>): { bytes: Buffer; packets: number; requests: number } {
  const chunks: Buffer[] = [];
  const truth = generateCapture({ exchanges: EXCHANGES, ...traffic }, (chunk) =>
    chunks.push(Buffer.from(chunk)),
  );
  return { bytes: Buffer.concat(chunks), packets: truth.packets, requests: truth.asked.requests };
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);

/**
 * Least time of a number of workers, ms: one worker at a time walks, each decodes only its own flows, and all
 * share the sum. Reading the file and memory bandwidth are not part of the model.
 */
function modelled({ index, decode }: Pass): number {
  return Math.max(index, ...decode, (index + sum(decode)) / decode.length);
}

const ns = (ms: number, count: number) => (ms * 1e6) / count;
const show = (value: number) => value.toFixed(1);
const results: Record<string, Record<string, number>> = {};
const rows = [['', 'walk', 'decode', 'together', 'a request']];
const captures = Object.entries(TRAFFIC).map(([name, traffic]) => ({ name, ...capture(traffic) }));
// In turns, so that a slow period of the machine affects all kinds alike; the first round warms up.
const passes = new Map(captures.map(({ name }) => [name, [] as Pass[]]));
for (let round = 0; round <= rounds; round++) {
  for (const { name, bytes } of captures) {
    const took = pass(bytes, 1);
    if (round > 0) passes.get(name)!.push(took);
  }
}
for (const { name, packets, requests } of captures) {
  const index = median(passes.get(name)!.map((took) => took.index));
  const decode = median(passes.get(name)!.map((took) => sum(took.decode)));
  results[name] = {
    walk: ns(index, packets),
    decode: ns(decode, packets),
    request: ns(index + decode, requests),
  };
  rows.push([
    name,
    show(ns(index, packets)),
    show(ns(decode, packets)),
    show(ns(index + decode, packets)),
    show(ns(index + decode, requests)),
  ]);
}
process.stdout.write('Nanoseconds a packet, one thread, profile blocks included\n');
process.stdout.write(`${renderTable(rows, ['left', 'right', 'right', 'right', 'right']).join('\n')}\n\n`);

const { bytes } = captures[0]!;
const model: Record<string, number> = {};
const base = median(Array.from({ length: rounds }, () => modelled(pass(bytes, 1))));
for (const workers of [2, 4, 8, 16]) {
  model[workers] = base / median(Array.from({ length: rounds }, () => modelled(pass(bytes, workers))));
}
process.stdout.write('Speed-up the parts allow, by a model of so many cores\n');
process.stdout.write(
  `${Object.entries(model)
    .map(([workers, speedup]) => `  ${workers} workers: ${speedup.toFixed(2)}`)
    .join('\n')}\n`,
);

if (options.json !== undefined) {
  const report = {
    date: new Date().toISOString(),
    commit: describeCommit(),
    command: `node build/bench/decode.js --rounds ${rounds}`,
    machine: describeMachine(),
    nanoseconds: results,
    speedup: model,
  };
  writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
}
