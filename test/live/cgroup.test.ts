/** Programs on a cgroup: what its sockets receive and send, once, on any interface, and nobody else's packets. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { analyze } from 'membench';
import { membench, temporary } from '../support/cli.js';
import { Network, PORT, SERVER, takeTurns, until, whyNotLive } from '../support/network.js';
import { rights, without } from '../support/rights.js';
import { byProfile, byServer, unaccounted } from '../support/truth.js';

/** Where cgroup v2 is: alone, or beside v1. */
const ROOT = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) => {
  try {
    return statfsSync(path).type === 0x63677270;
  } catch {
    return false;
  }
});
const reason = whyNotLive() || (ROOT === undefined ? 'needs cgroup v2' : '');
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const titled = (title: string) => `${title}${reason && ` (${reason})`}`;

let cgroups = 0;

/** A cgroup of our own. */
function makeCgroup(t: ExecutionContext): string {
  const path = join(ROOT!, `mb-${process.pid}-${cgroups++}`);
  mkdirSync(path);
  t.teardown(() => until(() => rmdirSync(path) === undefined));
  return path;
}

const enter = (cgroup: string) => ['sh', '-c', 'echo $$ > "$0/cgroup.procs"; exec "$@"', cgroup];

/** Records outside of the network's namespaces, where the cgroups are to be seen. */
function record(network: Network, cgroup: string, profile: string, ...options: string[]) {
  return network.recordOutside(...options, '--attach', `cgroup:${cgroup}`, 'ebpf:*', profile);
}

for (const values of ['skip', 'copy']) {
  live(
    titled(`a server in a cgroup, values ${values}: exactly what it counted, on two interfaces`),
    async (t) => {
      t.timeout(60_000);
      const cgroup = makeCgroup(t);
      const network = new Network(t);
      await network.memcachedAs(enter(cgroup));
      const before = network.stats();
      const profile = join(temporary(t), 'out.mbp');
      const recording = record(network, cgroup, profile, '--workers', '2', '--ebpf-values', values);
      await recording.running();
      t.regex(recording.said, /recording ebpf on .* by cgroup/);
      network.load(10_000);
      network.load(5_000, 4, '127.0.0.1');
      const summary = await recording.stop();
      t.is(unaccounted(summary), 0);
      t.deepEqual(summary.packets.lost, {});
      t.is(summary.gaps + summary.unanswered, 0);
      t.is(summary.counters.retransmitted + summary.counters.duplicates, 0);
      t.deepEqual(byProfile(await analyze([profile])), byServer(before, network.stats()));
    },
  );
}

live(
  titled('large values stay in the kernel, and a process beside the cgroup is not recorded'),
  async (t) => {
    t.timeout(60_000);
    const cgroup = makeCgroup(t);
    const other = makeCgroup(t);
    const network = new Network(t);
    await network.memcachedAs(enter(cgroup), '-I', '2m');
    const folder = temporary(t);
    const ours = record(network, cgroup, join(folder, 'ours.mbp'));
    const others = record(network, other, join(folder, 'others.mbp'));
    await Promise.all([ours.running(), others.running()]);
    t.deepEqual([...rights(ours.recorderPid)], [without(65534)]);
    network.client(process.execPath, 'build/test/live/values-client.js', SERVER, String(PORT), 'talk');
    const [summary, nothing] = await Promise.all([ours.stop(), others.stop()]);
    t.is(unaccounted(summary), 0);
    t.like(summary, { gaps: 0, unanswered: 0 });
    t.true(summary.counters.left_out_bytes > 100_000, `${summary.counters.left_out_bytes} bytes left out`);
    t.is(nothing.packets.seen, 0);
  },
);

live(titled('no gap at either end of a recording under load'), async (t) => {
  t.timeout(60_000);
  const cgroup = makeCgroup(t);
  const network = new Network(t);
  await network.memcachedAs(enter(cgroup));
  const load = network.lastingLoad(8);
  await until(() => network.stats().cmd_get! > 5000);
  const recording = record(network, cgroup, join(temporary(t), 'out.mbp'));
  await recording.running();
  await sleep(500);
  const summary = await recording.stop();
  await network.kill(load);
  t.true(summary.requests > 1000);
  t.is(unaccounted(summary), 0);
  t.deepEqual(summary.packets.lost, {});
  t.like(summary, { gaps: 0 });
});

live(
  titled('killed, nothing stays on the cgroup; removed, that is noticed; no cgroup is refused'),
  async (t) => {
    t.timeout(60_000);
    const cgroup = makeCgroup(t);
    const network = new Network(t);
    const folder = temporary(t);
    const attached = () => {
      const said = execFileSync('bpftool', ['-j', 'cgroup', 'show', cgroup], { encoding: 'utf8' });
      // Where there is none, bpftool writes an empty line.
      return said.trim() === '' ? 0 : JSON.parse(said).length;
    };
    const first = record(network, cgroup, join(folder, 'a.mbp'));
    await first.running();
    t.is(attached(), 2);
    await network.kill(first.child);
    await until(() => attached() === 0, 2);

    const gone = join(ROOT!, `mb-${process.pid}-gone`);
    mkdirSync(gone);
    const second = record(network, gone, join(folder, 'b.mbp'));
    await second.running();
    rmdirSync(gone);
    t.is(await second.ended(), 0);
    t.regex(second.said, /the cgroup is gone/);
    t.is(second.summary.ended, 'interface gone');

    writeFileSync(join(folder, 'file'), '');
    for (const [path, why] of [
      [join(folder, 'none'), /cannot be opened/],
      [folder, /not a folder of cgroup v2/],
    ] as const) {
      const refused = record(network, path, join(folder, 'c.mbp'));
      t.is(await refused.ended(), 1);
      t.regex(refused.said, why);
    }
  },
);

test('what makes no sense with a cgroup is refused', (t) => {
  for (const [args, why] of [
    [['--attach', 'cgroup:', 'ebpf:*'], /tcx, clsact, or cgroup:PATH/],
    [['--attach', 'cgroup:/x', 'ebpf:lo'], /on all interfaces: ebpf:\*/],
    [['--attach', 'cgroup:/x', '--ebpf-buffer', 'perf', 'ebpf:*'], /through BPF rings only/],
    [['--attach', 'cgroup:/x', 'afpacket:lo'], /for ebpf sources/],
  ] as const) {
    const { code, stderr } = membench(['record', ...args]);
    t.is(code, 2, args.join(' '));
    t.regex(stderr, why);
  }
});
