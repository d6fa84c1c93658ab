import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { type Diagnosis, doctor } from 'membench';
import { takeTurns, until, whyNotLive } from '../support/network.js';

const built = ['node_modules/cap/build/Release/cap.node', 'dist/bpf/packets.bpf.o'].every(existsSync);
const reason = whyNotLive() || (built ? '' : 'needs cap and the BPF object, built');
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const because = reason && ` (${reason})`;

/** Processes this one has started and that are still there. */
function children(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      return new RegExp(`^PPid:\\t${process.pid}$`, 'm').test(status);
    } catch {
      return false;
    }
  });
}

const descriptors = () => readdirSync('/proc/self/fd').length;

/** Programs and maps of ours in the kernel; a recording somebody left running has some too. */
function inKernel(): string[] {
  return ['prog', 'map'].flatMap((kind) => {
    const said = execFileSync('bpftool', ['-j', kind, 'list'], { encoding: 'utf8' });
    const list: { name?: string; id: number }[] = JSON.parse(said);
    return list.filter(({ name }) => name?.startsWith('membench_')).map(({ id }) => `${kind} ${id}`);
  });
}

const works = ({ sources }: Diagnosis) => sources.filter((one) => one.works).map(({ source }) => source);

test('all sources are told of, and a file always works', async (t) => {
  const { sources, best } = await doctor();
  t.deepEqual(
    sources.map(({ source }) => source),
    ['file', 'pcap', 'afpacket', 'ebpf'],
  );
  t.true(sources[0]!.works);
  t.true(sources.find(({ source }) => source === best)!.works);
  for (const { works, checks, note } of sources) {
    t.true(checks.length > 0 && note !== '');
    t.is(
      works,
      checks.every(({ ok }) => ok !== false),
    );
    for (const { found, fix } of checks) t.false(/\n/.test(`${found}${fix}`));
  }
});

live(`as root all work, each thing was tried, and nothing is left${because}`, async (t) => {
  const others = inKernel();
  // What is loaded once, stays.
  await doctor();
  const before = descriptors();
  const diagnosis = await doctor();
  t.deepEqual(works(diagnosis), ['file', 'pcap', 'afpacket', 'ebpf']);
  t.is(diagnosis.best, 'ebpf');
  for (const { source, checks } of diagnosis.sources) {
    for (const { what, ok } of checks) t.true(ok, `${source}: ${what}`);
  }
  const found = (source: string) =>
    Object.fromEntries(
      diagnosis.sources.find((one) => one.source === source)!.checks.map(({ what, found }) => [what, found]),
    );
  t.like(found('pcap'), { CAP_NET_RAW: 'held', capture: 'works on lo' });
  t.like(found('afpacket'), { CAP_NET_RAW: 'held', 'packet sockets': 'open on lo' });
  t.like(found('ebpf'), {
    CAP_BPF: 'held',
    CAP_NET_ADMIN: 'held',
    'user to decode': 'nobody, without any right',
  });
  t.regex(found('ebpf')['libbpf 1.x']!, /^1\.\d+$/);
  t.deepEqual(children(), []);
  await t.notThrowsAsync(until(() => descriptors() === before, 2));
  await t.notThrowsAsync(until(() => inKernel().every((one) => others.includes(one)), 2));
});
