/** `membench count` beside a real memcached. */
import { execFileSync } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import type { Counted } from 'membench';
import { Counting } from '../support/live-counting.js';
import { DEVICE, Network, PORT, SERVER, takeTurns, until, whyNotLive } from '../support/network.js';
import { eachThread, rights, withCapabilities, without } from '../support/rights.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const why = reason && ` (${reason})`;

async function network(t: ExecutionContext): Promise<Network> {
  const made = new Network(t);
  await made.memcached();
  return made;
}

/** Ids of programs of membench in the kernel, those of other processes too. */
function programs(): Set<number> {
  const said = execFileSync('bpftool', ['-j', 'prog', 'list'], { encoding: 'utf8' });
  const list: { name?: string; id: number }[] = JSON.parse(said);
  return new Set(list.filter(({ name }) => name?.startsWith('membench_')).map(({ id }) => id));
}

live(`its totals are those of memcached's own stats, in all protocols${why}`, async (t) => {
  const made = await network(t);
  const counting = await new Counting(made, ['--json', '--interval', '200ms']).running();
  const seed = String(Number(process.env.MEMBENCH_SEED ?? Date.now() % 1_000_000));
  const operations = process.env.MEMBENCH_OPERATIONS ?? '20000';
  t.log(`seed ${seed}`);
  const said = made.client(
    process.execPath,
    'build/test/live/count-client.js',
    SERVER,
    String(PORT),
    operations,
    '12',
    seed,
  );
  const stats: Record<string, number> = JSON.parse(said);
  t.is(await counting.stop(), 0, counting.said);

  const { total, reports } = counting;
  const count = (...ops: string[]) =>
    ops.reduce((sum, op) => sum + (total.ops[op as keyof typeof total.ops]?.count ?? 0), 0);
  t.deepEqual(
    {
      cmd_get: count('get', 'mg'),
      get_hits: total.hits,
      get_misses: total.misses,
      cmd_set: count('set', 'add', 'replace', 'ms'),
      cmd_touch: count('touch'),
      deletes: count('delete'),
      incrs: count('incr'),
      bytes_read: total.bytes_in - 2 * 'stats\r\n'.length,
      bytes_written: total.bytes_out - stats.observed_bytes!,
      total_connections: total.connections - 1,
    },
    {
      ...Object.fromEntries(
        ['cmd_get', 'get_hits', 'get_misses', 'cmd_set', 'cmd_touch'].map((name) => [name, stats[name]]),
      ),
      deletes: stats.delete_hits! + stats.delete_misses!,
      incrs: stats.incr_hits! + stats.incr_misses!,
      ...Object.fromEntries(
        ['bytes_read', 'bytes_written', 'total_connections'].map((name) => [name, stats[name]]),
      ),
    } as object,
  );
  // Only the connection that read the statistics was not understood, and not read any more.
  const { repeated, ...skipped } = total.skipped;
  t.deepEqual(Object.keys(skipped).sort(), ['not_in_step', 'unknown_line']);
  t.is(skipped.unknown_line, 1);
  // The intervals add up to the total.
  const sum = (of: (report: Counted) => number) => reports.reduce((all, report) => all + of(report), 0);
  t.is(
    sum(({ bytes_in }) => bytes_in),
    total.bytes_in,
  );
  t.is(
    sum(({ ops }) => ops.get?.count ?? 0),
    total.ops.get!.count,
  );
  t.true(total.latency_ns.p50! > 1000 && total.latency_ns.p50! <= total.latency_ns.p99!);
});

live(`under memcaslap its totals are those of stats${why}`, async (t) => {
  const made = await network(t);
  const before = made.stats();
  const counting = await new Counting(made, ['--json']).running();
  made.load(30_000, 16);
  t.is(await counting.stop(), 0, counting.said);
  const after = made.stats();
  const { total } = counting;
  const delta = (name: string) => after[name]! - before[name]!;
  t.is(total.ops.get!.count, delta('cmd_get'));
  t.deepEqual([total.ops.get!.hits, total.ops.get!.misses], [delta('get_hits'), delta('get_misses')]);
  t.is(total.ops.set!.count, delta('cmd_set'));
  const { repeated, ...skipped } = total.skipped;
  t.deepEqual(skipped, {});
});

live(`it holds no right while it counts, and leaves nothing when it is killed${why}`, async (t) => {
  const made = await network(t);
  const others = programs();
  const counting = await new Counting(made, ['--json']).running();
  const own = [...programs()].filter((id) => !others.has(id));
  t.true(own.length > 0);
  // ip(8) has become membench.
  const pid = counting.child.pid!;
  for (const line of rights(pid)) t.true(line.startsWith(without(65534).split(', CapEff')[0]!), line);
  process.kill(pid, 'SIGKILL');
  await counting.ended();
  await t.notThrowsAsync(until(() => own.every((id) => !programs().has(id)), 3));
});

live(`a user with only CAP_BPF and CAP_NET_ADMIN counts, and gives both up${why}`, async (t) => {
  const made = await network(t);
  const by = withCapabilities('+bpf,+net_admin');
  const counting = await new Counting(made, ['--json'], by).running();
  t.is(eachThread(counting.child.pid!, 'CapEff')[0], '0'.repeat(16));
  made.talk('get a\\r\\n');
  t.is(await counting.stop(), 0);
  t.is(counting.total.ops.get!.misses, 1);
});

live(`on a pipe it prints a line an interval, and the totals at the end${why}`, async (t) => {
  const made = await network(t);
  const counting = await new Counting(made, [
    '--interval',
    '100ms',
    '--duration',
    '1s',
    '--attach',
    'clsact',
  ]).running();
  made.talk('set a 0 0 1\\r\\nx\\r\\nget a b\\r\\n');
  t.is(await counting.ended(), 0);
  const lines = counting.out.split('\n').filter((line) => / requests\/s, hit ratio /.test(line));
  t.true(lines.length >= 1 && lines.length <= 10, counting.out);
  t.regex(counting.out, /\nget +\d+ +2 +1 +1 +0\n/);
  t.regex(counting.out, /\nset +\d+ +1 +0 +0 +0\n/);
  t.regex(counting.out, /\nanswers: 1 STORED, 1 END, 1 VALUE\n/);
  t.is(made.server('tc', 'filter', 'show', 'dev', DEVICE, 'ingress'), '');
});

live(`Prometheus reads the totals${why}`, async (t) => {
  const made = await network(t);
  const counting = await new Counting(made, ['--json', '--interval', '50ms', '--metrics', '0']).running();
  const [, url] = /metrics at (http:\/\/127\.0\.0\.1:\d+\/metrics)/.exec(counting.said)!;
  made.talk('set a 0 0 1\\r\\nx\\r\\nget a b\\r\\n');
  await until(() => counting.out !== '' && counting.total.answers.END === 1);
  const script = `const answer = await fetch('${url}'); console.log(answer.status, await answer.text())`;
  const text = made.server(process.execPath, '--input-type=module', '-e', script);
  t.regex(text, /^200 /);
  for (const sample of [
    'membench_commands_total{command="get"} 2',
    'membench_command_hits_total{command="get"} 1',
    'membench_command_misses_total{command="get"} 1',
    'membench_get_hits_total 1',
    'membench_answers_total{status="STORED"} 1',
    `membench_read_bytes_total ${'set a 0 0 1\r\nx\r\nget a b\r\nquit\r\n'.length}`,
  ]) {
    t.true(text.includes(`\n${sample}\n`), `${sample} in ${text}`);
  }
  const missing = made.server(
    process.execPath,
    '-e',
    `fetch('${url}x').then(({ status }) => console.log(status))`,
  );
  t.is(missing.trim(), '404');
  t.is(await counting.stop(), 0);
});
