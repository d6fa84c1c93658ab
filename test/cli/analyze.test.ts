import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { file, frames, type TestEvent } from '../profile/support.js';
import { keyText } from '../reference/siphash.js';
import { membench, temporary } from '../support/cli.js';

const SECRET = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

/** A get a second, hits and misses in turn, of two keys. */
const EVENTS = Array.from({ length: 20 }, (_, i): TestEvent => {
  const name = i % 3 === 0 ? 'busy' : 'calm';
  return {
    worker: 0,
    conn: i % 2,
    time: 1_767_225_600_000_000n + BigInt(i * 1_000_000),
    ordinal: i,
    op: i % 5 === 0 ? 'set' : 'get',
    status: i % 5 === 0 ? 'stored' : i % 2 ? 'hit' : 'miss',
    key: { hash: BigInt(`0x${keyText(SECRET, Buffer.from(name))}`), size: 4 },
    ...((i % 5 === 0 || i % 2 === 1) && { value_size: 100 }),
    latency: 100n,
  };
});
const BYTES = frames({ blocks: [{ worker: 0, seq: 0, events: EVENTS }] });

const json = (args: string[]) => {
  const { code, stdout, stderr } = membench(['analyze', '--json', ...args]);
  return { code, stderr, found: code === 0 ? JSON.parse(stdout) : null };
};

test('only some events, some commands, and intervals as asked for', (t) => {
  const path = file(t, BYTES);
  t.like(json([path, '--from', '5s', '--to', '2026-01-01T00:00:15Z']).found, { events: 10 });
  t.deepEqual(Object.keys(json([path, '--op', 'set']).found.ops), ['set']);
  t.is(json([path, '--interval', '2s']).found.series.length, 10);
  t.is(json([path, '--top', '1']).found.keys.top.length, 1);
  t.is(json([path, '--by', 'port']).found.by, 'port');
});

test('sections as asked for, in 80 columns', (t) => {
  const path = file(t, BYTES);
  const { code, stdout } = membench(['analyze', path, '--show', 'keys,summary']);
  t.is(code, 0);
  t.deepEqual(
    stdout.split('\n').filter((line) => /^[A-Z]/.test(line)),
    ['Workload', 'Keys'],
  );
  const all = membench(['analyze', path]).stdout.split('\n');
  // The hint is one line, however long.
  const { hint } = json([path]).found;
  t.deepEqual(
    all.filter((line) => line.length > 80 && line !== hint),
    [],
  );
  for (const title of ['Commands', 'Over time, 1.0 s a line', 'Sizes', 'Connections', 'Losses'])
    t.true(all.includes(title), title);
});

test('what cannot be is refused in one line', (t) => {
  const path = file(t, BYTES);
  for (const args of [
    ['--show', 'everything'],
    ['--from', 'soon'],
    ['--from', '10s', '--to', '5s'],
    ['--op', 'GET;'],
    ['--op', 'get,gett'],
    ['--by', 'moon'],
    ['--top', '0'],
    ['--interval', '0.001ms'],
    ['--keys', '/nowhere'],
  ]) {
    const { code, stdout, stderr } = membench(['analyze', path, ...args]);
    t.is(code, 2, args.join(' '));
    t.is(stdout, '');
    t.regex(stderr, /^membench: [^\n]+\n$/);
  }
});

test('a trace is written beside the report, and replaces nothing', (t) => {
  const trace = join(temporary(t), 'trace.json');
  const path = file(t, BYTES);
  const first = membench(['analyze', path, '--trace', trace, '--show', 'latency']);
  t.is(first.code, 0);
  t.regex(first.stdout, /^ {2}slowest, UTC/m);
  t.is(JSON.parse(readFileSync(trace, 'utf8')).traceEvents.length, 20);
  const again = membench(['analyze', path, '--trace', trace]);
  t.is(again.code, 1);
  t.regex(again.stderr, /^membench: [^\n]+\[ERR_MEMBENCH_OUTPUT\]\n$/);
});

test('two profiles are compared', (t) => {
  const path = file(t, BYTES);
  const { code, stdout } = membench(['analyze', '--compare', path, path, '--json']);
  t.is(code, 0);
  const { a, b, changes } = JSON.parse(stdout);
  t.deepEqual(a, b);
  t.true(changes.length > 0 && changes.every(({ change }: { change: number }) => change === 0));
  t.regex(membench(['analyze', '--compare', path, path]).stdout, /^Within noise$/m);
  t.is(membench(['analyze', '--compare', path]).code, 2);
});

test('who has the secret can name keys', (t) => {
  const folder = temporary(t);
  const secret = join(folder, 'secret');
  writeFileSync(secret, SECRET, { mode: 0o600 });
  const { code, stdout } = membench(['key', '--key-file', secret, 'busy', 'ключ', '']);
  t.is(code, 0);
  const hash = (name: string) => keyText(SECRET, Buffer.from(name));
  t.is(stdout, `${hash('busy')}\tbusy\n${hash('ключ')}\tключ\n${hash('')}\t\n`);
  const piped = spawnSync(process.execPath, ['dist/bin/membench.cjs', 'key', '--key-file', secret], {
    input: 'busy\n\ncalm and more than eight bytes',
    encoding: 'utf8',
  });
  const long = 'calm and more than eight bytes';
  t.is(piped.stdout, `${hash('busy')}\tbusy\n${hash(long)}\t${long}\n`);
  const names = join(folder, 'names');
  writeFileSync(names, stdout.split('\n').slice(0, 2).join('\n'));
  const report = membench(['analyze', file(t, BYTES), '--keys', names]).stdout;
  t.regex(report, /^ {2}busy +7 +35\.0 %$/m);
  t.is(json([file(t, BYTES), '--keys', names]).found.keys.top[1].name, 'busy');
  writeFileSync(names, 'busy\n');
  t.regex(membench(['analyze', file(t, BYTES), '--keys', names]).stderr, /line 1 is not HASH<tab>KEY/);
  t.is(membench(['key', '--key-file', join(folder, 'none'), 'a']).code, 1);
  t.is(membench(['key', 'a']).code, 2);
});
