import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { openProfile, readEvents } from 'membench/profile';
import { membench, startMembench, temporary } from '../support/cli.js';
import { client, packetsOf, server } from '../support/conversation.js';
import { pcapFile } from '../support/packets.js';

const CAPTURE = pcapFile(
  packetsOf([client('get a\r\n'), server('END\r\n'), client('get b\r\n'), server('END\r\n')], { fin: false }),
);

/** Waits until something is true; what it throws means not yet: a profile is there before its header is. */
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    try {
      if (what()) return;
    } catch {}
    await sleep(25);
  }
  throw new Error('waited in vain');
}

/** A recording of a FIFO that was fed a whole capture and not closed: it goes on until it is told to stop. */
async function endless(t: { teardown(fn: () => void): void }, before: readonly string[] = []) {
  const folder = temporary(t);
  const fifo = join(folder, 'fifo');
  const profile = join(folder, 'out.mbp');
  execFileSync('mkfifo', [fifo]);
  const child = startMembench(['record', '--workers', '2', '--json', fifo, profile], before);
  t.teardown(() => child.kill('SIGKILL'));
  let stdout = '';
  child.stdout!.on('data', (data) => {
    stdout += data;
  });
  const writer = await open(fifo, 'w');
  const stream = createWriteStream('', { fd: writer.fd, autoClose: false });
  stream.write(CAPTURE);
  t.teardown(() => writer.close().catch(() => {}));
  await until(() => existsSync(profile));
  return { child, profile, writer, stdout: () => stdout };
}

const events = (path: string) => {
  using profile = openProfile(path);
  return [...readEvents(profile)].length;
};

test('the first signal stops, drains and seals', async (t) => {
  const { child, profile, writer, stdout } = await endless(t);
  await sleep(400);
  child.kill('SIGINT');
  // A read of a FIFO returns when something comes or its writer goes.
  await writer.close();
  const [code] = await once(child, 'close');
  t.is(code, 0);
  t.like(JSON.parse(stdout()), { requests: 2, ended: 'signal' });
  t.is(membench(['verify', profile]).code, 0);
});

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} stops as SIGINT does`, async (t) => {
    const { child, profile, stdout } = await endless(t);
    await until(() => events(profile) === 0);
    await sleep(400);
    child.kill(signal);
    t.deepEqual(await once(child, 'close'), [0, null]);
    t.like(JSON.parse(stdout()), { requests: 2, ended: 'signal' });
    t.is(membench(['verify', profile]).code, 0);
  });
}

test('SIGUSR1 opens no debugger', async (t) => {
  const { child, profile } = await endless(t);
  let said = '';
  child.stderr!.on('data', (data) => {
    said += data;
  });
  await until(() => events(profile) === 0);
  child.kill('SIGUSR1');
  await sleep(400);
  child.kill('SIGTERM');
  t.deepEqual(await once(child, 'close'), [0, null]);
  t.false(said.includes('Debugger'), said);
});

test('two stop signals at once are one, as timeout(1) sends them', async (t) => {
  const { child, profile } = await endless(t);
  await sleep(400);
  // Both come at once when it goes on, so that the first cannot have ended it; two kinds, because equal
  // signals that are both pending count as one.
  child.kill('SIGSTOP');
  child.kill('SIGINT');
  child.kill('SIGTERM');
  child.kill('SIGCONT');
  t.deepEqual(await once(child, 'close'), [0, null]);
  t.is(membench(['verify', profile]).code, 0);
});

test('a terminal that goes away stops it as SIGHUP does', async (t) => {
  const folder = temporary(t);
  const code = join(folder, 'code');
  // The kernel tells the leader of the session, which is this shell, and a shell tells its jobs.
  const script = `trap 'kill -HUP $!' HUP; "$@" & wait $!; wait $!; echo $? >'${code}'`;
  const profile = join(folder, 'out.mbp');
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const words = [
    'sh',
    '-c',
    script,
    'sh',
    process.execPath,
    'dist/bin/membench.cjs',
    'record',
    fifo,
    profile,
  ];
  const command = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const terminal = spawn('script', ['-qec', command, '/dev/null'], { stdio: 'ignore' });
  t.teardown(() => terminal.kill('SIGKILL'));
  const writer = await open(fifo, 'w');
  await writer.write(CAPTURE);
  await until(() => existsSync(profile));
  await sleep(400);
  terminal.kill('SIGKILL');
  await until(() => existsSync(code) && readFileSync(code, 'utf8') !== '');
  await writer.close();
  t.is(readFileSync(code, 'utf8'), '0\n');
  t.is(membench(['verify', profile]).code, 0);
});

/** Ways to run something with SIGHUP ignored. */
const NOHUP: Record<string, string> = {
  // What the shell in between leaves in the environment.
  'nohup in a shell': 'nohup "$@"; exit $?',
  'a script that ignores it': 'trap "" HUP; env -u _ "$@"; exit $?',
};

for (const [how, script] of Object.entries(NOHUP)) {
  test(`${how}: SIGHUP stays ignored`, async (t) => {
    const { child, profile, stdout } = await endless(t, ['bash', '-c', script, 'bash']);
    await until(() => events(profile) === 0);
    const pid = Number(execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' }));
    process.kill(pid, 'SIGHUP');
    // It would have ended within this.
    await sleep(1000);
    t.is(child.exitCode, null);
    process.kill(pid, 'SIGTERM');
    t.deepEqual(await once(child, 'close'), [0, null]);
    t.is(JSON.parse(stdout()).ended, 'signal');
  });
}

test('SIGUSR2 seals what is there, and the recording goes on', async (t) => {
  const { child, profile } = await endless(t);
  await until(() => events(profile) === 0);
  // What is not decoded yet cannot be sealed: a signal may come too early.
  await until(() => child.kill('SIGUSR2') && events(profile) === 2);
  t.is(child.exitCode, null);
});

test('kill -9: every sealed block stays readable', async (t) => {
  const { child, profile } = await endless(t);
  await until(() => events(profile) === 0);
  await until(() => child.kill('SIGUSR2') && events(profile) === 2);
  child.kill('SIGKILL');
  await once(child, 'close');
  t.is(events(profile), 2);
  const { code, stdout } = membench(['verify', profile]);
  t.is(code, 1);
  t.regex(stdout, /1 blocks good, 0 bad, 0 missing; 2 events; footer missing/);
});

test('cat into a pipe that closes ends quietly', (t) => {
  const folder = temporary(t);
  const source = join(folder, 'a.pcap');
  writeFileSync(source, CAPTURE);
  const profile = join(folder, 'a.mbp');
  t.is(membench(['record', '-q', source, profile]).code, 0);
  t.notThrows(() =>
    execFileSync('bash', [
      '-c',
      `set -o pipefail; "${process.execPath}" dist/bin/membench.cjs cat "${profile}" | head -n 1`,
    ]),
  );
});
