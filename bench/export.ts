/**
 * What each format of `export` costs: whole processes, in turns, by medians. And the Parquet library by itself, on the
 * same columns in memory.
 *
 *   node build/bench/export.js [--packets N] [--rounds N] [--profile FILE] [--json FILE]
 */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { EXPORT_FORMATS } from '#src/index.js';
import { openProfile } from '#src/profile.js';
import { describeCommit, describeMachine } from './measure/machine.js';
import { compile } from './measure/native.js';
import { type Bench, run, type Usage } from './measure/run.js';
import { median } from './measure/statistics.js';
import { renderTable } from './measure/table.js';
import { inTemporaryFolder } from './measure/temporary.js';
import { makeCapture } from './offline/captures.js';
import { CLI } from './root.js';

/** Multigets make about 20 M events of 24 M packets. */
const WORKLOAD = '--multiget 0.2 --multiget-keys 8 --value-size 40'.split(' ');
/** Row groups the library is measured with. */
const GROUPS = 8;

const { values: options } = parseArgs({
  options: {
    packets: { type: 'string', default: '24000000' },
    rounds: { type: 'string', default: '3' },
    profile: { type: 'string' },
    json: { type: 'string' },
    // What this program runs itself as, to measure the library in a process of its own.
    library: { type: 'string' },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);

/** Writes row groups of a file again, by the library's own means, and says what that took. */
async function libraryAlone(path: string): Promise<void> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const { schema } = metadata;
  let ms = 0;
  let rows = 0;
  let start = 0;
  for (const { num_rows } of metadata.row_groups.slice(0, GROUPS)) {
    const end = start + Number(num_rows);
    const columns = new Map<string, unknown[]>();
    await parquetRead({
      file,
      metadata,
      rowStart: start,
      rowEnd: end,
      utf8: false,
      onChunk: ({ columnName, columnData }) => {
        const values = columns.get(columnName) ?? [];
        for (const value of columnData) values.push(value instanceof Date ? BigInt(value.getTime()) : value);
        columns.set(columnName, values);
      },
    });
    start = end;
    const columnData = schema
      .slice(1)
      .map(({ name }) => ({ name, data: columns.get(name)!, bloomFilter: name === 'key' }));
    const writer = new ParquetWriter({ writer: new ByteWriter(), schema });
    const before = performance.now();
    writer.write({ columnData, rowGroupSize: end });
    writer.finish();
    ms += performance.now() - before;
    rows += Number(num_rows);
  }
  process.stdout.write(`${JSON.stringify({ rows, ms })}\n`);
}

/** The profile that was named, or one of a generated capture. */
async function makeProfile(bench: Bench): Promise<string> {
  if (options.profile !== undefined) return options.profile;
  say('making a capture, and a profile of it');
  const path = join(bench.folder, 'capture.pcap');
  const profile = join(bench.folder, 'profile.mbp');
  await makeCapture(bench, path, ['--packets', options.packets, ...WORKLOAD]);
  await run(bench, [process.execPath, CLI, 'record', '-q', '--workers', '2', path, profile]);
  writeFileSync(path, '');
  return profile;
}

async function main(folder: string, signal: AbortSignal): Promise<number> {
  const rounds = Number(options.rounds);
  const rusage = compile('rusage.c', folder);
  const bench: Bench = { folder, signal, rusage: 'missing' in rusage ? undefined : rusage.path };
  const profile = await makeProfile(bench);
  let events = 0;
  {
    using reader = openProfile(profile);
    for (const block of reader.blocks) events += block.events;
  }
  const results = new Map<string, Usage[]>(EXPORT_FORMATS.map((format) => [format, []]));
  const library: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    say(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
    for (const format of EXPORT_FORMATS) {
      const out = join(folder, `out.${format}`);
      const { usage } = await run(bench, [
        process.execPath,
        ...[CLI, 'export', '-q', '--force', '--format', format, '-o', out, profile],
      ]);
      if (round > 0) results.get(format)!.push(usage);
    }
    const { stdout } = await run({ ...bench, rusage: undefined }, [
      process.execPath,
      ...[process.argv[1]!, '--library', join(folder, 'out.parquet')],
    ]);
    const { rows, ms } = JSON.parse(stdout);
    if (round > 0) library.push((1000 * rows) / ms);
  }
  const figures = EXPORT_FORMATS.map((format) => {
    const of = (measure: keyof Usage) => {
      const all = results.get(format)!.map((usage) => usage[measure]);
      return all.includes(null) ? null : median(all as number[]);
    };
    const [wall, cpu, peak] = [of('wall')!, of('cpu'), of('peak')];
    const { size } = statSync(join(folder, `out.${format}`));
    return { format, wall, rate: events / wall, cpu: cpu === null ? null : (cpu / events) * 1e9, peak, size };
  });
  const rows = figures.map(({ format, wall, rate, cpu, peak, size }) => [
    format,
    wall.toFixed(2),
    (rate / 1e6).toFixed(2),
    cpu?.toFixed(0) ?? '-',
    peak === null ? '-' : (peak / 1e6).toFixed(0),
    (size / events).toFixed(1),
  ]);
  const head = ['', 's', 'M events/s', 'CPU ns/event', 'peak MB', 'bytes/event'];
  const align = head.map((_, i) => (i === 0 ? 'left' : 'right') as 'left' | 'right');
  process.stdout.write(`${events} events\n${renderTable([head, ...rows], align).join('\n')}\n`);
  process.stdout.write(
    `hyparquet-writer by itself, one thread: ${(median(library) / 1e6).toFixed(2)} M events/s\n`,
  );
  if (options.json !== undefined) {
    const report = {
      date: new Date().toISOString().slice(0, 10),
      commit: describeCommit(),
      command: `npm run bench:export -- --rounds ${rounds} --packets ${options.packets}`,
      machine: describeMachine(),
      events,
      figures,
      library: median(library),
      rounds: Object.fromEntries(results),
    };
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  return 0;
}

if (options.library !== undefined) await libraryAlone(options.library);
else {
  try {
    process.exitCode = await inTemporaryFolder('membench-export-', main);
  } catch (error) {
    say(`export: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
