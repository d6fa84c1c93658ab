import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs, {
  appendFileSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { openProfile, verifyProfile } from 'membench/profile';
import type { ProfileHeader } from '#src/profile/header.js';
import { PartNames } from '#src/profile/part-names.js';
import { ProfileSeries, type SeriesOptions } from '#src/profile/series.js';
import { type FooterInfo, ProfileWriter } from '#src/profile/writer.js';
import { blockBody, file, folder, frame, frames, RUN, type TestEvent } from './support.js';

const HEADER: ProfileHeader = {
  run: RUN,
  created_ns: 1n,
  tool: 'test',
  source: 'file',
  unit: 1000,
  workers: 2,
  ports: [[1, 65535]],
  key_id: new Uint8Array(8),
};
const START = new Date('2024-05-06T07:08:09Z');

/** A wall clock that goes only when told to, by seconds. */
class Clock {
  #seconds = 0;
  readonly now = () => new Date(START.getTime() + this.#seconds * 1000);
  pass(seconds: number): void {
    this.#seconds += seconds;
  }
}

interface TestBlock {
  worker: number;
  seq: number;
  events?: number;
  /** Bytes that mean nothing. */
  padding?: number;
  counts?: Record<string, number>;
}

/** An event whose numbers mean something in the names of these tests and in the real ones. */
const event = (worker: number, time: bigint): TestEvent => ({
  worker,
  conn: 0,
  time,
  ordinal: 0,
  op: 'get',
  status: 'hit',
  proto: 'binary',
  transport: 'udp',
});

/** Writes a block; its events are `seq` seconds after 1970, one microsecond apart. */
function write(writer: ProfileWriter | ProfileSeries, block: TestBlock): void {
  const { worker, seq, events = 1, padding = 0 } = block;
  const first = BigInt(seq + 1) * 1_000_000n;
  const rows = Array.from({ length: events }, (_, i) => event(worker, first + BigInt(i)));
  const counts = block.counts ?? { events, requests: events };
  writer.writeBlock(
    frame('MBBK', blockBody(worker, seq, rows, { counts, override: { padding: Buffer.alloc(padding) } })),
    {
      worker,
      seq,
      events,
      minNs: events > 0 ? first * 1000n : 0n,
      maxNs: events > 0 ? (first + BigInt(events - 1)) * 1000n : 0n,
      counts,
    },
  );
}

const info = (counts: Record<string, number>): FooterInfo => ({
  ended: 'signal',
  elapsed_ns: 5n,
  counts,
  first_ns: 1n,
  last_ns: 9_000_000_000n,
});

const create = (path: string, options: Partial<SeriesOptions> = {}) =>
  ProfileSeries.create(path, { force: false, header: HEADER, ...options });

/** A series every block of which goes into a file of its own. */
const oneEach = (path: string, options: Partial<SeriesOptions> = {}) =>
  create(path, { rotateSize: 1, now: new Clock().now, ...options });

const list = (path: string) => readdirSync(path).sort();

function perfect(t: ExecutionContext, paths: readonly string[]): void {
  for (const path of paths) t.deepEqual(verifyProfile(path).problems, [], path);
}

test('without rotation it is a single profile, byte for byte, whatever its name', (t) => {
  const path = folder(t);
  const plain = ProfileWriter.create(join(path, 'plain'), { force: false, header: HEADER });
  const series = create(join(path, '%Y%%.mbp'), { files: 1 });
  for (const writer of [plain, series]) {
    write(writer, { worker: 0, seq: 0 });
    writer.writeLoss(1, 'worker_failed', 17);
    write(writer, { worker: 1, seq: 0, padding: 5000 });
    writer.finish(info({ events: 2, lost_worker_failed: 17 }));
    t.is(writer.blocks, 2);
    t.is(writer.bytes, statSync(writer.path).size);
  }
  t.deepEqual(list(path), ['%Y%%.mbp', 'plain']);
  t.deepEqual(readFileSync(series.path), readFileSync(plain.path));
  t.deepEqual(series.paths, [series.path]);
});

test('names: conversions in UTC, then numbers before the extension', (t) => {
  const names = (pattern: string, ...seconds: number[]) => {
    const source = new PartNames(pattern);
    return seconds.map((second) => source.next(new Date(START.getTime() + second * 1000)));
  };
  t.deepEqual(names('a/eth0.mbp', 0, 0, 1), ['a/eth0.mbp', 'a/eth0-1.mbp', 'a/eth0-2.mbp']);
  t.deepEqual(names('a.b/eth0', 0, 0), ['a.b/eth0', 'a.b/eth0-1']);
  t.deepEqual(names('%Y%m%dT%H%M%S.mbp', 0, 61), ['20240506T070809.mbp', '20240506T070910.mbp']);
  // A second later it is another minute, another minute later the first name comes again.
  t.deepEqual(names('%M.mbp', 0, 1, 51, 3600), ['08.mbp', '08-1.mbp', '09.mbp', '08-2.mbp']);
  t.deepEqual(names('100%%-%x%-%%d.mbp', 0, 0), ['100%-%x%-%d.mbp', '100%-%x%-%d-1.mbp']);
});

test('every part is a perfect profile, and tells which it is', (t) => {
  const path = folder(t);
  const series = oneEach(join(path, 'a.mbp'));
  write(series, { worker: 0, seq: 0, events: 3 });
  write(series, { worker: 1, seq: 0, events: 0, counts: { packets_seen: 4 } });
  series.writeLoss(1, 'ring_full', 6);
  write(series, { worker: 0, seq: 1, events: 2 });
  t.is(series.blocks, 3);
  t.is(basename(series.path), 'a-2.mbp');
  const all = { events: 5, requests: 5, packets_seen: 20, lost_ring_full: 6, gaps: 0 };
  series.finish(info(all));
  t.deepEqual(list(path), ['a-1.mbp', 'a-2.mbp', 'a.mbp']);
  t.deepEqual(
    series.paths.map((name) => basename(name)),
    ['a.mbp', 'a-1.mbp', 'a-2.mbp'],
  );
  t.is(
    series.bytes,
    series.paths.reduce((sum, name) => sum + statSync(name).size, 0),
  );
  perfect(t, series.paths);
  const [first, second, third] = series.paths.map((name) => {
    using profile = openProfile(name);
    t.true(profile.complete);
    t.is(profile.header.run, RUN.toString('hex'));
    return { header: profile.header, footer: profile.footer! };
  });
  t.like(first, {
    header: { part: 0, firstSeq: [], createdNs: 1n },
    footer: { ended: 'rotated', firstNs: 1_000_000_000n, lastNs: 1_000_002_000n },
  });
  t.deepEqual(first!.footer.counts, { events: 3, requests: 3 });
  t.like(second, {
    header: { part: 1, firstSeq: [1, 0], createdNs: BigInt(START.getTime()) * 1_000_000n },
    footer: { ended: 'rotated', firstNs: 0n, lastNs: 0n },
  });
  t.deepEqual(second!.footer.counts, { packets_seen: 4, lost_ring_full: 6 });
  t.like(third, {
    header: { part: 2, firstSeq: [1, 1] },
    footer: { ended: 'signal', firstNs: 2_000_000_000n, lastNs: 9_000_000_000n },
  });
  const rest = { events: 2, requests: 2, packets_seen: 16, lost_ring_full: 0, gaps: 0 };
  t.deepEqual(third!.footer.counts, rest);
});

test('a last part without events is of the time of the last packet', (t) => {
  const clock = new Clock();
  const path = join(folder(t), 'a.mbp');
  const series = create(path, { rotateTime: 10, now: clock.now });
  write(series, { worker: 0, seq: 0 });
  write(series, { worker: 1, seq: 0, events: 0 });
  clock.pass(10);
  series.tick();
  series.finish(info({ events: 1, packets_seen: 3 }));
  perfect(t, series.paths);
  using first = openProfile(path);
  t.like(first.footer, { firstNs: 1_000_000_000n, lastNs: 1_000_000_000n });
  using profile = openProfile(series.path);
  t.like(profile.footer, { firstNs: 9_000_000_000n, lastNs: 9_000_000_000n, counts: { packets_seen: 3 } });
});

test('no part is larger than it may be, but for a block that alone is; all together are all', (t) => {
  const sizes = fc.array(fc.tuple(fc.nat(1), fc.nat(9000)), { minLength: 1, maxLength: 40 });
  const path = folder(t);
  fc.assert(
    fc.property(sizes, fc.integer({ min: 12_000, max: 60_000 }), (blocks, rotateSize) => {
      const series = create(join(path, 'a.mbp'), { force: true, rotateSize });
      const next = [0, 0];
      for (const [worker, padding] of blocks) write(series, { worker, seq: next[worker]!++, padding });
      series.finish(info({ events: blocks.length }));
      let left = blocks.length;
      for (const part of series.paths) {
        assert.deepEqual(verifyProfile(part).problems, []);
        using profile = openProfile(part);
        left -= profile.blocks.length;
        const { size } = statSync(part);
        assert.ok(size <= rotateSize || profile.blocks.length === 1, `${size} of ${rotateSize}`);
        // None is closed with room for one more block of the largest size.
        const last = part === series.paths.at(-1);
        assert.ok(last || size + 9000 + 4096 > rotateSize, `${size} of ${rotateSize}`);
      }
      assert.equal(left, 0);
    }),
    { numRuns: 50 },
  );
  t.pass();
});

test('a block missing between two parts is found in the later one', (t) => {
  const series = create(join(folder(t), 'a.mbp'), { rotateSize: 20_000 });
  write(series, { worker: 0, seq: 0 });
  write(series, { worker: 1, seq: 0, padding: 20_000 });
  // Block 1 of worker 0 was lost on its way.
  write(series, { worker: 0, seq: 2 });
  write(series, { worker: 1, seq: 1 });
  series.finish(info({ events: 4 }));
  const [first, second] = series.paths as [string, string, string];
  t.is(series.paths.length, 3);
  perfect(t, [first, second]);
  const { problems, blocks } = verifyProfile(series.path);
  t.deepEqual(blocks.missing, [{ worker: 0, seq: 1 }]);
  t.deepEqual(problems, ['block 1 of worker 0 is missing']);
  using profile = openProfile(series.path);
  t.deepEqual(profile.missing(), blocks.missing);
  t.false(profile.complete);
});

test("a later part's first block that is cut out is missing, one of an earlier part is a problem", (t) => {
  const header = { part: 1, first_seq: [3] };
  const block = (worker: number, seq: number) => ({ worker, seq, events: [event(worker, 5n)] });
  const parts = frames({ header, blocks: [block(0, 3), block(1, 0), block(0, 4)] });
  perfect(t, [file(t, parts)]);
  const cut = file(
    t,
    parts.filter((_, i) => i !== 1),
  );
  t.deepEqual(verifyProfile(cut).blocks.missing, [{ worker: 0, seq: 3 }]);
  const early = verifyProfile(file(t, frames({ header, blocks: [block(0, 2), block(0, 3)] })));
  t.regex(early.problems.join('\n'), /block 2 of worker 0, from an earlier part/);
  for (const wrong of [{ part: 'x' }, { first_seq: 3 }, { first_seq: ['x'] }]) {
    t.throws(() => openProfile(file(t, frames({ header: wrong, blocks: [] }))), {
      code: 'ERR_MEMBENCH_NOT_A_PROFILE',
    });
  }
});

test('only so many files are kept', (t) => {
  const path = folder(t);
  const series = oneEach(join(path, 'a.mbp'), { files: 3 });
  const seen: number[] = [];
  for (let seq = 0; seq < 6; seq++) {
    write(series, { worker: 0, seq });
    seen.push(list(path).length);
  }
  series.finish(info({ events: 6 }));
  t.deepEqual(seen, [1, 2, 3, 3, 3, 3]);
  t.deepEqual(list(path), ['a-3.mbp', 'a-4.mbp', 'a-5.mbp']);
  t.deepEqual(
    series.paths.map((name) => basename(name)),
    ['a-3.mbp', 'a-4.mbp', 'a-5.mbp'],
  );
  t.is(series.blocks, 6);
  perfect(t, series.paths);
  const single = oneEach(join(path, 'b.mbp'), { files: 1 });
  for (let seq = 0; seq < 3; seq++) write(single, { worker: 0, seq });
  single.finish(info({ events: 3 }));
  t.deepEqual(list(path).slice(3), ['b-2.mbp']);
});

test('what took the place of a part is not removed', (t) => {
  const path = folder(t);
  const at = (name: string) => join(path, name);
  const series = oneEach(at('a.mbp'), { files: 2 });
  let seq = 0;
  const rotate = () => write(series, { worker: 0, seq: seq++ });
  rotate();
  // A finished part is moved away, and something else put there.
  const places: ((part: string) => void)[] = [
    (part) => writeFileSync(part, 'precious'),
    (part) => symlinkSync(at('moved0'), part),
    (part) => mkdirSync(part),
    () => {},
  ];
  for (const [i, replace] of places.entries()) {
    rotate();
    const part = series.paths.at(-2)!;
    renameSync(part, at(`moved${i}`));
    replace(part);
  }
  rotate();
  t.is(readFileSync(at('a.mbp'), 'utf8'), 'precious');
  series.finish(info({ events: seq }));
  const left = ['a-1.mbp', 'a-2.mbp', 'a-4.mbp', 'a-5.mbp', 'a.mbp'];
  t.deepEqual(list(path), [...left, 'moved0', 'moved1', 'moved2', 'moved3']);
  perfect(t, [series.path, at('moved0'), at('moved1')]);
});

test('a part that is not where it was made ends the series: on a look, when it is full, at the end', (t) => {
  const GONE = 'it was removed or replaced while it was written, and what was recorded is lost';
  const moved = (to: string) => `it was moved while it was written, and what was recorded is in ${to}`;
  const ways: ((part: string, to: string) => string)[] = [
    (part) => {
      rmSync(part);
      return GONE;
    },
    (part) => {
      rmSync(part);
      writeFileSync(part, 'precious');
      return GONE;
    },
    (part, to) => {
      renameSync(part, to);
      return moved(to);
    },
    (part, to) => {
      renameSync(part, to);
      symlinkSync(to, part);
      return moved(to);
    },
    (part, to) => {
      linkSync(part, to);
      rmSync(part);
      return moved('a file of another name');
    },
    (part, to) => {
      renameSync(dirname(part), to);
      return moved(join(to, basename(part)));
    },
  ];
  for (const [i, away] of ways.entries()) {
    const path = realpathSync(folder(t));
    for (const when of ['tick', 'block', 'rotation', 'end'] as const) {
      const clock = new Clock();
      const place = join(path, when);
      mkdirSync(place);
      const options = when === 'rotation' ? { rotateSize: 1 } : {};
      const series = create(join(place, 'a.mbp'), { ...options, now: clock.now });
      write(series, { worker: 0, seq: 0 });
      const bytes = statSync(series.path).size;
      const to = join(path, `${when}-moved`);
      const why = away(series.path, to);
      const error = { code: 'ERR_MEMBENCH_PROFILE_WRITE', message: `${series.path}: ${why}` };
      if (when === 'tick' || when === 'block') {
        // No look before it is time.
        clock.pass(0.9);
        t.notThrows(() => (when === 'tick' ? series.tick() : write(series, { worker: 0, seq: 1 })));
        clock.pass(0.1);
      }
      const fail = () => {
        if (when === 'tick') series.tick();
        else if (when === 'end') series.finish(info({ events: 1 }));
        else write(series, { worker: 0, seq: 2 });
      };
      t.throws(fail, error, `${i} ${when}`);
      t.throws(() => series.tick(), error, 'it is final');
      series.abandon();
      if (!why.startsWith('it was moved')) continue;
      const file = statSync(to).isDirectory() ? join(to, 'a.mbp') : to;
      t.true(statSync(file).size >= bytes);
      // What was finished is whole, wherever it lies.
      if (when === 'end' || when === 'rotation') perfect(t, [file]);
      else t.deepEqual(verifyProfile(file).damage, []);
    }
  }
});

test('a part that was changed or replaced since is not removed', (t) => {
  const path = folder(t);
  const series = oneEach(join(path, 'a.mbp'), { files: 2 });
  write(series, { worker: 0, seq: 0 });
  write(series, { worker: 0, seq: 1 });
  // The same inode, as where the number of a removed one is given out again.
  appendFileSync(join(path, 'a.mbp'), 'precious');
  write(series, { worker: 0, seq: 2 });
  // As large as it was, but another file.
  copyFileSync(join(path, 'a-1.mbp'), join(path, 'copy'));
  renameSync(join(path, 'copy'), join(path, 'a-1.mbp'));
  for (let seq = 3; seq < 6; seq++) write(series, { worker: 0, seq });
  series.finish(info({ events: 6 }));
  t.deepEqual(list(path), ['a-1.mbp', 'a-4.mbp', 'a-5.mbp', 'a.mbp']);
});

test('existing files: every part obeys force, and a rotation refused is final', (t) => {
  const path = folder(t);
  const at = (name: string) => join(path, name);
  writeFileSync(at('a.mbp'), 'precious');
  writeFileSync(at('b-1.mbp'), 'precious');
  const exists = { code: 'ERR_MEMBENCH_PROFILE_EXISTS' };
  t.throws(() => oneEach(at('a.mbp')), exists);
  const series = oneEach(at('b.mbp'));
  write(series, { worker: 0, seq: 0 });
  const error = t.throws(() => write(series, { worker: 0, seq: 1 }), exists);
  for (const action of [
    () => write(series, { worker: 0, seq: 1 }),
    () => series.writeLoss(0, 'ring_full', 1),
    () => series.tick(),
    () => series.finish(info({})),
  ]) {
    t.is(t.throws(action), error);
  }
  t.notThrows(() => series.abandon());
  t.notThrows(() => series.tick());
  t.is(readFileSync(at('b-1.mbp'), 'utf8'), 'precious');
  t.is(series.path, at('b.mbp'));
  t.deepEqual(series.paths, [at('b.mbp')]);
  t.is(series.blocks, 1);
  t.is(series.bytes, statSync(at('b.mbp')).size);
  perfect(t, [at('b.mbp')]);
  const forced = oneEach(at('b.mbp'), { force: true });
  write(forced, { worker: 0, seq: 0 });
  write(forced, { worker: 0, seq: 1 });
  forced.finish(info({ events: 2 }));
  t.deepEqual(list(path), ['a.mbp', 'b-1.mbp', 'b.mbp']);
  perfect(t, forced.paths);
});

test('a folder that is gone ends the series; what is finished stays', (t) => {
  const path = folder(t);
  const clock = new Clock();
  for (const name of ['08', '09']) mkdirSync(join(path, name));
  const series = create(join(path, '%M/a.mbp'), { rotateTime: 60, now: clock.now });
  for (let seq = 0; seq < 2; seq++) {
    write(series, { worker: 0, seq });
    clock.pass(60);
  }
  t.throws(() => write(series, { worker: 0, seq: 2 }), {
    code: 'ERR_MEMBENCH_PROFILE_WRITE',
    message: /10\/a\.mbp: there is no such folder/,
  });
  t.throws(() => series.tick(), { message: /10\/a\.mbp/ });
  t.is(series.paths.length, 2);
  perfect(t, series.paths);
});

/** Writes blocks in another process; each fifth second begins a file. Prints how that failed, twice. */
const UNTIL_FULL = `
  import { readFileSync } from 'node:fs';
  import { ProfileSeries } from '#src/profile/series.js';
  const [path] = process.argv.slice(1);
  const header = { run: Buffer.from('${RUN.toString('hex')}', 'hex'), created_ns: 1n, tool: 'test', source: 'file',
    unit: 1000, workers: 1, ports: [], key_id: new Uint8Array(8) };
  let seconds = 0;
  const series = ProfileSeries.create(path, { force: false, header, rotateTime: 5, now: () => new Date(seconds * 1000) });
  const blocks = JSON.parse(readFileSync(0, 'utf8')).map((text) => Buffer.from(text, 'base64'));
  const counts = { events: 1 };
  const write = (seq) => series.writeBlock(blocks[seq], { worker: 0, seq, events: 1, minNs: 5000n, maxNs: 5000n, counts });
  let seq = 0;
  try {
    for (; ; seq++, seconds += seq <= 10 ? 1 : 0) write(seq);
  } catch (first) {
    let same = false;
    try { series.tick(); } catch (error) { same = error === first; }
    console.log(JSON.stringify({ code: first.code, message: first.message, same, seq, paths: series.paths }));
  }
`;

test('a write that fails in a later part: what was sealed stays, to the byte, and what was finished', (t) => {
  const path = join(folder(t), 'a.mbp');
  const blocks = Array.from({ length: 300 }, (_, seq) =>
    frame('MBBK', blockBody(0, seq, [event(0, 5n)], { override: { padding: Buffer.alloc(700) } })),
  );
  const { stdout, stderr } = spawnSync(
    'bash',
    [
      '-c',
      'ulimit -f 20 && exec "$@"',
      'bash',
      process.execPath,
      '--input-type=module',
      '-e',
      UNTIL_FULL,
      path,
    ],
    { input: JSON.stringify(blocks.map((bytes) => bytes.toString('base64'))), encoding: 'utf8' },
  );
  t.not(stdout, '', stderr);
  const outcome = JSON.parse(stdout);
  t.like(outcome, { code: 'ERR_MEMBENCH_PROFILE_WRITE', same: true });
  t.regex(outcome.message, /a-2\.mbp: the file size limit/);
  t.is(outcome.paths.length, 3);
  const [first, second, last] = outcome.paths;
  perfect(t, [first, second]);
  const { blocks: found, damage, problems } = verifyProfile(last);
  t.deepEqual(found, { good: outcome.seq - 10, bad: 0, missing: [] });
  t.true(found.good > 1);
  t.deepEqual(damage, []);
  t.deepEqual(problems.length, 1);
  t.regex(problems[0]!, /footer is missing/);
});

test('tick closes an old file that holds blocks, and no other', (t) => {
  const clock = new Clock();
  const path = folder(t);
  const series = create(join(path, 'a.mbp'), { rotateTime: 10, rotateSize: 1, now: clock.now });
  clock.pass(100);
  series.tick();
  t.is(list(path).length, 1);
  write(series, { worker: 0, seq: 0 });
  series.tick();
  t.deepEqual(list(path), ['a-1.mbp', 'a.mbp']);
  perfect(t, [join(path, 'a.mbp')]);
  write(series, { worker: 0, seq: 1 });
  clock.pass(9.9);
  series.tick();
  t.is(list(path).length, 2);
  clock.pass(0.1);
  series.tick();
  t.is(list(path).length, 3);
  // A clock set back by more than that.
  write(series, { worker: 0, seq: 2 });
  clock.pass(-3600);
  series.tick();
  t.is(list(path).length, 4);
  series.finish(info({ events: 3 }));
  perfect(t, series.paths);
  clock.pass(100);
  t.notThrows(() => series.tick());
  t.is(list(path).length, 4);
});

test('without tick, a block finds its file too old', (t) => {
  const clock = new Clock();
  const series = create(join(folder(t), '%S.mbp'), { rotateTime: 2.5, now: clock.now });
  for (let seq = 0; seq < 6; seq++, clock.pass(1)) write(series, { worker: 0, seq });
  series.finish(info({ events: 6 }));
  t.deepEqual(
    series.paths.map((path) => basename(path)),
    ['09.mbp', '12.mbp'],
  );
  perfect(t, series.paths);
});

/** Stands in for fsync(2) while `run` goes on; returns how often it was called. */
function countSyncs(run: () => void, sync = fs.fsyncSync): number {
  const { fsyncSync } = fs;
  let calls = 0;
  fs.fsyncSync = (fd) => {
    calls++;
    sync(fd);
  };
  syncBuiltinESMExports();
  try {
    run();
  } finally {
    fs.fsyncSync = fsyncSync;
    syncBuiltinESMExports();
  }
  return calls;
}

test('fsync: never, after each block, or once a second; and before a file is closed', (t) => {
  const path = folder(t);
  const clock = new Clock();
  const make = (fsync: SeriesOptions['fsync']) =>
    create(join(path, `${fsync}.mbp`), { rotateTime: 60, now: clock.now, fsync });
  const of = (run: () => void) => countSyncs(run);
  const none = make('never');
  t.is(
    of(() => write(none, { worker: 0, seq: 0 })),
    0,
  );
  t.is(
    of(() => none.finish(info({ events: 1 }))),
    0,
  );

  const block = make('block');
  t.is(
    of(() => write(block, { worker: 0, seq: 0 })),
    1,
  );
  t.is(
    of(() => block.writeLoss(0, 'ring_full', 1)),
    1,
  );
  t.is(
    of(() => block.tick()),
    0,
  );
  clock.pass(60);
  t.is(
    of(() => block.tick()),
    3,
    'the file that is closed, the new one and its folder',
  );
  t.is(
    of(() => block.finish(info({ events: 1 }))),
    1,
  );
  perfect(t, block.paths);

  const interval = make('interval');
  t.is(
    of(() => write(interval, { worker: 0, seq: 0 })),
    0,
  );
  clock.pass(0.9);
  t.is(
    of(() => interval.tick()),
    0,
  );
  clock.pass(0.1);
  t.is(
    of(() => interval.tick()),
    1,
  );
  clock.pass(5);
  t.is(
    of(() => interval.tick()),
    0,
    'nothing new',
  );
  t.is(
    of(() => write(interval, { worker: 0, seq: 1 })),
    1,
  );
  t.is(
    of(() => write(interval, { worker: 0, seq: 2 })),
    0,
  );
  clock.pass(1);
  t.is(
    of(() => write(interval, { worker: 0, seq: 3 })),
    1,
  );
  t.is(
    of(() => write(interval, { worker: 0, seq: 4 })),
    0,
  );
  clock.pass(60);
  t.is(
    of(() => interval.tick()),
    3,
    'the file that is closed, the new one, and its folder',
  );
  t.is(
    of(() => write(interval, { worker: 0, seq: 5 })),
    0,
    'that was just now',
  );
  t.is(
    of(() => interval.finish(info({ events: 6 }))),
    1,
  );
  perfect(t, interval.paths);
});

/** What is done to files and folders by name, and brought to the disk, while `run` goes on, in order. */
function watchNames(run: () => void): string[] {
  const { fsyncSync, renameSync, rmSync } = fs;
  const done: string[] = [];
  const name = (path: fs.PathLike) => basename(String(path)).replace(/\.[0-9a-f]{12}\.new$/, '.new');
  fs.fsyncSync = (fd) => {
    const path = fs.readlinkSync(`/proc/self/fd/${fd}`);
    done.push(`sync ${fs.fstatSync(fd).isDirectory() ? 'folder' : name(path)}`);
    fsyncSync(fd);
  };
  fs.renameSync = (from, to) => {
    done.push(`rename ${name(from)} ${name(to)}`);
    renameSync(from, to);
  };
  fs.rmSync = (path) => {
    done.push(`remove ${name(path)}`);
    rmSync(path);
  };
  syncBuiltinESMExports();
  try {
    run();
  } finally {
    Object.assign(fs, { fsyncSync, renameSync, rmSync });
    syncBuiltinESMExports();
  }
  return done;
}

(process.platform === 'linux' ? test : test.skip)('fsync: names come to the disk as well, and go', (t) => {
  for (const fsync of ['block', 'interval', 'never'] as const) {
    const path = folder(t);
    const series: ProfileSeries[] = [];
    const options = { files: 1, fsync, force: true };
    const wanted = (names: string[]) =>
      fsync === 'never' ? names.filter((name) => !name.startsWith('sync')) : names;
    t.deepEqual(
      watchNames(() => series.push(oneEach(join(path, 'a.mbp'), options))),
      wanted(['sync a.mbp', 'sync folder']),
    );
    write(series[0]!, { worker: 0, seq: 0 });
    // The old file stays until the new one is sure to be found.
    const rotation = watchNames(() => write(series[0]!, { worker: 0, seq: 1 }));
    const block = fsync === 'block' ? ['sync a-1.mbp'] : [];
    t.deepEqual(
      rotation,
      wanted(['sync a.mbp', 'sync a-1.mbp', 'sync folder', 'remove a.mbp', 'sync folder', ...block]),
    );
    series[0]!.finish(info({ events: 2 }));
    t.deepEqual(
      watchNames(() => series.push(oneEach(join(path, 'a-1.mbp'), options))),
      wanted(['sync a-1.mbp.new', 'rename a-1.mbp.new a-1.mbp', 'sync folder']),
    );
    series[1]!.abandon();
  }
});

test('a folder that cannot be synced at all is no failure, one whose disk fails is', (t) => {
  const path = folder(t);
  for (const [code, fails] of [
    ['EINVAL', false],
    ['EIO', true],
  ] as const) {
    const start = () => create(join(path, `${code}.mbp`), { fsync: 'block' }).abandon();
    countSyncs(
      () => {
        if (fails)
          t.throws(start, { code: 'ERR_MEMBENCH_PROFILE_WRITE', message: /the device reports an error/ });
        else t.notThrows(start);
      },
      (fd) => {
        if (fs.fstatSync(fd).isDirectory()) throw Object.assign(new Error(code), { code });
      },
    );
  }
  t.deepEqual(list(path), ['EINVAL.mbp']);
});

test('a failed fsync is a failed write', (t) => {
  const path = folder(t);
  const broken = () => {
    throw Object.assign(new Error('i/o error'), { code: 'EIO' });
  };
  const failure = { code: 'ERR_MEMBENCH_PROFILE_WRITE', message: /the device reports an error/ };
  const write0 = (series: ProfileSeries) => write(series, { worker: 0, seq: 0 });
  for (const act of [write0, (series: ProfileSeries) => series.finish(info({ events: 0 }))]) {
    const series = create(join(path, 'a.mbp'), { force: true, fsync: 'block' });
    countSyncs(() => {
      const error = t.throws(() => act(series), failure);
      t.is(
        t.throws(() => write0(series)),
        error,
      );
      t.is(
        t.throws(() => series.finish(info({}))),
        error,
      );
    }, broken);
    t.is(series.bytes, statSync(series.path).size);
    t.deepEqual(verifyProfile(series.path).damage, []);
  }
  const clock = new Clock();
  const series = create(join(path, 'b.mbp'), { rotateTime: 1, now: clock.now, fsync: 'interval' });
  write0(series);
  clock.pass(1);
  countSyncs(() => t.throws(() => series.tick(), failure), broken);
  t.deepEqual(list(path), ['a.mbp', 'b.mbp']);
});
