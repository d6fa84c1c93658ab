/** The command line of comparisons, sweeps and searches. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { load } from '../replay/load.js';
import { hasMemcached, Memcached, profileOf } from '../replay/server.js';
import { type Outcome, startMembench, temporary } from '../support/cli.js';

/** Runs membench beside the test, which may be its server. */
async function run(args: readonly string[]): Promise<Outcome> {
  const child = startMembench(args);
  const [out, err] = [child.stdout!, child.stderr!].map(async (stream) => {
    let text = '';
    for await (const part of stream) text += part;
    return text;
  });
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  return { code, stdout: await out!, stderr: await err! };
}

const packets = load({ requests: 150, keys: 20, gap: 1000 });

/** Arguments that are wrong, and what the line says. */
const SLIPS: [args: string, says: RegExp][] = [
  ['-s a -s b -s c', /more than two servers/],
  ['-s a -s b --sweep 1:2:1', /two servers, --sweep and --search exclude each other/],
  ['-s a --search p99:1ms --sweep 1:2:1', /exclude each other/],
  ['-s a --sweep 1:2', /the first speed, the last, and the step: 0\.5:3:0\.25/],
  ['-s a --sweep 2:1:1', /the first speed, the last/],
  ['-s a --sweep 0:1:1', /the first speed, the last/],
  ['-s a --sweep 1:2:0.001', /a sweep of 1001 speeds: 1 to 100/],
  ['-s a --sweep 1:2:1 --speed 2', /a sweep and speed exclude each other/],
  ['-s a --sweep 1:2:1 --asap', /a sweep and asap exclude each other/],
  ['-s a --search p95:1ms', /p50, p90, p99 or p999, and a time: p99:1ms/],
  ['-s a --search p99:1', /and a time: p99:1ms/],
  ['-s a --search p99:1ms -n 5', /a search and requests exclude each other/],
  ['-s a --seed 5', /--seed is for --sweep, and for two servers/],
  ['-s a -s b --seed 5000000000', /seed is 5000000000/],
  ['-s a -s b -n 5', /two servers without asap and requests exclude each other/],
  ['-s a -s b --loop infinite', /a duration is missing/],
];

test('wrong options of comparisons, sweeps and searches are usage errors before anything is sent', async (t) => {
  const profile = profileOf(temporary(t), packets);
  for (const [args, says] of SLIPS) {
    const { code, stdout, stderr } = await run(['replay', profile, ...args.split(' ')]);
    t.regex(stderr, says);
    t.regex(stderr, /\[ERR_MEMBENCH_USAGE\]\n$/);
    t.deepEqual([code, stdout], [2, ''], args);
  }
});

const live = hasMemcached ? test.serial : test.serial.skip;

live('a comparison ends with its verdict; JSON has it under compared', async (t) => {
  const memcached = await Memcached.start(t);
  const folder = temporary(t);
  const profile = profileOf(folder, packets);
  const { server } = memcached;
  const json = join(folder, 'out.json');
  const args = [
    'replay',
    profile,
    '-s',
    server,
    '-s',
    server,
    '--asap',
    '--seed',
    '3',
    '--json-out-file',
    json,
  ];
  const { code, stdout } = await run(args);
  t.is(code, 0);
  t.regex(stdout, /^A {2}127\.0\.0\.1:\d+, version \S+: 600 requests/);
  t.regex(stdout, /\nverdict: .+\n$/s);
  const { compared } = JSON.parse(readFileSync(json, 'utf8'));
  t.like(compared, { seed: 3, ended: 'end of profile' });
  t.is(compared.a.summary.requests, 600);
  t.true(compared.changes.every(({ p }: { p: number }) => p > 0 && p <= 1));
});

live('a sweep and a search print a table, and JSON on request', async (t) => {
  const { server } = await Memcached.start(t);
  const profile = profileOf(temporary(t), packets);
  const swept = await run(['replay', profile, '-s', server, '--sweep', '1:2:1', '-d', '2']);
  t.is(swept.code, 0);
  t.regex(swept.stdout, /speed +answers\/s +p50 +p99[\s\S]*\n +1 +[\d,]+[\s\S]*\n +2 +[\d,]+/);
  t.regex(swept.stderr, /warm-up: \d+ slices at speed 2/);
  const searched = await run(['replay', profile, '-s', server, '--search', 'p50:1us', '-d', '2', '--json']);
  t.is(searched.code, 0);
  const { search, warm_up } = JSON.parse(searched.stdout);
  t.like(search, { percentile: 'p50', limit_ns: 1000, speed: null });
  t.true(warm_up.slices >= 8);
  t.true(search.probes.length >= 11 && search.probes.every(({ holds }: { holds: boolean }) => !holds));
});
