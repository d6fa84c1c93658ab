import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Check, Diagnosis } from 'membench';
import { LAYOUT_HASH } from '#src/layout/generated.js';
import { membench, temporary } from '../support/cli.js';
import { takeTurns, whyNotLive } from '../support/network.js';

const built = ['node_modules/cap/build/Release/cap.node', 'dist/bpf/packets.bpf.o'].every(existsSync);
const reason = whyNotLive() || (built ? '' : 'needs cap and the BPF object, built');
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const because = reason && ` (${reason})`;

/** What `membench doctor --json` says when it is run by another command. */
function doctor(by: readonly string[], options: readonly string[] = []): Diagnosis {
  const [command, ...args] = [
    ...by,
    process.execPath,
    ...options,
    'dist/bin/membench.cjs',
    'doctor',
    '--json',
  ];
  const { status, stdout, stderr } = spawnSync(command!, args, { encoding: 'utf8' });
  if (stderr !== '') throw new Error(`exit ${status}: ${stderr}`);
  const diagnosis: Diagnosis = JSON.parse(stdout);
  // A script can ask whether anything live can be recorded here.
  if (status !== (diagnosis.best === 'file' ? 1 : 0))
    throw new Error(`exit ${status}: best ${diagnosis.best}`);
  return diagnosis;
}

/** A user with some rights and no others. */
function user(...rights: string[]): string[] {
  const id = ['setpriv', '--reuid', '12345', '--regid', '12345', '--clear-groups'];
  if (rights.length === 0) return id;
  const list = rights.map((right) => `+${right}`).join(',');
  return [...id, '--inh-caps', list, '--ambient-caps', list, '--bounding-set', `-all,${list}`];
}

/** A place where another file, or an empty folder, hides one; its mount table goes away with the process. */
function hiding(path: string, by = '/dev/null'): string[] {
  const mount = 'if [ -d "$0" ]; then mount -t tmpfs none "$0"; else mount --bind "$1" "$0"; fi';
  return ['unshare', '-m', 'sh', '-c', `${mount} && shift && exec "$@"`, realpathSync(path), by];
}

const works = ({ sources }: Diagnosis) => sources.filter((one) => one.works).map(({ source }) => source);

/** A check of a source by its name. */
function check({ sources }: Diagnosis, source: string, what: string): Check {
  const found = sources.find((one) => one.source === source)?.checks.find((one) => one.what === what);
  if (found === undefined) throw new Error(`${source} has no check of ${what}`);
  return found;
}

/** Names of what a source lacks. */
function missing({ sources }: Diagnosis, source: string): string[] {
  return sources
    .find((one) => one.source === source)!
    .checks.filter(({ ok }) => ok === false)
    .map(({ what }) => what);
}

test('doctor prints a table for people, in colour only where it is wanted', (t) => {
  const { code, stdout, stderr } = membench(['doctor']);
  t.is(code, 0);
  t.is(stderr, '');
  for (const source of ['file:PATH', 'pcap:IF', 'afpacket:IF', 'ebpf:IF']) {
    t.regex(stdout, new RegExp(`^${source} +(works|does not work)$`, 'm'));
  }
  t.regex(stdout, /\n(best for live traffic here: \w+:IF|no live source works here)\n$/);
  t.false(stdout.includes('\x1b'));
  t.true(membench(['doctor', '--color', 'always']).stdout.includes('\x1b[1m'));
});

live(`without rights: each right that is missing is named, with what to do${because}`, (t) => {
  const diagnosis = doctor(user());
  t.deepEqual(works(diagnosis), ['file']);
  t.is(diagnosis.best, 'file');
  t.deepEqual(missing(diagnosis, 'pcap'), ['CAP_NET_RAW', 'capture']);
  t.deepEqual(missing(diagnosis, 'afpacket'), ['CAP_NET_RAW', 'packet sockets']);
  t.deepEqual(missing(diagnosis, 'ebpf'), ['CAP_BPF', 'CAP_NET_ADMIN', 'load the programs']);
  t.deepEqual(check(diagnosis, 'afpacket', 'packet sockets'), {
    what: 'packet sockets',
    ok: false,
    found: 'lo: no permission to capture',
    fix: 'run as root or with CAP_NET_RAW',
  });
  t.like(check(diagnosis, 'pcap', 'CAP_NET_RAW'), {
    found: 'missing',
    fix: 'run as root or with CAP_NET_RAW',
  });
  t.regex(check(diagnosis, 'ebpf', 'load the programs').fix!, /CAP_BPF and CAP_NET_ADMIN/);
  t.is(check(diagnosis, 'ebpf', 'BPF object').found, 'built, for this layout');

  const [command, ...args] = [...user(), process.execPath, 'dist/bin/membench.cjs', 'doctor'];
  const { stdout: table, status } = spawnSync(command!, args, { encoding: 'utf8' });
  t.is(status, 1);
  t.regex(table, /^ebpf:IF +does not work$[\s\S]*^ +no +CAP_BPF +missing$[\s\S]*^ +to do: run it as root/m);
  t.true(table.endsWith('\nno live source works here\n'));
});

live(`a right is enough for the sources that need only this one${because}`, (t) => {
  const raw = doctor(user('net_raw'));
  t.deepEqual([works(raw), raw.best], [['file', 'pcap', 'afpacket'], 'afpacket']);
  const bpf = doctor(user('bpf', 'net_admin'));
  t.deepEqual([works(bpf), bpf.best], [['file', 'ebpf'], 'ebpf']);
  const perf = check(bpf, 'ebpf', 'perf buffer');
  t.is(perf.ok, null);
  t.regex(perf.found, /^not usable: the kernel will not open a perf event: /);
  t.true(check(bpf, 'ebpf', 'cgroup').ok);
  t.true(check(doctor(user('bpf', 'net_admin', 'perfmon')), 'ebpf', 'perf buffer').ok);
  t.deepEqual(missing(doctor(user('bpf')), 'ebpf'), ['CAP_NET_ADMIN', 'load the programs']);
  t.is(check(doctor(user('sys_admin', 'net_admin')), 'ebpf', 'CAP_BPF').found, 'CAP_SYS_ADMIN stands for it');
  const spaced = check(doctor(['unshare', '--user', '--map-root-user']), 'ebpf', 'CAP_BPF');
  t.like(spaced, { ok: false, found: 'held in a user namespace only' });
  const bound = doctor(['setpriv', '--bounding-set', '-setuid']);
  t.regex(check(bound, 'ebpf', 'user to decode').found, /^root here cannot become nobody: /);
  t.deepEqual(works(bound), ['file']);
});

live(`rights by the file of node are rights${because}`, (t) => {
  const folder = temporary(t);
  chmodSync(folder, 0o755);
  const node = join(folder, 'node');
  cpSync(process.execPath, node);
  execFileSync('setcap', ['cap_net_raw+ep', node]);
  const [command, ...args] = [...user(), node, 'dist/bin/membench.cjs', 'doctor', '--json'];
  const diagnosis: Diagnosis = JSON.parse(execFileSync(command!, args, { encoding: 'utf8' }));
  t.true(works(diagnosis).includes('afpacket'));
  t.deepEqual(missing(diagnosis, 'ebpf'), ['CAP_BPF', 'CAP_NET_ADMIN', 'load the programs']);
});

live(`what is not installed or not built is told, and what needs it is not tried${because}`, (t) => {
  const koffi = doctor(hiding('node_modules/koffi'));
  t.deepEqual([works(koffi), koffi.best], [['file', 'pcap'], 'pcap']);
  for (const source of ['afpacket', 'ebpf']) {
    t.like(check(koffi, source, 'koffi'), { ok: false, fix: 'npm install koffi' });
    t.regex(check(koffi, source, 'koffi').found, /^koffi cannot be loaded: /);
  }
  t.like(check(koffi, 'ebpf', 'load the programs'), { ok: null, found: 'not tried: koffi is missing' });
  t.true(check(koffi, 'ebpf', 'BPF object').ok);

  const cap = doctor(hiding('node_modules/cap'));
  t.deepEqual(works(cap), ['file', 'afpacket', 'ebpf']);
  t.like(check(cap, 'pcap', 'cap'), { ok: false, found: 'pcap:lo: cap is not installed' });
  t.regex(check(cap, 'pcap', 'cap').fix!, /^install libpcap-dev/);
  t.is(check(cap, 'pcap', 'capture').ok, null);

  const libraries = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  const library = (name: string) => new RegExp(`${name}\\.so\\.\\S+ .*=> (.*)`).exec(libraries)![1]!;
  const libbpf = doctor(hiding(library('libbpf')));
  t.deepEqual(missing(libbpf, 'ebpf'), ['libbpf 1.x']);
  t.regex(check(libbpf, 'ebpf', 'libbpf 1.x').fix!, /apt install libbpf1/);
  t.deepEqual(missing(doctor(hiding(library('libpcap'))), 'afpacket'), ['libpcap']);
});

live(`the BPF object has to be there, whole, and of this layout${because}`, (t) => {
  const object = (by: string[]) => {
    const diagnosis = doctor(by);
    t.deepEqual(works(diagnosis), ['file', 'pcap', 'afpacket']);
    t.deepEqual(missing(diagnosis, 'ebpf'), ['BPF object']);
    return check(diagnosis, 'ebpf', 'BPF object').found;
  };
  t.is(object(hiding('dist/bpf')), 'the BPF object is not built');
  t.is(object(hiding('dist/bpf/packets.bpf.o')), 'the BPF object is damaged');
  const bytes = readFileSync('dist/bpf/packets.bpf.o');
  const hash = Buffer.alloc(4);
  hash.writeUInt32LE(LAYOUT_HASH);
  const at = bytes.indexOf(hash);
  t.true(at > 0 && bytes.indexOf(hash, at + 1) < 0);
  bytes.writeUInt32LE(0xbad, at);
  const other = join(temporary(t), 'other.o');
  writeFileSync(other, bytes);
  t.regex(
    object(hiding('dist/bpf/packets.bpf.o', other)),
    /^the BPF object was built for layout bad, this is /,
  );
});

live(`what confines the process that decodes is found out by starting one${because}`, (t) => {
  const lacking = ({ decoder }: Diagnosis) => decoder.filter(({ ok }) => !ok).map(({ what }) => what);
  const root = doctor(['env']);
  t.deepEqual(
    root.decoder.map(({ what }) => what),
    ['user', 'capabilities', 'bounding set', 'no_new_privs', 'system calls', 'memory'],
  );
  t.deepEqual(lacking(root), []);
  t.like(root.decoder[0], { found: 'nobody (65534)' });
  t.regex(root.decoder[0]!.fix!, /^useradd --system membench: /);
  const other = doctor(user());
  t.deepEqual(lacking(other), ['bounding set']);
  t.like(other.decoder[0], { found: 'this one (12345)' });
  t.deepEqual(lacking(doctor(hiding('node_modules/koffi'))), [
    ...['bounding set', 'no_new_privs', 'system calls', 'memory'],
  ]);
  const unfiltered = doctor([process.execPath, 'build/test/support/without-seccomp.js', '38']);
  t.deepEqual(lacking(unfiltered), ['system calls']);
  const [start, ...rest] = doctor(['setpriv', '--bounding-set', '-setuid']).decoder;
  t.deepEqual([start!.what, start!.ok, rest], ['start', false, []]);
  t.regex(start!.found, /^the recorder cannot become the user 65534: EPERM/);

  const table = execFileSync(process.execPath, ['dist/bin/membench.cjs', 'doctor'], { encoding: 'utf8' });
  t.regex(table, /^decoding +confined$[\s\S]*^ +ok +system calls +a seccomp filter: /m);
});

live(`no loopback interface: what cannot be tried is not held against a source${because}`, (t) => {
  const diagnosis = doctor(['unshare', '--net']);
  t.deepEqual(works(diagnosis), ['file', 'pcap', 'afpacket', 'ebpf']);
  t.true(check(diagnosis, 'pcap', 'cap').ok);
  for (const [source, what] of [
    ['pcap', 'capture'],
    ['afpacket', 'packet sockets'],
  ] as const) {
    t.like(check(diagnosis, source, what), { ok: null, found: 'not tried: no loopback interface is up' });
  }
});

test('elsewhere than on Linux, its sources are not possible', (t) => {
  const pretend = 'Object.defineProperty(process, "platform", { value: "darwin" })';
  const diagnosis = doctor([], ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`]);
  for (const source of ['afpacket', 'ebpf'] as const) {
    t.deepEqual(diagnosis.sources.find((one) => one.source === source)!.checks, [
      { what: 'Linux', ok: false, found: 'darwin: not possible here', fix: 'use pcap:IF' },
    ]);
  }
  t.throws(() => check(diagnosis, 'pcap', 'CAP_NET_RAW'));
});
