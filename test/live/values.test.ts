/** Values that stay in the kernel: the same events as with whole packets, of a real memcached. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { temporary } from '../support/cli.js';
import { DEVICE, Network, PORT, SERVER, takeTurns, whyNotLive } from '../support/network.js';
import { canariesIn, eventsOf } from '../support/recorded.js';
import { unaccounted } from '../support/truth.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const titled = (title: string) => `${title}${reason && ` (${reason})`}`;

const CLIENT = 'build/test/live/values-client.js';
const CANARY = 'CANARY-5d1e';

for (const options of [
  ['--workers', '2'],
  ['--workers', '2', '--no-zero-copy'],
]) {
  const how = options.includes('--no-zero-copy') ? 'copied' : 'in place';

  live(titled(`without values, ${how}: the same events as of whole packets`), async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    await network.memcached('-I', '2m');
    const folder = temporary(t);
    const key = join(folder, 'key');
    writeFileSync(key, '00112233445566778899aabbccddeeff\n', { mode: 0o600 });
    const recordings = (['skip', 'copy'] as const).map((values) => {
      const path = join(folder, `${values}.mbp`);
      const named = [...options, '--key-file', key, '--ebpf-values', values];
      return { path, recording: network.record(...named, `ebpf:${DEVICE}`, path) };
    });
    for (const { recording } of recordings) await recording.running();
    network.client(process.execPath, CLIENT, SERVER, String(PORT), 'talk');
    const [skip, copy] = await Promise.all(recordings.map(({ recording }) => recording.stop()));
    for (const summary of [skip!, copy!]) {
      t.is(unaccounted(summary), 0);
      t.like(summary, { gaps: 0, unanswered: 0 });
      t.deepEqual(summary.packets.lost, {});
    }
    const [skipped, copied] = recordings.map(({ path }) => eventsOf(path));
    t.true(copied!.length > 60);
    t.deepEqual(skipped, copied);
    t.is(copy!.counters.left_out_bytes, 0);
    t.true(skip!.counters.left_out_bytes > 200_000, `${skip!.counters.left_out_bytes} bytes left out`);
    t.is(skip!.counters.flows_uncut, 0);
    t.deepEqual(skip!.payload.recorded, copy!.payload.recorded);
  });

  live(titled(`misled, ${how}: a counted gap, and whole packets from there on`), async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    await network.memcached();
    const path = join(temporary(t), 'out.mbp');
    const recording = network.record(...options, '--ebpf-values', 'skip', `ebpf:${DEVICE}`, path);
    await recording.running();
    network.client(process.execPath, CLIENT, SERVER, String(PORT), 'mislead');
    const summary = await recording.stop();
    t.is(unaccounted(summary), 0);
    t.is(summary.gaps, 1);
    t.is(summary.counters.flows_uncut, 1);
    // What misled it, and the value of the other connection.
    const inner = 3000 + '\r\nget lost\r\n'.length;
    t.is(summary.counters.left_out_bytes, inner + 4000);
    const sets = eventsOf(path).filter(({ op }) => op === 'set');
    t.deepEqual(
      sets.map(({ value_size, status }) => [value_size, status]),
      [
        [3016, 'unanswered'],
        [4000, 'stored'],
        [4000, 'stored'],
      ],
    );
  });
}

live(titled('values that lie in one segment are never in the memory of the rings'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const folder = temporary(t);
  const found: Record<string, number> = {};
  for (const values of ['skip', 'copy']) {
    const path = join(folder, `${values}.mbp`);
    const recording = network.record('--ebpf-values', values, `ebpf:${DEVICE}`, path);
    await recording.running();
    network.client(process.execPath, CLIENT, SERVER, String(PORT), 'short');
    found[values] = canariesIn(recording.recorderPid, CANARY);
    const summary = await recording.stop();
    t.is(summary.answered, 6);
  }
  t.is(found.skip, 0);
  // A search that finds nothing proves nothing unless it can find something.
  t.true(found.copy! > 0);
});
