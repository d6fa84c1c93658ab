import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { MembenchError, openProfile, verifyProfile } from 'membench/profile';
import { unpackMultiple } from 'msgpackr/unpack';
import type { ErrorCode } from '#src/errors.js';
import type { ProfileHeader } from '#src/profile/header.js';
import { ProfileWriter } from '#src/profile/writer.js';
import { blockBody, folder, frame, RUN, type TestEvent } from './support.js';

const HEADER: ProfileHeader = {
  run: RUN,
  created_ns: 1n,
  tool: 'test',
  source: 'file',
  unit: 1000,
  workers: 1,
  ports: [[1, 65535]],
  key_id: new Uint8Array(8),
};
const FOOTER = { ended: 'signal', elapsed_ns: 2n, counts: { events: 0 }, first_ns: 3n, last_ns: 4n };

const create = (path: string, force = false) => ProfileWriter.create(path, { force, header: HEADER });

/** Writes a block without events; its shape table is empty, so the names do not matter. */
function writeBlock(writer: ProfileWriter, worker: number, seq: number): void {
  writer.writeBlock(frame('MBBK', blockBody(worker, seq, [])), {
    worker,
    seq,
    events: 0,
    minNs: 0n,
    maxNs: 0n,
    counts: {},
  });
}

test('what is written is perfect, and its figures are right', (t) => {
  const path = join(folder(t), 'a.mbp');
  const writer = create(path);
  t.is(writer.bytes, statSync(path).size);
  writeBlock(writer, 0, 0);
  writeBlock(writer, 1, 0);
  writer.writeLoss(1, 'worker_failed', 17);
  writeBlock(writer, 0, 1);
  t.is(writer.bytes, statSync(path).size);
  t.is(writer.blocks, 3);
  writer.finish(FOOTER);
  t.is(writer.bytes, statSync(path).size);
  t.like(verifyProfile(path), { perfect: true, blocks: { good: 3, bad: 0, missing: [] } });
  using profile = openProfile(path);
  t.like(profile.footer, { ended: 'signal', elapsedNs: 2n, firstNs: 3n, lastNs: 4n });
  t.like(profile.losses[0], { worker: 1, reason: 'worker_failed', packets: 17 });
  t.deepEqual(profile.header.ports, [[1, 65535]]);
});

test('the file is a stream any msgpack library reads', (t) => {
  const path = join(folder(t), 'a.mbp');
  const writer = create(path);
  writeBlock(writer, 0, 0);
  writer.finish(FOOTER);
  const values = unpackMultiple(readFileSync(path)) as [magic: string, body: Buffer, crc: number][];
  t.deepEqual(
    values.map(([magic]) => magic),
    ['MBHD', 'MBBK', 'MBFT'],
  );
  for (const [, body] of values) t.is((unpackMultiple(body) as unknown[]).length, 1);
});

test('a recording with more blocks than a footer can list is closed without the list', (t) => {
  const path = join(folder(t), 'a.mbp');
  const writer = create(path);
  // The rows are what matters here: the frames need not be blocks.
  const row = { worker: 2 ** 40, seq: 2 ** 40, events: 2 ** 40, minNs: 1n, maxNs: 1n, counts: {} };
  for (let i = 0; i < 350_000; i++) writer.writeBlock(Buffer.of(0), row);
  writer.finish(FOOTER);
  const [[, body]] = unpackMultiple(readFileSync(path).subarray(writer.bytes - 3000)).slice(-1) as [
    [string, Buffer],
  ];
  t.true(body.length < 3000);
});

test('nobody else can read it, whatever the umask, and its owner can', (t) => {
  const path = folder(t);
  for (const umask of [0, 0o022, 0o777]) {
    const before = process.umask(umask);
    try {
      create(join(path, `${umask}`)).abandon();
    } finally {
      process.umask(before);
    }
    t.is(statSync(join(path, `${umask}`)).mode & 0o7777, 0o600);
  }
});

/** Expects an error that names the path, and a folder with nothing new in it. */
function refused(t: ExecutionContext, path: string, force: boolean, code: ErrorCode, message: RegExp): void {
  const around = () => {
    const parent = dirname(path);
    return statSync(parent, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(parent) : null;
  };
  const before = around();
  const error = t.throws(() => create(path, force), { instanceOf: MembenchError, message });
  t.is(error?.code, code);
  t.true(error?.message.startsWith(`${path}: `));
  t.deepEqual(around(), before);
}

test('an existing path is refused, and with force only a regular file is replaced', (t) => {
  const path = folder(t);
  const at = (name: string) => join(path, name);
  writeFileSync(at('file'), 'precious');
  mkdirSync(at('folder'));
  symlinkSync(at('file'), at('link'));
  symlinkSync(at('nowhere'), at('dangling'));
  execFileSync('mkfifo', [at('pipe')]);
  const exists = 'ERR_MEMBENCH_PROFILE_EXISTS';
  const write = 'ERR_MEMBENCH_PROFILE_WRITE';
  for (const name of ['file', 'link', 'dangling', 'pipe'])
    refused(t, at(name), false, exists, /exists already/);
  refused(t, at('link'), true, write, /symbolic link/);
  refused(t, at('dangling'), true, write, /symbolic link/);
  refused(t, at('pipe'), true, write, /not a regular file/);
  for (const force of [false, true]) {
    refused(t, at('folder'), force, write, /it is a directory/);
    refused(t, at('none/a.mbp'), force, write, /there is no such folder/);
    refused(t, at('file/a.mbp'), force, write, /not a folder/);
    refused(t, at('x'.repeat(300)), force, write, /name is too long/);
  }
  t.is(readFileSync(at('file'), 'utf8'), 'precious');
  t.false(existsSync(at('nowhere')));
});

test('with force the old file gives way at once, and whoever reads it is not disturbed', (t) => {
  const path = folder(t);
  const file = join(path, 'a.mbp');
  writeFileSync(file, 'precious');
  const old = openSync(file, 'r');
  t.teardown(() => closeSync(old));
  const writer = create(file, true);
  {
    using profile = openProfile(file);
    t.is(profile.header.tool, 'test');
  }
  const bytes = Buffer.alloc(8);
  readSync(old, bytes, 0, 8, 0);
  t.is(bytes.toString(), 'precious');
  writer.finish(FOOTER);
  t.true(verifyProfile(file).perfect);
  t.is(statSync(file).mode & 0o7777, 0o600);
  t.deepEqual(readdirSync(path), ['a.mbp']);
});

test('after the footer nothing more is written', (t) => {
  const writer = create(join(folder(t), 'a.mbp'));
  writer.finish(FOOTER);
  t.throws(() => writeBlock(writer, 0, 0), { code: 'ERR_MEMBENCH_PROFILE_WRITE', message: /closed already/ });
  t.notThrows(() => writer.abandon());
});

/**
 * Writes blocks into a file in another process until that fails; prints the code, the message, whether a
 * second attempt fails alike, and how many blocks went well.
 */
const UNTIL_FULL = `
  import { readFileSync } from 'node:fs';
  import { ProfileWriter } from '#src/profile/writer.js';
  const [path, force] = process.argv.slice(1);
  const header = { run: Buffer.from('${RUN.toString('hex')}', 'hex'), created_ns: 1n, tool: 'test', source: 'file',
    unit: 1000, workers: 1, ports: [], key_id: new Uint8Array(8) };
  const frames = JSON.parse(readFileSync(0, 'utf8')).map((text) => Buffer.from(text, 'base64'));
  let seq = 0;
  let first;
  try {
    const writer = ProfileWriter.create(path, { force: force === 'force', header });
    try {
      for (; seq < frames.length; seq++) writer.writeBlock(frames[seq], { worker: 0, seq, events: 1, minNs: 5000n, maxNs: 5000n });
    } catch (error) {
      first = error;
      writer.writeBlock(frames[0], { worker: 0, seq, events: 1, minNs: 5000n, maxNs: 5000n });
    }
  } catch (error) {
    console.log(JSON.stringify({ code: error.code, message: error.message, same: error === first, blocks: seq }));
  }
`;

const EVENT: TestEvent = { worker: 0, conn: 0, time: 5n, ordinal: 0, op: 'get', status: 'hit' };
const FRAMES = Array.from({ length: 300 }, (_, seq) =>
  frame('MBBK', blockBody(0, seq, [EVENT], { override: { padding: Buffer.alloc(700) } })).toString('base64'),
);

interface Outcome {
  code: string;
  message: string;
  same: boolean;
  blocks: number;
}

function writeUntilFull(path: string, prefix: string[], force = ''): Outcome {
  const [command, ...args] = [...prefix, process.execPath, '--input-type=module', '-e', UNTIL_FULL, path];
  const { stdout, stderr } = spawnSync(command!, [...args, force], {
    input: JSON.stringify(FRAMES),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(`it did not fail: ${stderr}`);
  return JSON.parse(stdout);
}

/** What must hold after a write failed half-way through the file. */
function keptWhatWasSealed(t: ExecutionContext, path: string, outcome: Outcome, message: RegExp): void {
  t.is(outcome.code, 'ERR_MEMBENCH_PROFILE_WRITE');
  t.regex(outcome.message, message);
  t.true(outcome.same);
  t.true(outcome.blocks > 0 && outcome.blocks < FRAMES.length);
  const { blocks, damage, problems } = verifyProfile(path);
  t.deepEqual(blocks, { good: outcome.blocks, bad: 0, missing: [] });
  t.deepEqual(damage, []);
  t.is(problems.length, 1);
  t.regex(problems[0]!, /footer is missing/);
}

/** Runs a command with a limit on the size of files, in blocks of 512 or 1024 bytes, as the shell has it. */
const limited = (blocks: number) => ['sh', '-c', `ulimit -f ${blocks} && exec "$@"`, 'sh'];

test('at the limit on file sizes, what was sealed stays, to the byte', (t) => {
  const path = join(folder(t), 'a.mbp');
  keptWhatWasSealed(t, path, writeUntilFull(path, limited(20)), /file size limit/);
});

test('on a full disk, what was sealed stays, to the byte', (t) => {
  const path = folder(t);
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], { encoding: 'utf8' });
  if (mount.status !== 0) {
    t.log(`skipped: no file system of 64 KiB can be mounted here: ${mount.stderr?.trim() ?? mount.error}`);
    t.pass();
    return;
  }
  try {
    const file = join(path, 'a.mbp');
    keptWhatWasSealed(t, file, writeUntilFull(file, []), /disk is full/);
  } finally {
    execFileSync('umount', [path]);
  }
});

test('where not even the header can be written, an old file stays and nothing new is left', (t) => {
  const path = folder(t);
  const file = join(path, 'a.mbp');
  for (const old of [undefined, 'precious']) {
    if (old !== undefined) writeFileSync(file, old);
    const outcome = writeUntilFull(file, limited(0), 'force');
    t.is(outcome.code, 'ERR_MEMBENCH_PROFILE_WRITE');
    t.deepEqual(readdirSync(path), old === undefined ? [] : ['a.mbp']);
    if (old !== undefined) t.is(readFileSync(file, 'utf8'), old);
  }
});

test('without permission the folder is told, not half a file made', (t) => {
  const path = join(folder(t), 'closed');
  mkdirSync(path, 0o555);
  // Root may write anywhere, so it becomes somebody else for as long as it tries.
  const root = process.geteuid?.() === 0;
  if (root) {
    chmodSync(dirname(path), 0o755);
    process.seteuid!(65534);
  }
  try {
    refused(t, join(path, 'a.mbp'), false, 'ERR_MEMBENCH_PROFILE_WRITE', /permission denied/);
  } finally {
    if (root) process.seteuid!(0);
  }
});
