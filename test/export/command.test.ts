/** `membench export` from the command line: options, what is refused, what is partial, and what cannot be written. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXPORT_FORMATS, type ExportSummary, record } from 'membench';
import { generateCapture } from '#bench/generate/generate.js';
import { placesOf, sample } from '../profile/sample.js';
import { frame, headerValue, pack } from '../profile/support.js';
import { membench, startMembench, temporary } from '../support/cli.js';
import { eventsOf, profiles } from './profiles.js';
import { readCachelib, readCsv, readOracle, readTwitter } from './readers.js';

const [paths, folder, remove] = profiles();
/** Large enough for a thread of its own, of two workers. */
const LARGE = join(folder, 'large.mbp');
const WHOLE = sample();

test.before(async () => {
  const capture = join(folder, 'large.pcap');
  writeFileSync(capture, '');
  generateCapture({ exchanges: 50_000, flows: 60, keys: 5000, multiget: 0.3, pipelined: 0.1 }, (chunk) =>
    appendFileSync(capture, chunk),
  );
  await record({ source: capture, profile: LARGE, workers: 2 });
});
test.after.always(remove);

/** Runs an export that fails with one line, prints nothing, and leaves nothing. */
function fails(t: ExecutionContext, args: string[], message: RegExp, code = 1): void {
  const at = temporary(t);
  const places = args.map((arg) => arg.replace(/^OUT/, join(at, 'out')));
  const outcome = membench(['export', '--no-progress', ...places]);
  t.is(outcome.code, code, outcome.stderr);
  t.is(outcome.stdout, '');
  t.regex(outcome.stderr, /^membench: [^\n]*\n$/);
  t.regex(outcome.stderr, message);
  t.deepEqual(readdirSync(at), []);
}

test('what does not fit is refused with what to do', (t) => {
  const { one } = paths;
  const USAGE = 2;
  fails(t, [one, '-o', 'OUT'], /required option '--format <format>'.*\[ERR_MEMBENCH_USAGE\]/, USAGE);
  fails(t, ['--format', 'xml', one, '-o', 'OUT'], /Allowed choices are csv, ndjson, parquet/, USAGE);
  fails(t, ['--format', 'csv', one], /no output is named: -o FILE/, USAGE);
  fails(t, ['--format', 'csv', '-o', 'OUT'], /missing required argument 'profile'/, USAGE);
  fails(t, ['--format', 'csv', '-o', '', one], /the name of the file is empty/, USAGE);
  for (const format of ['parquet', 'oracleGeneral'])
    fails(t, ['--format', format, '-o', '-', one], /needs a file to be written to/, USAGE);
  fails(t, ['--format', 'oracleGeneral', '-o', 'OUT', one], /name, which must hold oracleGeneral/, USAGE);
  fails(t, ['--format', 'csv', '-o', 'OUT', '--op', 'gett', one], /gett: there is no such command/, USAGE);
  fails(t, ['--format', 'csv', '-o', 'OUT', '--from', 'noon', one], /It must be a time such as/, USAGE);
  fails(
    t,
    ['--format', 'csv', '-o', 'OUT', '--from', '2s', '--to', '1s', one],
    /from is not before to/,
    USAGE,
  );
  fails(
    t,
    ['--format', 'csv', '-o', 'OUT', '--sample', '2/3', one],
    /It must be a share such as 1\/10/,
    USAGE,
  );
  fails(t, ['--format', 'csv', '-o', '-', '--json', one], /both go to standard output/, USAGE);
  fails(t, ['--format', 'csv', '-o', one, '--force', one], /it is one of the profiles/, USAGE);
});

test('what is no profile is told in one line, and nothing is written', (t) => {
  const at = temporary(t);
  const place = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(at, name), bytes);
    return join(at, name);
  };
  const capture = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
  const newer = Buffer.concat([
    frame('MBHD', pack({ ...headerValue(), version: 3 })),
    WHOLE.subarray(placesOf(WHOLE)[1]!.offset),
  ]);
  for (const [path, message] of [
    [place('a.pcap', capture), /does not start like a profile \(membench record .*NOT_A_PROFILE/],
    [place('newer.mbp', newer), /format version 3, and this release reads up to 2 \(use a newer membench\)/],
    [place('empty.mbp', Buffer.alloc(0)), /it is empty/],
    [place('head.mbp', WHOLE.subarray(0, 500)), /its header is damaged or not whole/],
    [join(at, 'none.mbp'), /no such file.*PROFILE_READ/],
  ] as const) {
    for (const format of EXPORT_FORMATS)
      fails(t, ['--format', format, '-o', 'OUT.oracleGeneral', path], message);
    // One that is good does not help.
    for (const format of ['csv', 'parquet'])
      fails(t, ['--format', format, '-o', 'OUT', paths.one, path], message);
  }
});

/** Rows of a file, read by its format's reader. */
function rowsOf(format: string, path: string): unknown[] {
  const text = () => readFileSync(path, 'latin1');
  switch (format) {
    case 'csv':
      return readCsv(text());
    case 'ndjson':
      return text().split('\n').slice(0, -1);
    case 'twitter':
      return readTwitter(text());
    case 'cachelib':
      return readCachelib(text());
    default:
      return readOracle(path);
  }
}

test('of a cut or damaged profile, what is good is exported, and the file beside it says so', (t) => {
  const at = temporary(t);
  const places = placesOf(WHOLE);
  const flipped = Buffer.from(WHOLE);
  flipped[places[2]!.offset + 100]! ^= 0x10;
  const cases: [Buffer, RegExp, number][] = [
    [
      WHOLE.subarray(0, places[3]!.offset),
      /: not closed yet, or cut short: these are the events sealed so far\n$/,
      0,
    ],
    [WHOLE.subarray(0, places[3]!.offset + 40), /not closed yet, or cut short/, 0],
    [WHOLE.subarray(0, places[1]!.offset), /not closed yet, or cut short/, 0],
    [
      flipped,
      /1 block is missing.*; what is good was exported \(membench verify says more\) \[ERR_MEMBENCH_PROFILE_READ\]/,
      1,
    ],
    [Buffer.concat([WHOLE, Buffer.alloc(4096)]), /4\.1 kB are damaged; what is good/, 1],
  ];
  cases.forEach(([bytes, message, code], i) => {
    const path = join(at, `${i}.mbp`);
    writeFileSync(path, bytes);
    const cat = membench(['cat', path]);
    for (const format of EXPORT_FORMATS) {
      const out = join(at, `${i}.${format}`);
      const { code: got, stderr, stdout } = membench(['export', '-q', '--format', format, '-o', out, path]);
      t.is(got, code, stderr);
      t.is(got, cat.code);
      t.is(stdout, '');
      t.regex(stderr, /^membench: [^\n]*\n$/);
      t.regex(stderr, message);
      const summary: ExportSummary = JSON.parse(readFileSync(`${out}.json`, 'utf8'));
      t.true(summary.partial);
      if (format === 'ndjson') t.is(readFileSync(out, 'latin1'), cat.stdout);
      if (format !== 'parquet') t.is(rowsOf(format, out).length, summary.written);
    }
  });
  const whole = join(at, 'whole.csv');
  t.is(membench(['export', '-q', '--format', 'csv', '-o', whole, paths.one]).code, 0);
  t.false(JSON.parse(readFileSync(`${whole}.json`, 'utf8')).partial);
});

test('an existing file stays, unless it is to be replaced', (t) => {
  const at = temporary(t);
  const out = join(at, 'a.csv');
  const run = (...more: string[]) => membench(['export', '--format', 'csv', '-o', out, paths.hand, ...more]);
  writeFileSync(out, 'mine');
  t.regex(
    run().stderr,
    /^membench: .*a\.csv: it exists already \(use --force to replace it\) \[ERR_MEMBENCH_FILE_EXISTS\]\n$/,
  );
  t.is(readFileSync(out, 'utf8'), 'mine');
  t.deepEqual(readdirSync(at), ['a.csv']);
  t.is(run('--force').code, 0);
  t.is(readCsv(readFileSync(out, 'latin1')).length, eventsOf(paths.hand).length);
  t.is(statSync(out).mode & 0o777, 0o600);
  // The file beside it counts, too.
  const other = membench(['export', '--format', 'csv', '-o', join(at, 'b.csv'), paths.hand]);
  t.is(other.code, 0);
  writeFileSync(join(at, 'c.csv.json'), 'mine');
  const beside = membench(['export', '--format', 'csv', '-o', join(at, 'c.csv'), paths.hand]);
  t.is(beside.code, 1);
  t.regex(beside.stderr, /c\.csv\.json: it exists already/);
  t.false(existsSync(join(at, 'c.csv')));
  mkdirSync(join(at, 'folder'));
  symlinkSync(out, join(at, 'link'));
  for (const [name, why] of [
    ['folder', /it is a directory \(name a file in it\)/],
    ['link', /it is a symbolic link \(name the file itself\)/],
    ['none/a.csv', /there is no such folder/],
  ] as const) {
    const refused = membench(['export', '--force', '--format', 'csv', '-o', join(at, name), paths.hand]);
    t.is(refused.code, 1);
    t.regex(refused.stderr, why);
  }
  t.regex(
    membench(['export', '--force', '--format', 'csv', '-o', '/dev/full', paths.hand]).stderr,
    /\/dev\/full: it is not a regular file \[ERR_MEMBENCH_FILE_WRITE\]/,
  );
});

test('time, command and sample leave the numbers as they are', (t) => {
  const events = eventsOf(LARGE);
  const rows = (...args: string[]): Record<string, string>[] => {
    const { stdout, code, stderr } = membench(['export', '-q', '--format', 'csv', '-o', '-', LARGE, ...args]);
    t.is(code, 0, stderr);
    return readCsv(stdout);
  };
  const ids = (list: { ts_ns: string; conn: unknown; request: unknown; key: unknown }[]) =>
    list.map(({ ts_ns, conn, request, key }) => `${ts_ns} ${conn} ${request} ${key}`);
  const first = BigInt(events[0]!.ts_ns);
  const [from, to] = [events[30_000]!.ts_ns, events[40_000]!.ts_ns];
  const between = events.filter(({ ts_ns }) => ts_ns >= from && ts_ns < to);
  t.deepEqual(ids(rows('--from', from, '--to', to) as never), ids(between));
  const seconds = `${from.slice(0, -9)}.${from.slice(-9)}`;
  t.deepEqual(ids(rows('--from', seconds, '--to', to) as never), ids(between));
  const date = `${new Date(Number(BigInt(from) / 1_000_000_000n) * 1000).toISOString().slice(0, 19)}.${from.slice(-9)}`;
  t.deepEqual(ids(rows('--from', `${date}Z`, '--to', to) as never), ids(between));
  const early = events.filter(({ ts_ns }) => BigInt(ts_ns) < first + 100_000_000n);
  t.deepEqual(ids(rows('--to', '+100ms') as never), ids(early));
  t.deepEqual(
    ids(rows('--op', 'set,delete') as never),
    ids(events.filter(({ op }) => op === 'set' || op === 'delete')),
  );
  const sampled = rows('--sample', '1/4');
  const conns = new Set(sampled.map(({ conn }) => conn));
  t.true(conns.size >= 5 && conns.size <= 30, `${conns.size} of 60`);
  t.deepEqual(ids(sampled as never), ids(events.filter(({ conn }) => conns.has(String(conn)))));
  t.deepEqual(rows('--from', '2100-01-01'), []);
});

test('what was passed over is counted', (t) => {
  const out = join(temporary(t), 'a.csv');
  const outcome = membench([
    'export',
    '--json',
    '--format',
    'csv',
    '-o',
    out,
    LARGE,
    '--from',
    '+200ms',
    '--op',
    'get',
    '--sample',
    '1/2',
  ]);
  t.is(outcome.code, 0, outcome.stderr);
  const { written, events, filtered, sample_of_all, ops } = JSON.parse(outcome.stdout) as ExportSummary;
  t.is(written + filtered.time + filtered.op + filtered.sample, events);
  t.true(filtered.time > 0 && filtered.op > 0 && filtered.sample > 0);
  t.deepEqual(Object.keys(ops), ['get']);
  t.is(sample_of_all, 2);
  t.regex(outcome.stderr, /not asked for: [\d,]+ by time, [\d,]+ by command, [\d,]+ by sample/);
});

test('a thread writes what one thread alone sends', (t) => {
  const at = temporary(t);
  for (const format of EXPORT_FORMATS) {
    const out = join(at, `large.${format}`);
    const { code, stderr } = membench(['export', '--format', format, '-o', out, LARGE]);
    t.is(code, 0, stderr);
    if (format === 'parquet' || format === 'oracleGeneral') continue;
    const piped = membench(['export', '-q', '--format', format, '-o', '-', LARGE]);
    t.true(piped.stdout === readFileSync(out, 'latin1'), format);
    t.is(piped.stderr, '');
  }
  t.true(membench(['cat', LARGE]).stdout === readFileSync(join(at, 'large.ndjson'), 'latin1'));
  // Each record leads to the next of its object, and none is left over.
  const records = readOracle(join(at, 'large.oracleGeneral'));
  t.true(records.length > 65_536);
  const next = new Map<bigint, bigint>();
  for (let i = records.length - 1; i >= 0; i--) {
    const { object } = records[i]!;
    if (records[i]!.next !== (next.get(object) ?? -1n)) t.fail(`record ${i + 1}`);
    next.set(object, BigInt(i + 1));
  }
  t.true(records.every(({ size }) => size > 0));
});

test('a full disk: one line, exit 1, no file', (t) => {
  for (const format of EXPORT_FORMATS) {
    const at = temporary(t);
    const out = join(at, 'a.oracleGeneral');
    const { status, stderr, stdout } = spawnSync(
      'prlimit',
      [
        '--fsize=100000',
        process.execPath,
        'dist/bin/membench.cjs',
        'export',
        '--format',
        format,
        '-o',
        out,
        LARGE,
      ],
      { encoding: 'utf8' },
    );
    t.is(status, 1, stderr);
    t.is(stdout, '');
    t.is(stderr, `membench: ${out}: the file size limit is reached (ulimit -f) [ERR_MEMBENCH_FILE_WRITE]\n`);
    t.deepEqual(readdirSync(at), []);
  }
  const full = spawnSync(
    '/bin/sh',
    ['-c', `"$0" dist/bin/membench.cjs export --format csv -o - ${LARGE} > /dev/full`, process.execPath],
    { encoding: 'utf8' },
  );
  t.is(full.status, 1);
  t.is(full.stderr, 'membench: standard output: no space left on device [ERR_MEMBENCH_OUTPUT]\n');
});

test('a reader that goes away ends it quietly', async (t) => {
  for (const format of ['csv', 'ndjson', 'twitter', 'cachelib']) {
    const child = startMembench(['export', '--format', format, '-o', '-', LARGE]);
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    const [code] = await once(child, 'close');
    t.is(code, 0);
    t.is(stderr, '');
  }
});

test('stopped by a signal, it leaves nothing', async (t) => {
  const at = temporary(t);
  const child = spawn(
    process.execPath,
    [
      'dist/bin/membench.cjs',
      'export',
      '--format',
      'parquet',
      '-o',
      join(at, 'a.parquet'),
      ...Array(20).fill(LARGE),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  while (readdirSync(at).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  t.is(code, 130, stderr);
  t.is(stderr, 'membench: the export was stopped [ERR_MEMBENCH_ABORTED]\n');
  t.deepEqual(readdirSync(at), []);
});
