import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { membench, temporary } from '../support/cli.js';
import { client, packetsOf, server } from '../support/conversation.js';
import { pcapFile } from '../support/packets.js';

test('--help and --version are results', (t) => {
  t.regex(membench(['--help']).stdout, /record [\s\S]*analyze/);
  t.regex(membench(['--version']).stdout, /^\d+\.\d+\.\d+\n$/);
  t.is(membench(['--version']).code, 0);
});

test('the help names the arguments of each command as its own help does', (t) => {
  const { stdout } = membench(['--help']);
  t.regex(stdout, /^ {2}record \[options\] SOURCE \[PROFILE\]/m);
  t.regex(stdout, /^ {2}analyze \[options\] <profile\.\.\.>/m);
});

test('no command is a usage error, and prints the usage', (t) => {
  const { code, stdout, stderr } = membench([]);
  t.is(code, 2);
  t.is(stdout, '');
  t.regex(stderr, /Usage: membench/);
});

function profile(folder: string): string {
  const source = join(folder, 'traffic.pcap');
  const path = join(folder, 'out.mbp');
  const turns = [
    client('get a b\r\n'),
    server('VALUE a 0 1\r\nx\r\nEND\r\n'),
    client('set c 0 0 5\r\nhello\r\n'),
    server('STORED\r\n'),
  ];
  writeFileSync(source, pcapFile(packetsOf(turns)));
  t0(membench(['record', '-q', source, path]).code);
  return path;
}

function t0(code: number | null): void {
  if (code !== 0) throw new Error(`record failed with ${code}`);
}

test('analyze --json has every documented field', (t) => {
  const folder = temporary(t);
  const { code, stdout } = membench(['analyze', '--json', profile(folder)]);
  t.is(code, 0);
  const analysis = JSON.parse(stdout);
  t.like(analysis, {
    events: 3,
    requests: 2,
    connections: 1,
    duration_s: 0.00002,
    hit_ratio: 0.5,
    complete: true,
    ops: {
      get: {
        count: 2,
        hits: 1,
        misses: 1,
        errors: 0,
        unanswered: 0,
        latency_ns: { p50: 10000, max: 10000 },
        value_size: { max: 1 },
      },
      set: { count: 1, value_size: { p50: 5, p90: 5, p99: 5, p999: 5, max: 5 } },
    },
    keys: { distinct: 3, zipf_alpha: null },
  });
  t.is(analysis.keys.top.length, 3);
  t.is(analysis.loss.gaps, 0);
});

test('analyze writes a report without colour where it is not a terminal', (t) => {
  const folder = temporary(t);
  const { stdout } = membench(['analyze', profile(folder)]);
  t.regex(stdout, /^Workload\n {2}2 requests for 3 keys on 1 connection\n[\s\S]*hit ratio[\s\S]*\n {2}get /);
  t.false(stdout.includes('\x1b'));
  t.true(membench(['analyze', '--color', 'always', profile(temporary(t))]).stdout.includes('\x1b[1m'));
});

test('several profiles are added up', (t) => {
  const { stdout } = membench(['analyze', '--json', profile(temporary(t)), profile(temporary(t))]);
  t.like(JSON.parse(stdout), { events: 6, requests: 4, connections: 2 });
});

test('what is no profile is named', (t) => {
  const folder = temporary(t);
  const path = join(folder, 'x.mbp');
  writeFileSync(path, 'no profile');
  for (const command of ['analyze', 'cat', 'verify']) {
    const { code, stderr } = membench([command, path]);
    t.is(code, 1);
    t.regex(stderr, /^membench: .*\[ERR_MEMBENCH_NOT_A_PROFILE\]\n$/);
  }
});
