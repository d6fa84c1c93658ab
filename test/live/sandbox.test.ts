import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { analyze } from 'membench';
import { verifyProfile } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { hangFromOutside } from '../support/damage.js';
import { DEVICE, Network, takeTurns, until, whyNotLive } from '../support/network.js';
import { eachThread, rights, withCapabilities, without } from '../support/rights.js';
import { byProfile, byServer, unaccounted } from '../support/truth.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = (title: string) => `${title}${reason && ` (${reason})`}`;
const serial = reason === '' ? test.serial : test.serial.skip;

/** Installs membench with what it needs at run time where nobody but root may look. */
function installPrivately(t: { teardown(fn: () => void): void }): string {
  const folder = temporary(t);
  if ((statSync(folder).mode & 0o777) !== 0o700) throw new Error('not private');
  mkdirSync(join(folder, 'node_modules'));
  const packages = ['commander', 'msgpackr', 'koffi', '@koromix'].map((name) => `node_modules/${name}`);
  for (const path of ['dist', 'package.json', ...packages]) {
    cpSync(path, join(folder, path), { recursive: true });
  }
  return join(folder, 'dist/bin/membench.cjs');
}

serial(live('a worker that hangs is replaced, where only root can read its code'), async (t) => {
  t.timeout(90_000);
  const network = new Network(t);
  network.main = installPrivately(t);
  await network.memcached();
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record('--workers', '1', `afpacket:${DEVICE}`, profile);
  await recording.running();
  network.load(1_000);
  for (let hits = 1; hits <= 2; hits++) {
    // Until the flows of before have ended: their end would free a bucket.
    await sleep(500);
    hangFromOutside(recording.recorderPid);
    network.load(100);
    await until(
      () => recording.said.match(/worker 0 failed and was replaced: it hung/g)?.length === hits,
      20,
    );
    t.deepEqual([...rights(recording.recorderPid)], [without(65534)], 'the new thread has no more rights');
  }
  const before = network.stats();
  network.load(1_000);
  const after = network.stats();
  const summary = await recording.stop();
  t.is(unaccounted(summary), 0);
  t.true(summary.packets.lost.worker_failed! > 0);
  const { problems, perfect } = verifyProfile(profile);
  t.deepEqual([problems, perfect], [[], true]);
  const analysis = await analyze([profile]);
  t.deepEqual(
    analysis.notes.map(({ what }) => what),
    ['worker replaced', 'worker replaced'],
  );
  t.true(byProfile(analysis).gets >= byServer(before, after).gets, 'the last worker records all again');
});

const ALL = 0n;
const NONE = '0'.repeat(16);
const FILTERED = '2';
/** linux/capability.h: what is handed down, and what is kept besides what eBPF asks for. */
const HANDED_DOWN = (1n << 2n) | (1n << 6n) | (1n << 7n);
const WRITES = (1n << 1n) | (1n << 3n) | (1n << 5n);
const EBPF = (1n << 12n) | (1n << 39n);

for (const [source, needed] of [
  ['ebpf', EBPF],
  ['afpacket', ALL],
  ['pcap', ALL],
] as const) {
  serial(live(`${source} started as root: both halves have what they need`), async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    await network.memcached();
    const before = network.stats();
    const folder = temporary(t);
    // Not root's: what root keeps must be enough to rotate there.
    chownSync(folder, 12345, 12345);
    const profile = join(folder, 'out.mbp');
    const recording = network.record('-v', '-C', '4K', `${source}:${DEVICE}`, profile);
    await recording.running();
    const pid = recording.recorderPid;
    t.deepEqual([...rights(pid)], [without(65534)]);
    t.deepEqual([...new Set(eachThread(pid, 'Seccomp'))], [FILTERED]);
    t.deepEqual([...new Set(eachThread(pid, 'CapBnd'))], [NONE]);
    const [main, ...others] = eachThread(pid, 'CapInh').map((set) => BigInt(`0x${set}`));
    t.is(main, 0n);
    t.deepEqual(
      others.filter((set) => (set & ~HANDED_DOWN) !== 0n),
      [],
    );
    for (const name of ['CapEff', 'CapPrm']) {
      t.is(BigInt(`0x${eachThread(recording.child.pid!, name)[0]}`), needed | WRITES, name);
    }
    t.regex(recording.said, /the process that decodes: user: nobody \(65534\); .*bounding set: empty;/);
    t.regex(recording.said, /system calls: a seccomp filter/);
    t.regex(recording.said, /the process that writes keeps .*; \d+ helper threads of Node keep/);
    for (let i = 0; i < 3; i++) {
      network.load(500);
      await sleep(1100);
    }
    const summary = await recording.stop();
    t.true(summary.profile.paths.length > 1);
    t.is(unaccounted(summary), 0);
    t.deepEqual(byProfile(await analyze(summary.profile.paths)), byServer(before, network.stats()));
  });
}

serial(live('started as a user with few rights: what cannot be given up is said'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  const folder = temporary(t);
  chownSync(folder, 12345, 12345);
  const caps = '+bpf,+net_admin,+sys_nice';
  const recording = network.recordAs(withCapabilities(caps), '-v', `ebpf:${DEVICE}`, join(folder, 'out.mbp'));
  await recording.running();
  const pid = recording.recorderPid;
  t.deepEqual([...rights(pid)], [without(12345)]);
  t.deepEqual([...new Set(eachThread(pid, 'Seccomp'))], [FILTERED]);
  t.deepEqual([...new Set(eachThread(pid, 'CapInh'))], [NONE]);
  t.regex(recording.said, /bounding set: empty in 0 of \d+ threads: .*CAP_SETPCAP/);
  t.is(BigInt(`0x${eachThread(recording.child.pid!, 'CapEff')[0]}`), EBPF);
  await recording.stop();
});

serial(live('a kernel without filters of system calls: said, and it records all the same'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  const recording = network.recordAs(
    [process.execPath, 'build/test/support/without-seccomp.js', '38'],
    `afpacket:${DEVICE}`,
    join(temporary(t), 'out.mbp'),
  );
  await recording.running();
  t.regex(recording.said, /no system call is refused to the process that decodes: the kernel takes none: /);
  t.deepEqual([...rights(recording.recorderPid)], [without(65534)]);
  t.is(unaccounted(await recording.stop()), 0);
});

serial(live('a filter that refuses nothing, though the kernel took it: nothing is recorded'), async (t) => {
  const network = new Network(t);
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.recordAs(
    [process.execPath, 'build/test/support/without-seccomp.js', '0'],
    `afpacket:${DEVICE}`,
    profile,
  );
  t.is(await recording.ended(), 1);
  t.regex(recording.said, /^membench: the recorder may still open a file \[ERR_MEMBENCH_PRIVILEGE\]$/m);
  t.false(existsSync(profile));
});

serial(live('where there is a user of the name membench, it decodes'), async (t) => {
  const network = new Network(t);
  const folder = temporary(t);
  chmodSync(folder, 0o755);
  const users = join(folder, 'passwd');
  copyFileSync('/etc/passwd', users);
  appendFileSync(users, 'membench:x:12346:12346::/nonexistent:/usr/sbin/nologin\n');
  const mounted = ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/passwd && exec "$@"', users];
  const recording = network.recordAs(mounted, `ebpf:${DEVICE}`, join(folder, 'out.mbp'));
  await recording.running();
  t.deepEqual([...rights(recording.recorderPid)], [without(12346)]);
  await recording.stop();
  const doctor = execFileSync(mounted[0]!, [...mounted.slice(1), process.execPath, network.main, 'doctor'], {
    encoding: 'utf8',
  });
  t.regex(doctor, /user to decode +membench, without any right/);
});
