/** The perf buffer beside BPF rings: the same events, and what it needs. */
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { analyze } from 'membench';
import { openProfile, readEvents } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { DEVICE, Network, PORT, SERVER, takeTurns, whyNotLive } from '../support/network.js';
import { rights, withCapabilities, without } from '../support/rights.js';
import { byProfile, byServer, unaccounted } from '../support/truth.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const titled = (title: string) => `${title}${reason && ` (${reason})`}`;

const CLIENT = 'build/test/live/values-client.js';

/** Events of a profile in any order, without times, and without numbers that depend on these. */
function eventsOf(path: string): string[] {
  using profile = openProfile(path);
  return [...readEvents(profile)]
    .map(({ ts_ns, latency_ns, conn, request, ...event }) =>
      JSON.stringify({ ...event, answered: latency_ns !== null }, (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      ),
    )
    .sort();
}

for (const values of ['skip', 'copy']) {
  live(
    titled(`both directions on CPUs of their own, values ${values}: the same events as of BPF rings`),
    async (t) => {
      t.timeout(60_000);
      const network = new Network(t);
      await network.memcached('-I', '2m');
      // What a side sends is captured on the CPU that it runs on.
      const last = String(availableParallelism() - 1);
      execFileSync('taskset', ['-a', '-c', '-p', '0', String(network.stats().pid)]);
      const folder = temporary(t);
      const key = join(folder, 'key');
      execFileSync('sh', ['-c', 'umask 077; echo 00112233445566778899aabbccddeeff > "$0"', key]);
      const common = ['--workers', '2', '--key-file', key, '--ebpf-values', values];
      const recordings = ['ring', 'perf'].map((buffer) => {
        const path = join(folder, `${buffer}.mbp`);
        const options = [...common, '--ebpf-buffer', buffer];
        return { path, recording: network.record(...options, `ebpf:${DEVICE}`, path) };
      });
      for (const { recording } of recordings) await recording.running();
      const pinned = ['taskset', '-c', last];
      network.client(...pinned, process.execPath, CLIENT, SERVER, String(PORT), 'talk');
      network.client(...pinned, 'memcaslap', '-s', `${SERVER}:${PORT}`, '-x', '10000', '-c', '8', '-T', '1');
      const summaries = await Promise.all(recordings.map(({ recording }) => recording.stop()));
      for (const summary of summaries) {
        t.is(unaccounted(summary), 0);
        t.like(summary, { gaps: 0, unanswered: 0 });
        t.deepEqual(summary.packets.lost, {});
        t.is(summary.counters.left_out_bytes > 0, values === 'skip');
      }
      const [ring, perf] = recordings.map(({ path }) => eventsOf(path));
      t.true(perf!.length > 10_000);
      t.deepEqual(perf, ring);
    },
  );
}

live(titled('packets larger than a sample can be: what lies within a value is not missed'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  // Loopback has packets of 64 KiB and more.
  await network.memcached('-I', '8m');
  const profile = join(temporary(t), 'out.mbp');
  const options = ['--ebpf-buffer', 'perf', '--ebpf-values', 'copy'];
  const recording = network.record(...options, 'ebpf:lo', profile);
  await recording.running();
  network.server(
    ...['bash', '-c'],
    `exec 3<>/dev/tcp/127.0.0.1/${PORT}
     { printf 'set large 0 0 4000000\\r\\n'; head -c 4000000 /dev/zero; printf '\\r\\n'; } >&3
     read -r <&3; printf 'get large\\r\\nquit\\r\\n' >&3; cat <&3 >/dev/null`,
  );
  const summary = await recording.stop();
  t.is(unaccounted(summary), 0);
  t.deepEqual(summary.packets.lost, {});
  t.true(summary.counters.packets_cut > 0);
  t.like(summary, { gaps: 0, unanswered: 0, requests: 3 });
});

/** Starts a recording as a user with only some rights. */
function recordWith(network: Network, caps: string, profile: string, ...options: string[]) {
  return network.recordAs(
    withCapabilities(caps),
    ...['--ebpf-buffer', 'perf', ...options, `ebpf:${DEVICE}`, profile],
  );
}

live(titled('without root: CAP_PERFMON too, and locked memory for the rings'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const before = network.stats();
  const folder = temporary(t);
  execFileSync('chown', ['12345', folder]);
  execFileSync('chmod', ['755', folder]);
  const profile = join(folder, 'out.mbp');
  const refused = recordWith(network, '+bpf,+net_admin', profile);
  t.is(await refused.ended(), 1);
  t.regex(refused.said, /^membench: .*open a perf event: .*CAP_PERFMON.*--ebpf-buffer ring.*\n$/);
  const limited = recordWith(network, '+bpf,+net_admin,+perfmon', profile, '-B', '64M');
  t.is(await limited.ended(), 1);
  t.regex(limited.said, /^membench: .*map a ring.*smaller buffer \(-B\).*CAP_IPC_LOCK.*\n$/);
  const recording = recordWith(network, '+bpf,+net_admin,+perfmon', profile, '-B', '512K');
  await recording.running();
  t.deepEqual([...rights(recording.recorderPid)], [without(12345)]);
  network.load(50, 1);
  t.is(unaccounted(await recording.stop()), 0);
  t.deepEqual(byProfile(await analyze([profile])), byServer(before, network.stats()));
});

live(titled('as root, the process that decodes has no right, and maps the rings'), async (t) => {
  const network = new Network(t);
  const recording = network.record('--ebpf-buffer', 'perf', `ebpf:${DEVICE}`, join(temporary(t), 'out.mbp'));
  await recording.running();
  t.deepEqual([...rights(recording.recorderPid)], [without(65534)]);
  const maps = network.server('cat', `/proc/${recording.recorderPid}/maps`);
  t.is(maps.match(/anon_inode:\[perf_event\]/g)!.length, availableParallelism());
  await recording.stop();
});
