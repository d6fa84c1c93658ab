/**
 * The stand-alone parser against the pipeline with one worker, in turns: in Node and, as the page, in a
 * headless Chromium; and pcapng against pcap. Whole processes are measured, except for the page, which
 * reports its own time.
 *
 *   node build/bench/decoder.js [--rounds N] [--json FILE]
 */
import { createReadStream, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createDecoder } from '#src/decoder.js';
import { Browser, whyNoBrowser } from './measure/chromium.js';
import { describeCommit, describeMachine } from './measure/machine.js';
import { type Bench, run } from './measure/run.js';
import { median } from './measure/statistics.js';
import { renderTable } from './measure/table.js';
import { inTemporaryFolder } from './measure/temporary.js';
import { makeCapture } from './offline/captures.js';
import { CLI, ROOT } from './root.js';

/** Packets of the captures: 1.03 GB, and 103 MB and 52 MB for the page. */
const PACKETS = { large: 5_000_000, middle: 500_000, small: 250_000 };
const CHUNK = 1 << 20;
/** Time from opening the page to choosing a file, ms. */
const SETTLE = 1500;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
    // This program starts itself in this mode, to measure a whole process.
    decode: { type: 'string' },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);

async function decodeAll(path: string): Promise<void> {
  const decoder = await createDecoder();
  let events = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) {
    for (const _ of decoder.decode(chunk)) events++;
  }
  for (const _ of decoder.end()) events++;
  process.stdout.write(`${events}\n`);
}

/** Converts classic pcap to pcapng: one section, one interface, enhanced packet blocks. */
async function writePcapng(from: string, to: string): Promise<void> {
  const out = await open(to, 'w');
  const u32 = (...numbers: number[]) => Buffer.from(Uint32Array.from(numbers).buffer);
  await out.write(u32(0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28, 1, 20, 1, 0, 20));
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(from, { start: 24, highWaterMark: CHUNK })) {
    const bytes = Buffer.concat([rest, chunk]);
    const blocks: Buffer[] = [];
    let at = 0;
    while (at + 16 <= bytes.length && at + 16 + bytes.readUInt32LE(at + 8) <= bytes.length) {
      const captured = bytes.readUInt32LE(at + 8);
      const time = BigInt(bytes.readUInt32LE(at)) * 1_000_000n + BigInt(bytes.readUInt32LE(at + 4));
      const pad = -captured & 3;
      const total = 32 + captured + pad;
      const head = u32(
        6,
        total,
        0,
        Number(time >> 32n),
        Number(time & 0xffffffffn),
        captured,
        bytes.readUInt32LE(at + 12),
      );
      blocks.push(head, bytes.subarray(at + 16, at + 16 + captured), Buffer.alloc(pad), u32(total));
      at += 16 + captured;
    }
    await out.write(Buffer.concat(blocks));
    rest = bytes.subarray(at);
  }
  await out.close();
}

/**
 * Time until the page shows something; all that was read, without what follows each key; and everything, ms.
 */
async function inBrowser(path: string): Promise<{ first: number; read: number; all: number }> {
  const tab = await Browser.start();
  try {
    await tab.open(pathToFileURL(join(ROOT, 'dist/page/membench.html')).href);
    await tab.evaluate(`
      window.paints = {};
      new MutationObserver(() => requestAnimationFrame(() => {
        const { hidden, dataset } = document.querySelector('#result');
        if (hidden) return;
        window.paints.first ??= performance.now();
        if (dataset.read === 'true') window.paints.read ??= performance.now();
        if (dataset.done === 'true') window.paints.all ??= performance.now();
      })).observe(document.body, { subtree: true, childList: true, attributes: true });
      document.querySelector('#file').addEventListener('change', () => { window.paints.start = performance.now(); }, true);
    `);
    // A browser is busy after its start, and a user takes time to choose a file.
    await sleep(SETTLE);
    await tab.choose('#file', path);
    await tab.until('window.paints.all', 120);
    const { start, first, read, all } =
      await tab.evaluate<Record<'start' | 'first' | 'read' | 'all', number>>('window.paints');
    return { first: first - start, read: read - start, all: all - start };
  } finally {
    await tab.close();
  }
}

async function main(folder: string, signal: AbortSignal): Promise<number> {
  const rounds = Number(options.rounds);
  const bench: Bench = { folder, signal, rusage: undefined };
  const make = (packets: number) =>
    makeCapture(bench, join(folder, `${packets}.pcap`), ['--packets', String(packets)]).then(
      ({ path }) => path,
    );
  say('making captures');
  const [large, middle, small] = [
    await make(PACKETS.large),
    await make(PACKETS.middle),
    await make(PACKETS.small),
  ];
  const pcapng = join(folder, 'large.pcapng');
  await writePcapng(large, pcapng);

  const wall = async (...command: string[]) =>
    (await run(bench, [process.execPath, ...command])).usage.wall * 1000;
  const record = (path: string) =>
    wall(CLI, 'record', '-q', '--workers', '1', '--force', path, join(folder, 'out.mbp'));
  const analyze = () =>
    wall(CLI, 'analyze', '--json', '--memcached', '', '--show', 'latency', join(folder, 'out.mbp'));
  const contestants: [name: string, take: () => Promise<Record<string, number>>][] = [
    ['record, 1 worker, 1 GB pcap', async () => ({ ms: await record(large) })],
    ['record, 1 worker, 1 GB pcapng', async () => ({ ms: await record(pcapng) })],
    ['decoder in Node, 1 GB pcap', async () => ({ ms: await wall(process.argv[1]!, '--decode', large) })],
    ['record, 1 worker, 100 MB pcap', async () => ({ ms: await record(middle) })],
  ];
  if (whyNoBrowser === '') {
    contestants.push(
      ['page in Chromium, 100 MB pcap', async () => ({ ms: (await inBrowser(middle)).read })],
      ['record and analyze, 100 MB pcap', async () => ({ ms: (await record(middle)) + (await analyze()) })],
      ['page in Chromium, 100 MB pcap, with curves', async () => ({ ms: (await inBrowser(middle)).all })],
      ['page in Chromium, 50 MB pcap, first paint', async () => ({ ms: (await inBrowser(small)).first })],
    );
  } else say(`left out: the page: ${whyNoBrowser}`);

  const results = new Map<string, number[]>(contestants.map(([name]) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    say(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
    for (const [name, take] of contestants) {
      const { ms } = await take();
      if (round > 0) results.get(name)!.push(ms!);
    }
  }
  const of = (name: string) => median(results.get(name) ?? []);
  const ratio = (one: string, other: string) =>
    median(results.get(one)!.map((ms, i) => ms / results.get(other)![i]!));
  const figures: [name: string, target: string, measured: string][] = [
    [
      'pcapng ÷ pcap',
      '≤ 1.2',
      ratio('record, 1 worker, 1 GB pcapng', 'record, 1 worker, 1 GB pcap').toFixed(2),
    ],
    [
      'decoder ÷ one worker',
      '≤ 1.5',
      ratio('decoder in Node, 1 GB pcap', 'record, 1 worker, 1 GB pcap').toFixed(2),
    ],
  ];
  if (whyNoBrowser === '') {
    const page = ratio('page in Chromium, 100 MB pcap', 'record, 1 worker, 100 MB pcap');
    const whole = ratio('page in Chromium, 100 MB pcap, with curves', 'record and analyze, 100 MB pcap');
    figures.push(
      ['page of 100 MB ÷ one worker', '≤ 2', page.toFixed(2)],
      ['page of 100 MB with curves ÷ record and analyze', '', whole.toFixed(2)],
      [
        'first paint of 50 MB',
        '≤ 2 s',
        `${(of('page in Chromium, 50 MB pcap, first paint') / 1000).toFixed(2)} s`,
      ],
    );
  }
  const rows = contestants.map(([name]) => {
    const all = results.get(name)!;
    return [name, of(name).toFixed(0), `${Math.min(...all).toFixed(0)} … ${Math.max(...all).toFixed(0)}`];
  });
  process.stdout.write(
    `${renderTable([['', 'ms', 'least … most'], ...rows], ['left', 'right', 'right']).join('\n')}\n\n`,
  );
  process.stdout.write(
    `${renderTable([['', 'target', 'measured'], ...figures], ['left', 'right', 'right']).join('\n')}\n`,
  );
  if (options.json !== undefined) {
    const report = {
      date: new Date().toISOString().slice(0, 10),
      commit: describeCommit(),
      command: 'node build/bench/decoder.js',
      machine: describeMachine(),
      sizes: Object.fromEntries(
        [large, middle, small].map((path, i) => [Object.keys(PACKETS)[i], statSync(path).size]),
      ),
      figures,
      rounds: Object.fromEntries(results),
    };
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  return 0;
}

if (options.decode !== undefined) await decodeAll(options.decode);
else {
  try {
    process.exitCode = await inTemporaryFolder('membench-decoder-', main);
  } catch (error) {
    say(`decoder: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
