/** Recordings of files whose profile cannot be written, from the command line. */
import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { openProfile, readEvents, verifyProfile } from 'membench/profile';
import { generateCapture } from '#bench/generate/generate.js';
import { placesOf } from '../profile/sample.js';
import { membench, temporary } from '../support/cli.js';
import { client, packetsOf, server } from '../support/conversation.js';
import { pcapFile } from '../support/packets.js';

const SMALL = pcapFile(packetsOf([client('get a\r\n'), server('END\r\n')]));
const folder = mkdtempSync(join(tmpdir(), 'membench-test-'));
/** How many bytes a block has depends on the hashes of its keys. */
const KEY = join(folder, 'key');
const MAIN = ['dist/bin/membench.cjs', 'record', '--no-progress', '--key-file', KEY];
/** Of 120,000 events: with one worker several blocks. */
const LARGE = join(folder, 'large.pcap');
/** What it gives where nothing is in the way. */
const REFERENCE = join(folder, 'reference.mbp');

test.before(() => {
  writeFileSync(KEY, '0'.repeat(32), { mode: 0o600 });
  writeFileSync(LARGE, '');
  generateCapture({ exchanges: 120_000, valueSize: 20, flows: 20, keys: 5000, mss: 1448 }, (chunk) =>
    appendFileSync(LARGE, chunk),
  );
  execFileSync(process.execPath, [...MAIN, '-q', '--workers', '1', LARGE, REFERENCE]);
});
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a recording behind another command, prlimit(1) for example. */
function record(prefix: readonly string[], args: readonly string[]): SpawnSyncReturns<string> {
  const [command, ...rest] = [...prefix, process.execPath, ...MAIN, '--json', ...args];
  return spawnSync(command!, rest, { encoding: 'utf8', timeout: 60_000 });
}

/** It failed with one line that names the path and why, and printed no result. */
function failed(t: ExecutionContext, outcome: SpawnSyncReturns<string>, path: string, why: string): void {
  t.is(outcome.status, 1, outcome.stderr);
  t.is(outcome.stdout, '');
  t.is(outcome.stderr, `membench: ${path}: ${why}\n`);
}

const WRITE = '[ERR_MEMBENCH_PROFILE_WRITE]';
const FULL = `the disk is full ${WRITE}`;
const LIMIT = `the file size limit is reached (ulimit -f) ${WRITE}`;

/** The file ends with its last sealed block, and is the start of what it would have become. */
function keptWhatWasSealed(t: ExecutionContext, path: string, blocks: number): void {
  const { blocks: told, damage, problems, footer, events } = verifyProfile(path);
  t.deepEqual(told, { good: blocks, bad: 0, missing: [] });
  t.deepEqual(damage, []);
  t.false(footer);
  t.deepEqual(problems, ['the footer is missing: the recording was cut short, or goes on']);
  const whole = placesOf(readFileSync(REFERENCE));
  t.is(statSync(path).size, whole[blocks + 1]!.offset);
  using profile = openProfile(path);
  let read = 0;
  for (const _ of readEvents(profile)) read++;
  t.is(read, events);
  using reference = openProfile(REFERENCE);
  t.is(
    events,
    reference.blocks.slice(0, blocks).reduce((sum, block) => sum + block.events, 0),
  );
  t.regex(
    membench(['verify', path]).stdout,
    new RegExp(`: ${blocks} blocks good, 0 bad, 0 missing; .*; footer missing\n`),
  );
}

test('the limit on file sizes, at every place it may be reached', (t) => {
  const whole = readFileSync(REFERENCE);
  const places = placesOf(whole);
  const blocks = places.length - 2;
  t.true(blocks >= 3);
  const at = temporary(t);
  const [header, first] = places;
  // One byte less than the header takes, the header, within blocks and on their borders, within the footer.
  const limits: [bytes: number, blocks: number | null][] = [
    [0, null],
    [header!.bytes - 1, null],
    [header!.bytes, 0],
    [header!.bytes + 1, 0],
    [first!.offset + first!.bytes - 1, 0],
    [first!.offset + first!.bytes, 1],
    [places[3]!.offset - 1, 1],
    [places[3]!.offset, 2],
    [places.at(-1)!.offset, blocks],
    [whole.length - 1, blocks],
  ];
  for (const [bytes, left] of limits) {
    const path = join(at, `${bytes}.mbp`);
    failed(t, record(['prlimit', `--fsize=${bytes}`], ['--workers', '1', LARGE, path]), path, LIMIT);
    if (left === null) t.false(existsSync(path), `${bytes}`);
    else keptWhatWasSealed(t, path, left);
  }
  const path = join(at, 'whole.mbp');
  // Room for a footer whose numbers take some bytes more.
  const enough = record(['prlimit', `--fsize=${whole.length + 64}`], ['--workers', '1', LARGE, path]);
  t.is(enough.status, 0, enough.stderr);
  t.true(verifyProfile(path).perfect);
});

/** A folder on a file system of its own; null, with the reason logged, where none can be mounted. */
function mounted(t: ExecutionContext, ...args: string[]): string | null {
  const path = temporary(t);
  const { status, stderr, error } = spawnSync('mount', [...args, path], { encoding: 'utf8' });
  if (status !== 0) {
    t.log(`skipped: no file system can be mounted here: ${stderr?.trim() ?? error}`);
    t.pass();
    return null;
  }
  t.teardown(() => execFileSync('umount', [path]));
  return path;
}

test('a disk that fills while a file is recorded', (t) => {
  const size = placesOf(readFileSync(REFERENCE))[2]!.offset + 20_000;
  const at = mounted(t, '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs');
  if (at === null) return;
  const path = join(at, 'a.mbp');
  for (const more of [[], ['--fsync', 'block'], ['--fsync', 'interval'], ['-q'], ['-B', '256K']]) {
    failed(t, record([], [...more, '--workers', '1', LARGE, path]), path, FULL);
    keptWhatWasSealed(t, path, 1);
    rmSync(path);
  }
  // With several workers it is the same, but for how the blocks are cut.
  failed(t, record([], ['--workers', '2', LARGE, path]), path, FULL);
  t.like(verifyProfile(path), { blocks: { bad: 0, missing: [] }, damage: [], footer: false });
  rmSync(path);
  // Nothing is left of one that could not even be begun.
  writeFileSync(join(at, 'ballast'), '');
  for (let free = 1 << 20; free >= 1; free >>= 1)
    spawnSync('sh', ['-c', `head -c ${free} /dev/zero >>"${at}/ballast"`]);
  failed(t, record([], [LARGE, path]), path, FULL);
  t.deepEqual(readdirSync(at), ['ballast']);
});

test('a disk that fills in a later part: those before stay perfect', (t) => {
  const size = placesOf(readFileSync(REFERENCE))[2]!.offset + 100_000;
  const at = mounted(t, '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs');
  if (at === null) return;
  const outcome = record([], ['-C', '1K', '--workers', '1', LARGE, join(at, 'a.mbp')]);
  failed(t, outcome, join(at, 'a-1.mbp'), FULL);
  t.true(verifyProfile(join(at, 'a.mbp')).perfect);
  t.like(verifyProfile(join(at, 'a-1.mbp')), {
    blocks: { good: 0, bad: 0, missing: [] },
    damage: [],
    footer: false,
  });
});

test('a device that reports errors', (t) => {
  const disk = join(temporary(t), 'disk');
  writeFileSync(disk, '');
  truncateSync(disk, 16 << 20);
  const made = spawnSync('mkfs.ext4', ['-q', '-O', '^has_journal', '-E', 'lazy_itable_init=0', disk], {
    encoding: 'utf8',
  });
  const loop = spawnSync('losetup', ['-f', '--show', disk], { encoding: 'utf8' });
  if (made.status !== 0 || loop.status !== 0) {
    t.log(`skipped: no loop device here: ${made.stderr ?? made.error} ${loop.stderr ?? loop.error}`);
    t.pass();
    return;
  }
  const device = loop.stdout.trim();
  t.teardown(() => execFileSync('losetup', ['-d', device]));
  const at = mounted(t, device);
  if (at === null) return;
  // The file system believes in 16 MiB, the device ends after 4: what goes beyond is an error of it.
  truncateSync(disk, 4 << 20);
  execFileSync('losetup', ['-c', device]);
  for (const when of ['block', 'interval']) {
    const path = join(at, `${when}.mbp`);
    failed(
      t,
      record([], ['--fsync', when, '--workers', '1', LARGE, path]),
      path,
      `the device reports an error ${WRITE}`,
    );
    // What not even the beginning of came to the disk does not stay.
    if (existsSync(path)) t.like(verifyProfile(path), { blocks: { bad: 0, missing: [] }, footer: false });
  }
});

const hasStrace = spawnSync('strace', ['-V']).error === undefined;
(hasStrace ? test : test.skip)(
  `a device that comes to report errors${hasStrace ? '' : ': needs strace'}`,
  (t) => {
    const at = temporary(t);
    // The header is brought to the disk, then block by block; one that was written stays. Only the profile is tampered
    // with: koffi syncs stdout and stderr as the process ends, and waits for itself for ever where both fail.
    for (const [when, call, blocks] of [
      ['block', 2, 1],
      ['block', 3, 2],
      ['interval', 2, null],
    ] as const) {
      const path = join(at, `${when}-${call}.mbp`);
      const inject = [
        'strace',
        '-f',
        '-o',
        '/dev/null',
        '-P',
        path,
        '-e',
        `inject=fsync:error=EIO:when=${call}+`,
      ];
      const outcome = record(inject, ['--fsync', when, '--workers', '1', LARGE, path]);
      failed(t, outcome, path, `the device reports an error ${WRITE}`);
      if (blocks !== null) keptWhatWasSealed(t, path, blocks);
      t.like(verifyProfile(path), { blocks: { bad: 0, missing: [] }, damage: [], footer: false });
    }
  },
);

test('a source that never ends does not keep it: it ends when it cannot write', async (t) => {
  const at = temporary(t);
  const fifo = join(at, 'fifo');
  const path = join(at, 'a.mbp');
  execFileSync('mkfifo', [fifo]);
  const feed = spawn(
    'sh',
    ['-c', `exec >"${fifo}"; head -c 24 "${LARGE}"; while tail -c +25 "${LARGE}"; do :; done`],
    {
      stdio: 'ignore',
    },
  );
  const limit = placesOf(readFileSync(REFERENCE))[2]!.offset + 1000;
  const outcome = record(['prlimit', `--fsize=${limit}`], ['--workers', '1', fifo, path]);
  failed(t, outcome, path, LIMIT);
  if (feed.exitCode === null && feed.signalCode === null) await once(feed, 'exit');
  keptWhatWasSealed(t, path, 1);
});

// Before the others, whose synchronous children would keep the one that writes from writing for so long that the
// silence is told.
test.serial('a source that says no more does not keep it either', async (t) => {
  const at = temporary(t);
  const fifo = join(at, 'fifo');
  const path = join(at, 'a.mbp');
  execFileSync('mkfifo', [fifo]);
  // Room for the header alone.
  const limit = placesOf(readFileSync(REFERENCE))[1]!.offset + 10;
  const args = [`--fsize=${limit}`, process.execPath, ...MAIN, '--workers', '1', fifo, path];
  const child = spawn('prlimit', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  const ended = once(child, 'exit');
  const writer = await open(fifo, 'w');
  t.teardown(() => writer.close());
  await writer.write(SMALL);
  while (!existsSync(path)) await sleep(10);
  // What is not decoded yet cannot be sealed: a signal may come too early.
  while (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGUSR2');
    await Promise.race([ended, sleep(100)]);
  }
  t.deepEqual(await ended, [1, null]);
  t.is(said, `membench: ${path}: ${LIMIT}\n`);
  t.is(verifyProfile(path).blocks.good, 0);
});

test.serial('a profile that is removed or moved meanwhile is no success', async (t) => {
  const at = realpathSync(temporary(t));
  const other = join(at, 'other.mbp');
  const removed = `it was removed or replaced while it was written, and what was recorded is lost ${WRITE}`;
  const moved = `it was moved while it was written, and what was recorded is in ${other} ${WRITE}`;
  const ways: [name: string, away: (path: string) => void, why: string][] = [
    ['removed', (path) => rmSync(path), removed],
    ['replaced', (path) => execFileSync(process.execPath, [...MAIN, '-q', '--force', LARGE, path]), removed],
    ['moved', (path) => renameSync(path, other), moved],
  ];
  for (const [name, away, why] of ways) {
    for (const stop of [true, false]) {
      const fifo = join(at, `${name}-${stop}`);
      const path = `${fifo}.mbp`;
      execFileSync('mkfifo', [fifo]);
      const child = spawn(process.execPath, [...MAIN, '--json', fifo, path]);
      t.teardown(() => child.kill('SIGKILL'));
      let said = '';
      child.stdout.on('data', (data) => {
        said += data;
      });
      child.stderr.on('data', (data) => {
        said += data;
      });
      const ended = once(child, 'close');
      const writer = await open(fifo, 'w');
      await writer.write(SMALL);
      while (!existsSync(path)) await sleep(10);
      away(path);
      // Whether it is told to stop or not: a source that says no more does not keep it.
      if (stop) child.kill('SIGTERM');
      t.deepEqual(await ended, [1, null], name);
      t.is(said, `membench: ${path}: ${why}\n`);
      await writer.close();
    }
  }
});

/** Without what lets root write anywhere. */
const POWERLESS = ['setpriv', '--bounding-set=-dac_override,-dac_read_search,-fowner'];

test('paths no profile can be at: one line, nothing changed', (t) => {
  const at = temporary(t);
  const source = join(at, 'a.pcap');
  writeFileSync(source, SMALL);
  const path = (name: string) => join(at, name);
  mkdirSync(path('folder'));
  mkdirSync(path('closed'));
  execFileSync('mkfifo', [path('pipe')]);
  writeFileSync(path('file'), 'precious');
  symlinkSync('file', path('link'));
  symlinkSync('nowhere', path('dangling'));
  symlinkSync('folder', path('way'));
  chmodSync(path('closed'), 0o555);
  const prefix = process.getuid?.() === 0 ? POWERLESS : [];
  const exists = 'it exists already (use --force to replace it) [ERR_MEMBENCH_PROFILE_EXISTS]';
  const link = `it is a symbolic link (name the file itself) ${WRITE}`;
  const irregular = `it is not a regular file ${WRITE}`;
  const cases: [name: string, why: string, forced: string | null][] = [
    ['file', exists, null],
    ['link', exists, link],
    ['dangling', exists, link],
    ['pipe', exists, irregular],
    ['/dev/full', exists, irregular],
    [
      'folder',
      `it is a directory (name a file in it) ${WRITE}`,
      `it is a directory (name a file in it) ${WRITE}`,
    ],
    ['closed/a.mbp', `permission denied ${WRITE}`, `permission denied ${WRITE}`],
    ['none/a.mbp', `there is no such folder ${WRITE}`, `there is no such folder ${WRITE}`],
    [`${'x'.repeat(300)}.mbp`, `its name is too long ${WRITE}`, `its name is too long ${WRITE}`],
    [
      'file/a.mbp',
      `a part of the path is not a folder ${WRITE}`,
      `a part of the path is not a folder ${WRITE}`,
    ],
  ];
  const before = readdirSync(at).sort();
  for (const [name, why, forced] of cases) {
    const target = name.startsWith('/') ? name : path(name);
    failed(t, record(prefix, [source, target]), target, why);
    if (forced !== null) failed(t, record(prefix, ['--force', source, target]), target, forced);
  }
  t.deepEqual(readdirSync(at).sort(), before);
  t.deepEqual(readdirSync(path('closed')), []);
  t.is(readFileSync(path('file'), 'utf8'), 'precious');
  t.is(record(prefix, ['--force', source, path('file')]).status, 0);
  t.is(
    record(prefix, [source, path('way/a.mbp')]).status,
    0,
    'a link on the way to the folder is the business of whom it belongs to',
  );
});

test('a file system that is read-only', (t) => {
  const at = mounted(t, '-t', 'tmpfs', '-o', 'ro', 'tmpfs');
  if (at === null) return;
  const path = join(at, 'a.mbp');
  failed(t, record([], [LARGE, path]), path, `the file system is read-only ${WRITE}`);
});

test('with --force, what was there stays where the new one cannot be begun', (t) => {
  const at = temporary(t);
  const path = join(at, 'a.mbp');
  writeFileSync(path, 'precious');
  failed(t, record(['prlimit', '--fsize=100'], ['--force', LARGE, path]), path, LIMIT);
  t.is(readFileSync(path, 'utf8'), 'precious');
  t.deepEqual(readdirSync(at), ['a.mbp']);
});
