import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { membench, type Outcome, temporary } from '../support/cli.js';
import { client, packetsOf, server } from '../support/conversation.js';
import { pcapFile } from '../support/packets.js';

const CAPTURE = pcapFile(packetsOf([client('get a\r\n'), server('END\r\n')]));

/** A capture and its profile, and each of them cut short by a byte. */
function files(t: { teardown(fn: () => void): void }) {
  const folder = temporary(t);
  const path = (name: string) => join(folder, name);
  writeFileSync(path('a.pcap'), CAPTURE);
  writeFileSync(path('cut.pcap'), CAPTURE.subarray(0, -1));
  const { code, stderr } = membench(['record', '-q', path('a.pcap'), path('a.mbp')]);
  if (code !== 0) throw new Error(stderr);
  writeFileSync(path('cut.mbp'), readFileSync(path('a.mbp')).subarray(0, -1));
  return path;
}

/** Runs a line of bash in which $M is membench. */
function shell(line: string): Outcome {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], {
    encoding: 'utf8',
    env: { ...process.env, M: `${process.execPath} dist/bin/membench.cjs` },
  });
  return { code: status, stdout, stderr };
}

test('a closed pipe leaves the exit code what the command made it', (t) => {
  const path = files(t);
  const codeOf = (command: string) => {
    const { stderr } = shell(`$M ${command} | true; echo "exit $\{PIPESTATUS[0]}" >&2`);
    return stderr.trim();
  };
  t.is(codeOf(`verify "${path('a.mbp')}"`), 'exit 0');
  t.is(codeOf(`verify "${path('cut.mbp')}"`), 'exit 1');
  t.is(codeOf(`analyze "${path('a.mbp')}"`), 'exit 0');
  t.regex(codeOf(`record -q --json "${path('cut.pcap')}" "${path('b.mbp')}"`), /exit 1$/);
});

test('talk that nobody reads does not end a recording', (t) => {
  const path = files(t);
  const record = (name: string) => `$M record "${path('a.pcap')}" "${path(name)}"`;
  t.is(shell(`{ ${record('pipe.mbp')} 2>&1 >/dev/null; echo $? >"${path('code')}"; } | true`).code, 0);
  t.is(readFileSync(path('code'), 'utf8'), '0\n');
  t.is(membench(['verify', path('pipe.mbp')]).code, 0);
  if (existsSync('/dev/full')) t.is(shell(`${record('full.mbp')} 2>/dev/full`).code, 0);
});

(existsSync('/dev/full') ? test : test.skip)('results that cannot be written: one line, exit 1', (t) => {
  const path = files(t);
  for (const command of [
    '--help',
    'record --help',
    `cat "${path('a.mbp')}"`,
    `analyze "${path('a.mbp')}"`,
    `analyze --json "${path('a.mbp')}"`,
    `verify "${path('a.mbp')}"`,
    `record -q --json "${path('a.pcap')}" "${path('c.mbp')}"`,
  ]) {
    const { code, stderr } = shell(`$M ${command} >/dev/full`);
    t.is(stderr, 'membench: standard output: no space left on device [ERR_MEMBENCH_OUTPUT]\n', command);
    t.is(code, 1, command);
  }
  t.is(membench(['verify', path('c.mbp')]).code, 0);
});

test('an error is one line whatever is in a path', (t) => {
  const { code, stderr } = membench(['cat', 'no\nsuch\x1b[31mfile']);
  t.is(code, 1);
  t.is(stderr, 'membench: no\\x0asuch\\x1b[31mfile: there is no such file [ERR_MEMBENCH_PROFILE_READ]\n');
});

test('the stack comes with -v only, however it is written', (t) => {
  for (const args of [['-v'], ['--verbose'], ['-qv']]) {
    t.regex(membench(['record', ...args, 'none.pcap']).stderr, /\[ERR_MEMBENCH_SOURCE\]\n.*\n +at /);
  }
  t.regex(membench(['record', '-q', 'none.pcap']).stderr, /^.*\[ERR_MEMBENCH_SOURCE\]\n$/);
  t.regex(membench(['record', '-q', '--', '-v']).stderr, /^.*\[ERR_MEMBENCH_SOURCE\]\n$/);
});

test('where stderr is no terminal, there is no progress line', (t) => {
  const path = files(t);
  const { stderr } = membench(['record', '--color', 'always', path('a.pcap'), path('d.mbp')]);
  t.false(stderr.includes('\r') || stderr.includes('\x1b'));
});
