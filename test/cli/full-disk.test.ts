/** Where the profile of a file cannot be written: noticed, said in one line, and what was sealed stays. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { membench, temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

const isRoot = process.getuid?.() === 0;
const PCAP = pcapFile(
  interleave(
    ...Array.from({ length: 8 }, (_, i) =>
      packetsOf(randomConversation(i, 12_000), { clientPort: 20000 + i }),
    ),
  ),
);

function capture(t: ExecutionContext): { folder: string; source: string } {
  const folder = temporary(t);
  const source = join(folder, 'a.pcap');
  writeFileSync(source, PCAP);
  return { folder, source };
}

const ERROR = (what: string) =>
  new RegExp(`^membench: [^\\n]*${what}[^\\n]*\\[ERR_MEMBENCH_PROFILE_\\w+\\]\\n$`);

/** The blocks that are there are good, and only the end is missing. */
function keptWhatWasSealed(t: ExecutionContext, path: string): void {
  const { code, stdout } = membench(['verify', path]);
  t.is(code, 1);
  t.regex(stdout, /: [1-9]\d* blocks good, 0 bad, 0 missing; .* footer missing/);
}

(isRoot ? test.serial : test.serial.skip)(
  `a disk that fills up while a file is recorded${isRoot ? '' : ' (needs root)'}`,
  (t) => {
    const { folder, source } = capture(t);
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1200k', 'tmpfs', disk]);
    t.teardown(() => execFileSync('umount', [disk]));
    const profile = join(disk, 'out.mbp');
    const { code, stderr, stdout } = membench(['record', '-q', '--json', '--workers', '2', source, profile]);
    t.is(code, 1);
    t.is(stdout, '');
    t.regex(stderr, ERROR('out\\.mbp: the disk is full'));
    keptWhatWasSealed(t, profile);
  },
);

test('a limit on the size of files', (t) => {
  const { folder, source } = capture(t);
  const profile = join(folder, 'out.mbp');
  const command = `ulimit -f 1100; exec "${process.execPath}" dist/cli/main.js record -q --workers 2 "${source}" "${profile}"`;
  const { status, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
  t.is(status, 1);
  t.regex(stderr, ERROR('out\\.mbp: '));
  t.true(statSync(profile).size <= 1100 * 1024);
  keptWhatWasSealed(t, profile);
});

test('places where no file can be made: one clear line, and nothing is touched', (t) => {
  const { folder, source } = capture(t);
  const there = join(folder, 'there.mbp');
  writeFileSync(there, 'somebody else wrote this');
  const link = join(folder, 'link.mbp');
  symlinkSync(there, link);
  const fifo = join(folder, 'fifo.mbp');
  execFileSync('mkfifo', [fifo]);
  for (const [path, what] of [
    [folder, 'it is a directory'],
    [there, 'exists'],
    [link, 'exists'],
    [fifo, 'exists'],
    [join(folder, 'none', 'out.mbp'), 'there is no such folder'],
    [join(source, 'out.mbp'), '(not a directory|no such folder|part of the path)'],
  ] as const) {
    const { code, stderr } = membench(['record', '-q', source, path]);
    t.is(code, 1, path);
    t.regex(stderr, ERROR(what), path);
  }
  t.is(execFileSync('cat', [there], { encoding: 'utf8' }), 'somebody else wrote this');
});

(isRoot ? test : test.skip)(
  `a folder without permission, as another user${isRoot ? '' : ' (needs root)'}`,
  (t) => {
    const { folder, source } = capture(t);
    chmodSync(folder, 0o755);
    chmodSync(source, 0o644);
    const theirs = join(folder, 'theirs');
    mkdirSync(theirs, { mode: 0o555 });
    const drop = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const command = [process.execPath, 'dist/cli/main.js', 'record', '-q', source, join(theirs, 'out.mbp')];
    const { status, stderr } = spawnSync('setpriv', [...drop, ...command], { encoding: 'utf8' });
    t.is(status, 1);
    t.regex(stderr, ERROR('permission denied'));
    // Where it is theirs it works, with a mode that keeps it theirs.
    const own = join(folder, 'own');
    mkdirSync(own);
    chownSync(own, 65534, 65534);
    const profile = join(own, 'out.mbp');
    t.is(spawnSync('setpriv', [...drop, ...command.slice(0, -1), profile], { encoding: 'utf8' }).status, 0);
    t.is(statSync(profile).mode & 0o777, 0o600);
  },
);

(isRoot ? test.serial : test.serial.skip)(`a disk that is read-only${isRoot ? '' : ' (needs root)'}`, (t) => {
  const { folder, source } = capture(t);
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', disk]);
  t.teardown(() => execFileSync('umount', [disk]));
  const profile = join(disk, 'out.mbp');
  const { code, stderr } = membench(['record', '-q', source, profile]);
  t.is(code, 1);
  t.regex(stderr, ERROR('out\\.mbp: .*read-only'));
  t.false(existsSync(profile));
});
