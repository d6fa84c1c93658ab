import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { analyze } from 'membench';
import { verifyProfile } from 'membench/profile';
import { membench, temporary } from '../support/cli.js';
import { DEVICE, Network, type Recording, takeTurns, until, whyNotLive } from '../support/network.js';
import { rights, withCapabilities, without } from '../support/rights.js';
import { byProfile, byServer, unaccounted } from '../support/truth.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = (title: string) => [`${title}${reason && ` (${reason})`}`] as const;
const serial = reason === '' ? test.serial : test.serial.skip;

/** A few of every kind, hits and misses, on a connection of their own. */
const TALK =
  'get none\\r\\nget none nothing\\r\\nset a 0 0 1\\r\\nx\\r\\nget a none a\\r\\nmg a v\\r\\nmg none v\\r\\nms b 1\\r\\ny\\r\\n';

/** Programs of ours in the kernel, of any process. */
function programs(): string[] {
  const list: { name?: string }[] = JSON.parse(
    execFileSync('bpftool', ['-j', 'prog', 'list'], { encoding: 'utf8' }),
  );
  return list.map(({ name }) => name ?? '').filter((name) => name.startsWith('membench_'));
}

const WAYS: [name: string, options: string[]][] = [
  ['by TCX, in place', ['--workers', '2']],
  ['by TCX, copied', ['--workers', '2', '--no-zero-copy']],
  ['by clsact filters', ['--workers', '2', '--attach', 'clsact']],
  ['with the workers it takes by itself', []],
  ['with three workers', ['--workers', '3']],
  ['through the perf buffer', ['--workers', '2', '--ebpf-buffer', 'perf']],
  ['through the perf buffer, copied', ['--workers', '2', '--ebpf-buffer', 'perf', '--no-zero-copy']],
];

for (const [name, options] of WAYS) {
  serial(...live(`ebpf ${name}: exactly what memcached counted`), async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    await network.memcached();
    const before = network.stats();
    const start = BigInt(Date.now()) * 1000000n;
    const profile = join(temporary(t), 'out.mbp');
    const recording = network.record(...options, `ebpf:${DEVICE}`, profile);
    await recording.running();
    network.load(20_000);
    network.talk(TALK);
    const summary = await recording.stop();
    const end = BigInt(Date.now()) * 1000000n;
    t.is(summary.ended, 'signal');
    t.is(unaccounted(summary), 0);
    t.deepEqual(summary.packets.lost, {});
    t.is(summary.gaps + summary.unanswered, 0);
    t.is(summary.kernel.dropped, 0);
    const analysis = await analyze([profile]);
    t.deepEqual(byProfile(analysis), byServer(before, network.stats()));
    t.true(
      BigInt(analysis.first_ts_ns!) >= start && BigInt(analysis.last_ts_ns!) <= end,
      'times are wall-clock times',
    );
    t.true(verifyProfile(profile).perfect);
    t.true(summary.profile.blocks >= (options.includes('--workers') ? 2 : 1));
  });
}

serial(...live('ebpf on loopback: every packet once'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const before = network.stats('127.0.0.1');
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record('ebpf:lo', profile);
  await recording.running();
  network.load(5_000, 4, '127.0.0.1');
  const summary = await recording.stop();
  t.is(summary.counters.retransmitted + summary.counters.duplicates, 0);
  t.deepEqual(byProfile(await analyze([profile])), byServer(before, network.stats('127.0.0.1')));
});

serial(...live('ebpf on all interfaces: what crosses several is recorded once'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  // The server's own client goes over loopback, the others over the pair.
  const before = network.stats();
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record('ebpf:*', profile);
  await recording.running();
  network.load(2_000, 4, '127.0.0.1');
  network.load(2_000, 4);
  const summary = await recording.stop();
  t.is(unaccounted(summary), 0);
  t.deepEqual(byProfile(await analyze([profile])), byServer(before, network.stats()));
});

serial(...live('started as root: no thread of the recorder has a right'), async (t) => {
  const network = new Network(t);
  const recording = network.record(`ebpf:${DEVICE}`, join(temporary(t), 'out.mbp'));
  await recording.running();
  t.deepEqual([...rights(recording.recorderPid)], [without(65534)]);
  await recording.stop();
});

serial(
  ...live('started as a user with CAP_BPF and CAP_NET_ADMIN: it works, and the recorder has neither'),
  async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    await network.memcached();
    const before = network.stats();
    const folder = temporary(t);
    execFileSync('chown', ['12345', folder]);
    execFileSync('chmod', ['755', folder]);
    const profile = join(folder, 'out.mbp');
    const recording = network.recordAs(withCapabilities('+bpf,+net_admin'), `ebpf:${DEVICE}`, profile);
    await recording.running();
    t.deepEqual([...rights(recording.recorderPid)], [without(12345)]);
    network.load(5_000);
    t.is(unaccounted(await recording.stop()), 0);
    t.deepEqual(byProfile(await analyze([profile])), byServer(before, network.stats()));
  },
);

serial(...live('rights by the file of node: it works, and the recorder has none'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const before = network.stats();
  const folder = temporary(t);
  execFileSync('chown', ['12345', folder]);
  execFileSync('chmod', ['755', folder]);
  const node = join(folder, 'node');
  copyFileSync(process.execPath, node);
  execFileSync('setcap', ['cap_bpf,cap_net_admin+ep', node]);
  network.node = node;
  const profile = join(folder, 'out.mbp');
  const recording = network.recordAs(
    ['setpriv', '--reuid', '12345', '--regid', '12345', '--clear-groups'],
    `ebpf:${DEVICE}`,
    profile,
  );
  await recording.running();
  t.deepEqual([...rights(recording.recorderPid)], [without(12345)]);
  network.load(2_000);
  t.is(unaccounted(await recording.stop()), 0);
  t.deepEqual(byProfile(await analyze([profile])), byServer(before, network.stats()));
});

serial(...live('without the rights: one line that says what is missing'), (t) => {
  const folder = temporary(t);
  execFileSync('chmod', ['777', folder]);
  const { status, stderr } = runAs(12345, ['record', 'ebpf:lo', join(folder, 'out.mbp')]);
  t.is(status, 1);
  t.regex(
    stderr,
    /^membench: .*not permitted.*CAP_BPF and CAP_NET_ADMIN.*afpacket:IF.*\[ERR_MEMBENCH_UNSUPPORTED\]\n$/,
  );
});

function runAs(uid: number, args: string[]) {
  try {
    execFileSync(
      'setpriv',
      [
        '--reuid',
        String(uid),
        '--regid',
        String(uid),
        '--clear-groups',
        process.execPath,
        'dist/bin/membench.cjs',
        ...args,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    return { status: 0, stderr: '' };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: Buffer };
    return { status, stderr: stderr.toString() };
  }
}

/** Packets a device itself has counted, both ways. */
function devicePackets(network: Network): number {
  const [link] = JSON.parse(network.server('ip', '-j', '-s', 'link', 'show', 'dev', DEVICE));
  return link.stats64.rx.packets + link.stats64.tx.packets;
}

/** 100 by hand: MEMBENCH_OVERLOADS=100. */
const OVERLOADS = Math.max(2, Number(process.env.MEMBENCH_OVERLOADS ?? 3));

for (const [buffer, what] of [
  ['ring', 'a ring'],
  ['perf', 'a perf buffer'],
] as const)
  serial(...live(`${what} too small, a consumer that stops: every packet is accounted for`), async (t) => {
    t.timeout(1_200_000);
    const network = new Network(t);
    await network.memcached();
    const folder = temporary(t);
    for (let run = 0; run < OVERLOADS; run++) {
      const stopped = (run / (OVERLOADS - 1)) * 0.95;
      const profile = join(folder, `${run}.mbp`);
      const options = ['--workers', String(1 + (run % 3)), ...(run % 4 === 3 ? ['--no-zero-copy'] : [])];
      options.push('--ebpf-buffer', buffer);
      const before = devicePackets(network);
      const recording = network.record(...options, '-B', '1K', `ebpf:${DEVICE}`, profile);
      await recording.running();
      overload(network, recording.recorderPid, stopped);
      const summary = await recording.stop();
      const passed = devicePackets(network) - before;
      t.is(unaccounted(summary), 0, `stopped for ${stopped} of the time`);
      // A neighbour may speak before the programs are on, or when they are off again.
      t.true(
        summary.packets.seen <= passed && summary.packets.seen >= passed - 20,
        `${summary.packets.seen} of ${passed}`,
      );
      t.is(summary.requests, summary.answered + summary.unanswered);
      if (stopped > 0.2) t.true((summary.packets.lost.ring_full ?? 0) > 0);
      t.is(summary.kernel.dropped, summary.packets.lost.ring_full ?? 0);
      t.true(verifyProfile(profile).perfect);
      const { loss } = await analyze([profile]);
      t.is(loss.lost.ring_full ?? 0, summary.packets.lost.ring_full ?? 0, 'the profile tells of it');
    }
  });

serial(...live('a writer that is held: workers wait for it, none is taken for one that hangs'), async (t) => {
  t.timeout(120_000);
  const network = new Network(t);
  await network.memcached();
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record('--workers', '4', `ebpf:${DEVICE}`, profile);
  await recording.running();
  // Four blocks a second: after eight seconds no more may be on their way, and what hangs is ended after six.
  process.kill(recording.child.pid!, 'SIGSTOP');
  const end = Date.now() + 17_000;
  while (Date.now() < end) {
    network.load(500, 16);
    await sleep(100);
  }
  process.kill(recording.child.pid!, 'SIGCONT');
  const summary = await recording.stop();
  t.notRegex(recording.said, /was replaced/);
  t.is(summary.packets.lost.worker_failed, undefined);
  t.is(unaccounted(summary), 0);
  t.true(verifyProfile(profile).perfect);
});

/** Load while the recorder is held for some share of the time. */
function overload(network: Network, pid: number, share: number): void {
  for (let i = 0; i < 4; i++) {
    if (share > 0) process.kill(pid, 'SIGSTOP');
    network.load(Math.round(5_000 * share) + 100, 4);
    if (share > 0) process.kill(pid, 'SIGCONT');
    network.load(Math.round(5_000 * (1 - share)) + 100, 4);
  }
}

serial(
  ...live('killed at any moment, either half: no program is left, and what was sealed is whole'),
  async (t) => {
    t.timeout(600_000);
    const network = new Network(t);
    await network.memcached();
    const folder = temporary(t);
    const runs = Number(process.env.MEMBENCH_KILLS ?? 6);
    for (let i = 0; i < runs; i++) {
      const profile = join(folder, `${i}.mbp`);
      const buffer = i % 4 < 2 ? 'ring' : 'perf';
      const recording = network.record('--ebpf-buffer', buffer, `ebpf:${DEVICE}`, profile);
      const early = i % 3 === 0;
      if (!early) await recording.running();
      else await sleep(Math.random() * 800);
      const victim = i % 2 === 0 || early ? recording.child.pid! : recording.recorderPid;
      if (!early) network.load(Math.round(Math.random() * 20_000), 4);
      process.kill(victim, 'SIGKILL');
      await recording.ended();
      await until(() => programs().length === 0, 2);
      if (early && !readdirSync(folder).includes(`${i}.mbp`)) continue;
      const report = verifyProfile(profile);
      t.deepEqual([report.blocks.bad, report.blocks.missing, report.damage], [0, [], []], recording.said);
    }
    t.deepEqual(
      readdirSync(folder).filter((name) => !name.endsWith('.mbp')),
      [],
      'no temporary file is left',
    );
  },
);

serial(...live('a clsact filter left by a killed recording is removed at the next start'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  const folder = temporary(t);
  const filters = () =>
    network.server('tc', 'filter', 'show', 'dev', DEVICE, 'ingress').match(/handle 0x6d62/g)?.length ?? 0;
  const first = network.record('--attach', 'clsact', `ebpf:${DEVICE}`, join(folder, 'a.mbp'));
  await first.running();
  t.is(filters(), 1);
  await network.kill(first.child);
  t.is(filters(), 1, 'it outlives its process');
  const second = network.record('--attach', 'clsact', `ebpf:${DEVICE}`, join(folder, 'b.mbp'));
  await second.running();
  t.is(filters(), 1);
  // Two at once do not take each other's away.
  const third = network.record('--attach', 'clsact', `ebpf:${DEVICE}`, join(folder, 'c.mbp'));
  await third.running();
  t.is(filters(), 2);
  await second.stop();
  t.is(filters(), 1);
  await third.stop();
  t.is(filters(), 0);
  await until(() => programs().length === 0, 2);
});

for (const method of ['tcx', 'clsact']) {
  serial(
    ...live(`programs of others beside ours by ${method}: untouched, and they see every packet`),
    async (t) => {
      t.timeout(60_000);
      const network = new Network(t);
      await network.memcached();
      network.server('tc', 'qdisc', 'add', 'dev', DEVICE, 'clsact');
      const object = join(temporary(t), 'foreign.o');
      const include = `-I/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
      const source = 'test/fixtures/foreign.bpf.c';
      execFileSync('clang', ['-O2', '-g', '-target', 'bpf', include, '-c', source, '-o', object]);
      for (const way of ['ingress', 'egress']) {
        const filter = ['filter', 'add', 'dev', DEVICE, way, 'prio', '60000', 'bpf', 'direct-action'];
        network.server('tc', ...filter, 'object-file', object, 'section', `tc/${way}`);
      }
      // Each filter was loaded with a map of its own.
      const maps: number[] = JSON.parse(execFileSync('bpftool', ['-j', 'map', 'list'], { encoding: 'utf8' }))
        .filter(({ name }: { name?: string }) => name === 'foreign_seen')
        .map(({ id }: { id: number }) => id);
      const seen = (way: string) =>
        maps.reduce((sum, id) => {
          const key = way === 'ingress' ? '0' : '1';
          const command = ['-j', 'map', 'lookup', 'id', String(id), 'key', key, '0', '0', '0'];
          const { value } = JSON.parse(execFileSync('bpftool', command, { encoding: 'utf8' }));
          return sum + value.reduceRight((word: number, byte: string) => word * 256 + Number(byte), 0);
        }, 0);
      const counted = () => {
        const [link] = JSON.parse(network.server('ip', '-j', '-s', 'link', 'show', 'dev', DEVICE));
        return { ingress: link.stats64.rx.packets as number, egress: link.stats64.tx.packets as number };
      };
      // A neighbour may speak while the two are read: then they are read again.
      const both = () => {
        for (;;) {
          const device = counted();
          const filter = [seen('ingress'), seen('egress')];
          const after = counted();
          if (after.ingress === device.ingress && after.egress === device.egress) return { filter, device };
        }
      };
      const before = both();
      const recording = network.record('--attach', method, `ebpf:${DEVICE}`, join(temporary(t), 'out.mbp'));
      await recording.running();
      network.load(2_000);
      // The two are read one after the other, and a neighbour may speak in between.
      const apart = () => {
        const device = counted();
        return (['ingress', 'egress'] as const).map(
          (way, i) => seen(way) - before.filter[i]! - (device[way] - before.device[way]),
        );
      };
      const same = until(() => apart().every((difference) => difference === 0), 2);
      await same.catch(() => t.deepEqual(apart(), [0, 0]));
      t.true(seen('ingress') - before.filter[0]! >= 2_000);
      await recording.stop();
      t.regex(network.server('tc', 'qdisc', 'show', 'dev', DEVICE), /clsact/);
      t.regex(network.server('tc', 'filter', 'show', 'dev', DEVICE, 'ingress'), /foreign/);
    },
  );
}

serial(...live('the interface goes down, comes back, is deleted: noticed within a second'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record(`ebpf:${DEVICE}`, profile);
  await recording.running();
  network.load(1_000);
  network.server('ip', 'link', 'set', DEVICE, 'down');
  await until(() => recording.said.includes('went down'), 1);
  network.server('ip', 'link', 'set', DEVICE, 'up');
  await until(() => recording.said.includes('went up'), 1);
  const before = network.stats();
  network.load(1_000);
  const after = network.stats();
  network.server('ip', 'link', 'delete', DEVICE);
  await until(() => recording.said.includes('is gone'), 1);
  t.is(await recording.ended(), 0);
  t.is(recording.summary.ended, 'interface gone');
  t.true(verifyProfile(profile).perfect);
  const analysis = await analyze([profile]);
  t.true(byProfile(analysis).gets >= byServer(before, after).gets);
  t.deepEqual(
    analysis.notes.map(({ what }) => what),
    ['interface down', 'interface up', 'interface gone'],
  );
});

serial(...live('ebpf:* takes up interfaces that come later'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached('-l', '0.0.0.0');
  network.server('ip', 'link', 'delete', DEVICE);
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record('ebpf:*', profile);
  await recording.running();
  network.addDevice();
  await until(() => recording.said.includes(`${DEVICE}: a new interface`), 1);
  const before = network.stats();
  network.load(1_000);
  const after = network.stats();
  network.server('ip', 'link', 'delete', DEVICE);
  await until(() => recording.said.includes(`${DEVICE}: the interface is gone`), 1);
  t.is(unaccounted(await recording.stop()), 0);
  t.is(byProfile(await analyze([profile])).gets, byServer(before, after).gets);
});

serial(...live('ebpf:* starts while interfaces come and go'), async (t) => {
  t.timeout(120_000);
  const network = new Network(t);
  const pair = (i: number) => `link add a${i} type veth peer name b${i}\nlink set a${i} up\n`;
  const all = Array.from({ length: 12 }, (_, i) => i);
  const add = all.map(pair).join('');
  const remove = all.map((i) => `link delete a${i}\n`).join('');
  const script = `while :; do printf '${add}' | ip -batch -; printf '${remove}' | ip -batch -; done`;
  const churn = network.start('bash', '-c', script.replaceAll('\n', '\\n'));
  const folder = temporary(t);
  let gone = 0;
  for (let i = 0; i < 8; i++) {
    const how = i % 2 === 0 ? [] : ['--attach', 'clsact'];
    const recording = network.record(...how, 'ebpf:*', join(folder, 'out.mbp'));
    await recording.running();
    await sleep(300);
    t.is(unaccounted(await recording.stop()), 0, recording.said);
    t.regex(recording.said, /recording ebpf on .*\bsrv0\b/);
    gone += recording.said.split('the interface is gone').length - 1;
  }
  t.true(gone > 0, 'interfaces did come and go');
  await network.kill(churn);
  await until(() => programs().length === 0, 2);
});

serial(...live('a full disk: said within a second, what was sealed stays, exit 1'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const folder = temporary(t);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1200k', 'tmpfs', folder]);
  t.teardown(() => execFileSync('umount', [folder]));
  const profile = join(folder, 'out.mbp');
  const recording = network.record(`ebpf:${DEVICE}`, profile);
  await recording.running();
  let ended = false;
  void recording.ended().then(() => {
    ended = true;
  });
  for (let i = 0; i < 20 && !ended; i++) {
    network.load(50_000);
    await sleep(10);
  }
  await until(() => ended, 2);
  t.is(recording.child.exitCode, 1);
  t.regex(recording.said, /out\.mbp: the disk is full.*\[ERR_MEMBENCH_PROFILE_WRITE\]/);
  const report = verifyProfile(profile);
  t.deepEqual([report.blocks.bad, report.blocks.missing, report.damage], [0, [], []]);
  t.true(report.blocks.good > 0);
});

serial(...live('a profile that is removed: said within a second or so, exit 1'), async (t) => {
  const network = new Network(t);
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record(`ebpf:${DEVICE}`, profile);
  await recording.running();
  rmSync(profile);
  await until(() => recording.child.exitCode !== null, 3);
  t.is(await recording.ended(), 1);
  t.regex(recording.said, /out\.mbp: it was removed .* \[ERR_MEMBENCH_PROFILE_WRITE\]\n$/);
});

serial(...live('limits and signals of a live recording'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const folder = temporary(t);
  const ended = async (recording: Recording) => {
    t.is(await recording.ended(), 0);
    return recording.summary.ended;
  };
  t.is(await ended(network.record('-d', '300ms', `ebpf:${DEVICE}`, join(folder, 'd.mbp'))), 'duration');
  const counting = network.record('-c', '1000', `ebpf:${DEVICE}`, join(folder, 'c.mbp'));
  await counting.running();
  network.load(5_000);
  t.is(await ended(counting), 'count');
  const flushed = network.record(`ebpf:${DEVICE}`, join(folder, 'f.mbp'));
  await flushed.running();
  network.load(100);
  flushed.child.kill('SIGUSR2');
  await sleep(300);
  t.true(verifyProfile(join(folder, 'f.mbp')).blocks.good > 0, 'sealed while it runs');
  await flushed.stop('SIGTERM');
  const hungUp = network.record(`ebpf:${DEVICE}`, join(folder, 'h.mbp'));
  await hungUp.running();
  t.is((await hungUp.stop('SIGHUP')).ended, 'signal');
  t.true(verifyProfile(join(folder, 'h.mbp')).perfect);
});

serial(...live('a second stop signal 100 ms after the first or later ends it at once'), async (t) => {
  const network = new Network(t);
  const recording = network.record(`ebpf:${DEVICE}`, join(temporary(t), 'out.mbp'));
  await recording.running();
  // It waits for its recorder, which says nothing.
  process.kill(recording.recorderPid, 'SIGSTOP');
  recording.child.kill('SIGINT');
  recording.child.kill('SIGTERM');
  await sleep(1000);
  t.is(recording.child.exitCode, null, 'two at once are one');
  recording.child.kill('SIGINT');
  t.is(await recording.ended(), 130);
  await until(() => programs().length === 0, 2);
});

serial(...live('told to stop at any moment of its start: it ends in good order'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  const folder = temporary(t);
  for (const after of [120, 200, 280, 360, 440]) {
    const recording = network.record(`ebpf:${DEVICE}`, join(folder, `${after}.mbp`));
    await sleep(after);
    recording.child.kill('SIGINT');
    // Before it listens for signals, one ends it as it ends any process.
    const code = await Promise.race([recording.ended(), sleep(5000)]);
    t.true(code === 0 || recording.child.signalCode === 'SIGINT', `${after} ms: ${code} ${recording.said}`);
    await until(() => programs().length === 0, 2);
  }
});

serial(
  ...live('a terminal that stops all of its processes while they start stops one recording'),
  async (t) => {
    t.timeout(120_000);
    const folder = temporary(t);
    for (const source of ['ebpf:lo', 'afpacket:lo', 'pcap:lo']) {
      for (let after = 120; after <= 400; after += 40) {
        // A session of its own, as a terminal's, in a network of its own.
        const script = 'ip link set lo up; exec "$@"';
        const command = [
          process.execPath,
          'dist/bin/membench.cjs',
          'record',
          source,
          join(folder, 'out.mbp'),
        ];
        const child = spawn('unshare', ['-n', 'sh', '-c', script, 'sh', ...command, '--force'], {
          detached: true,
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        let said = '';
        child.stderr.on('data', (data) => {
          said += data;
        });
        const exit = once(child, 'close');
        await sleep(after);
        process.kill(-child.pid!, 'SIGINT');
        const [code, signal] = await exit;
        // Before it listens for signals, one ends it as it ends any process.
        t.true(code === 0 || signal === 'SIGINT', `${source}, ${after} ms: ${code} ${said}`);
      }
    }
  },
);

serial(...live('an option that makes no sense is refused before anything is attached'), (t) => {
  const folder = temporary(t);
  for (const [args, message] of [
    [['-Z', 'root', 'ebpf:lo'], /never decoded with the rights of root/],
    [['-Z', 'nobody-of-this-name', 'ebpf:lo'], /there is no such user/],
    [['ebpf:'], /no such interface/],
    [['ebpf:a-name-that-is-far-too-long'], /no such interface/],
  ] as const) {
    const { code, stderr } = membench(['record', ...args, join(folder, 'x.mbp')]);
    t.true(code === 1 || code === 2);
    t.regex(stderr, message);
  }
  t.deepEqual(readdirSync(folder), []);
  t.deepEqual(programs(), []);
});

serial(
  ...live('rotation: every part is whole, together they are the recording, and old ones go'),
  async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    await network.memcached();
    const before = network.stats();
    const folder = temporary(t);
    const all = network.record('-G', '1s', `ebpf:${DEVICE}`, join(folder, 'all.mbp'));
    const some = network.record(
      '-C',
      '4K',
      '-W',
      '2',
      '--fsync',
      'block',
      `ebpf:${DEVICE}`,
      join(folder, 'some.mbp'),
    );
    await all.running();
    await some.running();
    for (let i = 0; i < 5; i++) {
      network.load(300, 2);
      await sleep(1000);
    }
    const { profile } = await all.stop();
    t.true(profile.paths.length >= 3, profile.paths.join());
    for (const path of profile.paths) t.deepEqual(verifyProfile(path).problems, [], path);
    t.deepEqual(byProfile(await analyze(profile.paths)), byServer(before, network.stats()));
    const kept = (await some.stop()).profile.paths;
    t.is(kept.length, 2);
    t.deepEqual(
      readdirSync(folder)
        .filter((name) => name.startsWith('some'))
        .sort(),
      kept.map((path) => path.slice(folder.length + 1)).sort(),
    );
  },
);

for (const [name, options] of WAYS) {
  serial(...live(`ebpf ${name}: no gap at either end of a recording under load`), async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    await network.memcached();
    const load = network.lastingLoad(8);
    await until(() => network.stats().cmd_get! > 5000);
    const recording = network.record(...options, `ebpf:${DEVICE}`, join(temporary(t), 'out.mbp'));
    await recording.running();
    await sleep(500);
    const summary = await recording.stop();
    await network.kill(load, 'SIGKILL');
    t.true(summary.requests > 1000);
    t.is(unaccounted(summary), 0);
    t.deepEqual(summary.packets.lost, {});
    // Every connection had one at the end, where what it received was still captured, but not what it sent.
    t.is(summary.gaps, 0);
    t.is(summary.counters.gap_bytes, 0);
  });
}

serial(...live('--max-drop: more was lost than that, exit 3'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const recording = network.record(
    '--max-drop',
    '0.5',
    '-B',
    '1K',
    `ebpf:${DEVICE}`,
    join(temporary(t), 'out.mbp'),
  );
  await recording.running();
  process.kill(recording.recorderPid, 'SIGSTOP');
  network.load(10_000, 4);
  process.kill(recording.recorderPid, 'SIGCONT');
  recording.child.kill('SIGINT');
  t.is(await recording.ended(), 3);
  t.regex(recording.said, /% of the packets were lost, more than --max-drop 0.5/);
});
