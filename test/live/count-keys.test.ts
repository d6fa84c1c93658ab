/** `membench count --key-sample` beside a real memcached, and beside `membench record`. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { analyze, type CountReport } from 'membench';
import { keyText, sipHash } from '../reference/siphash.js';
import { ascii } from '../support/conversation.js';
import { Counting } from '../support/live-counting.js';
import { DEVICE, Network, PORT, SERVER, takeTurns, whyNotLive } from '../support/network.js';
import { withCapabilities } from '../support/rights.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const why = reason && ` (${reason})`;

const SECRET = '000102030405060708090a0b0c0d0e0f';
const KEY = Buffer.from(SECRET, 'hex');

type Curve = readonly (readonly [number, number])[];

/** The largest difference of two curves of miss ratios, at the sizes of the first. */
function difference(a: Curve, b: Curve): number {
  const at = (curve: Curve, size: number) => curve.findLast(([one]) => one <= size)?.[1] ?? 1;
  return Math.max(...a.map(([size, ratio]) => Math.abs(ratio - at(b, size))));
}

const busiest = (counts: Record<string, number>, isOf: (key: string) => boolean) =>
  Object.entries(counts)
    .filter(([key]) => isOf(key))
    .map(([key, count]) => ({ key: keyText(KEY, ascii(key)), count }))
    .sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
    .slice(0, 10);

live(`it tells the keys that were asked for, and the curve that analyze tells${why}`, async (t) => {
  const made = new Network(t);
  await made.memcached();
  const folder = await mkdtemp(join(tmpdir(), 'membench-keys-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const keyFile = join(folder, 'key');
  writeFileSync(keyFile, SECRET, { mode: 0o600 });
  const profile = join(folder, 'out.mbp');

  const recording = made.record('--key-file', keyFile, `ebpf:${DEVICE}`, profile);
  await recording.running();
  const options = ['--json', '--interval', '300ms', '--key-file', keyFile, '--key-sample'];
  const all = await new Counting(made, [...options, '1/1']).running();
  const tenth = await new Counting(made, [...options, '1/10']).running();
  const seed = process.env.MEMBENCH_SEED ?? String(Date.now() % 1_000_000);
  t.log(`seed ${seed}`);
  const script = 'build/test/live/keys-client.js';
  const said = made.client(process.execPath, script, SERVER, String(PORT), '20000', seed);
  const counts: Record<string, number> = JSON.parse(said);
  t.is(await tenth.stop(), 0, tenth.said);
  t.is(await all.stop(), 0, all.said);
  await recording.stop();

  // Every key at 1/1, and at 1/10 those with a hash below a tenth of all: with all their requests.
  const requests = (reports: readonly CountReport[]) => reports.at(-1)!.key_sample!.requests;
  t.deepEqual(
    all.reports.at(-1)!.keys,
    busiest(counts, () => true),
  );
  t.is(
    requests(all.reports),
    Object.values(counts).reduce((sum, n) => sum + n, 0),
  );
  const limit = BigInt(Math.floor(2 ** 32 / 10));
  const isSampled = (key: string) => sipHash(KEY, ascii(key)) >> 32n < limit;
  t.deepEqual(tenth.reports.at(-1)!.keys, busiest(counts, isSampled));
  for (const { total } of [all, tenth]) {
    const { repeated, ...skipped } = total.skipped;
    t.deepEqual(skipped, {});
  }
  // The busiest of an interval are told, too.
  t.true(all.reports.some(({ interval_keys }) => interval_keys!.length === 10));

  const { mrc, hit_ratio } = await analyze([profile]);
  const { mrc: own, total } = all.reports.at(-1)!;
  t.is(own!.sampled, 1);
  t.is(own!.reads, mrc.reads);
  t.is(own!.cold_misses, mrc.cold_misses);
  t.true(Math.abs(own!.dead_misses - mrc.dead_misses) < 0.005 * mrc.reads);
  t.true(mrc.reads > 20_000 && hit_ratio! > 0.3 && hit_ratio! < 0.99);
  t.is(total.hits! / (total.hits! + total.misses!), hit_ratio!);
  for (const model of ['lru', 'lru_ttl'] as const) {
    for (const by of ['items', 'bytes'] as const) {
      const most = difference(mrc[model][by], own![model][by]);
      t.log(`${model} by ${by}: ${(100 * most).toFixed(3)} points at most beside analyze`);
      t.true(most < 0.005);
    }
  }
  // A tenth of 3,000 keys is a coarse sample.
  const most = difference(mrc.lru_ttl.bytes, tenth.reports.at(-1)!.mrc!.lru_ttl.bytes);
  t.log(`a tenth of the keys: ${(100 * most).toFixed(1)} points at most`);
  t.true(most < 0.2);
});

live(
  `under memcaslap, whose keys have control characters, it tells what a recording does${why}`,
  async (t) => {
    const made = new Network(t);
    await made.memcached();
    const folder = await mkdtemp(join(tmpdir(), 'membench-keys-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const keyFile = join(folder, 'key');
    writeFileSync(keyFile, SECRET, { mode: 0o600 });
    const profile = join(folder, 'out.mbp');
    const recording = made.record('--key-file', keyFile, `ebpf:${DEVICE}`, profile);
    await recording.running();
    const options = ['--json', '--key-file', keyFile, '--key-sample', '1/1'];
    const counting = await new Counting(made, options).running();
    made.load(30_000, 16);
    t.is(await counting.stop(), 0, counting.said);
    await recording.stop();
    const { mrc, keys, events } = await analyze([profile]);
    const told = counting.reports.at(-1)!;
    const { repeated, ...skipped } = told.total.skipped;
    t.deepEqual(skipped, {});
    t.is(told.key_sample!.requests, events);
    t.deepEqual(told.keys, keys.top.slice(0, 10));
    t.deepEqual([told.mrc!.reads, told.mrc!.cold_misses], [mrc.reads, mrc.cold_misses]);
  },
);

live(
  `with only CAP_BPF and CAP_NET_ADMIN, on a pipe, the last table has the busiest keys and what memory would do${why}`,
  async (t) => {
    const made = new Network(t);
    await made.memcached();
    const by = withCapabilities('+bpf,+net_admin');
    const options = ['--interval', '200ms', '--key-sample', '1/1'];
    const counting = await new Counting(made, options, by).running();
    made.talk('set a 0 0 1\\r\\nx\\r\\nget a\\r\\nget a\\r\\nget b\\r\\n');
    t.is(await counting.stop(), 0, counting.said);
    t.regex(counting.out, /\nbusiest keys +now\/s +since the start +requests\n[^\n]*[0-9a-f]{16} +3\n/);
    t.regex(counting.out, /hit ratio\s+of 66\.7 % under LRU with TTLs/);
  },
);
