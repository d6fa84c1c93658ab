/**
 * Core dumps of every process that holds packets or secrets, with all that would make one: no limit of size, a
 * pattern that pipes, and dumps of processes that have changed their user.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { temporary } from '../support/cli.js';
import { DEVICE, Network, PORT, Recording, takeTurns, until, whyNotLive } from '../support/network.js';

const PATTERN = '/proc/sys/kernel/core_pattern';
const SUID_DUMPABLE = '/proc/sys/fs/suid_dumpable';

function whyNotDumps(): string {
  const why = whyNotLive();
  if (why !== '') return why;
  try {
    for (const path of [PATTERN, SUID_DUMPABLE]) accessSync(path, constants.W_OK);
    return '';
  } catch {
    return 'needs to say where core dumps go';
  }
}

const reason = whyNotDumps();
test.before(takeTurns);
const serial = reason === '' ? test.serial : test.serial.skip;
const live = (title: string) => `${title}${reason && ` (${reason})`}`;

/** Nothing limits the size of what is dumped. */
const UNLIMITED = ['sh', '-c', 'ulimit -c unlimited; exec "$0" "$@"'];

/** Where the kernel's dumps go for one test. */
class Dumps {
  readonly #folder: string;

  constructor(t: ExecutionContext) {
    this.#folder = temporary(t);
    const keep = join(this.#folder, 'keep');
    writeFileSync(
      keep,
      `#!/bin/sh\ncat > ${this.#folder}/$1.part\nmv ${this.#folder}/$1.part ${this.#folder}/$1\n`,
    );
    chmodSync(keep, 0o700);
    for (const [path, value] of [
      [PATTERN, `|${keep} %P`],
      [SUID_DUMPABLE, '2'],
    ] as const) {
      const before = readFileSync(path, 'latin1').trim();
      t.teardown(() => writeFileSync(path, before));
      writeFileSync(path, value);
    }
  }

  /** The dump of a process, undefined where none was made; whole or not. */
  async of(pid: number): Promise<Buffer | undefined> {
    // What crashes later is dumped later, and this one is.
    const control = spawn(UNLIMITED[0]!, [
      ...UNLIMITED.slice(1),
      process.execPath,
      '-e',
      'globalThis.held = Buffer.from("Y29udHJvbA-canary"); process.kill(process.pid, "SIGABRT")',
    ]);
    await once(control, 'exit');
    const whole = join(this.#folder, String(control.pid));
    await until(() => statSync(whole).isFile());
    if (!readFileSync(whole).includes('Y29udHJvbA-canary')) throw new Error('dumps hold nothing here');
    await until(() => !readdirSync(this.#folder).includes(`${pid}.part`));
    return readdirSync(this.#folder).includes(String(pid))
      ? readFileSync(join(this.#folder, String(pid)))
      : undefined;
  }
}

/** What must not be in any dump. */
class Canaries {
  readonly secret = randomBytes(16);
  readonly key = `key-${randomBytes(12).toString('base64url')}`;
  readonly value = `value-${randomBytes(12).toString('base64url')}`;
  readonly keyFile: string;

  constructor(folder: string, hex: boolean) {
    this.keyFile = join(folder, 'key-file');
    writeFileSync(this.keyFile, hex ? this.secret.toString('hex') : this.secret, { mode: 0o600 });
  }

  /** Requests that hold the key and the value. */
  get requests(): string {
    const { key, value } = this;
    return `set ${key} 0 0 ${value.length}\\r\\n${value}\\r\\nget ${key}\\r\\n`;
  }

  /** Which of them are in a dump. */
  foundIn(dump: Buffer): string[] {
    const { secret, key, value } = this;
    const all = { secret, hex: secret.toString('hex'), key, value };
    return Object.entries(all).flatMap(([name, what]) => (dump.includes(what) ? [name] : []));
  }
}

/** The pid of a child of membench that runs this program. */
function childOf(recording: Recording, program: string): number {
  const out = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(recording.child.pid)], {
    encoding: 'utf8',
  });
  return Number(
    out
      .split('\n')
      .find((line) => line.includes(program))!
      .trim()
      .split(' ')[0],
  );
}

type Victim = 'parent' | 'recorder' | 'capturing child';

function pidOf(recording: Recording, victim: Victim): number {
  if (victim === 'parent') return recording.child.pid!;
  return victim === 'recorder' ? recording.recorderPid : childOf(recording, 'pcap/child.js');
}

/** Lets a process of a recording crash while it holds keys and values. Returns what it left, and of what. */
async function crash(
  t: ExecutionContext,
  victim: Victim,
  start: (network: Network, args: string[]) => Recording,
): Promise<{ dump: Buffer | undefined; found: string[] }> {
  const dumps = new Dumps(t);
  const network = new Network(t);
  await network.memcached();
  const folder = temporary(t);
  const canaries = new Canaries(folder, victim === 'parent');
  const profile = join(folder, 'out.mbp');
  const recording = start(network, ['--key-file', canaries.keyFile, profile]);
  await recording.running();
  const empty = statSync(profile).size;
  const pid = pidOf(recording, victim);
  network.talk(canaries.requests.repeat(20));
  await until(() => statSync(profile).size > empty);
  network.talk(canaries.requests.repeat(20));
  process.kill(pid, 'SIGABRT');
  await recording.ended();
  const dump = await dumps.of(pid);
  return { dump, found: dump === undefined ? [] : canaries.foundIn(dump) };
}

for (const [source, victims] of [
  ['ebpf', ['parent', 'recorder']],
  ['afpacket', ['parent', 'recorder']],
  ['pcap', ['parent', 'recorder', 'capturing child']],
] as const) {
  for (const victim of victims) {
    serial(live(`${source}: the ${victim} crashes and is not dumped`), async (t) => {
      t.timeout(60_000);
      const { dump, found } = await crash(t, victim, (network, args) =>
        network.recordAs(UNLIMITED, ...['--workers', '2'], `${source}:${DEVICE}`, ...args),
      );
      t.deepEqual(found, []);
      t.is(dump, undefined);
    });
  }
}

/** An installation without the C library's binding. */
function withoutKoffi(t: ExecutionContext): string {
  const folder = temporary(t);
  chmodSync(folder, 0o755);
  cpSync('dist', join(folder, 'dist'), { recursive: true });
  cpSync('package.json', join(folder, 'package.json'));
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync('node_modules')) {
    // In its place an empty folder, so that Node does not look for one further up.
    if (name === 'koffi') mkdirSync(join(folder, 'node_modules', name));
    else symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
  }
  return join(folder, 'dist/bin/membench.cjs');
}

for (const victim of ['parent', 'recorder', 'capturing child'] as const) {
  serial(live(`pcap without koffi: the ${victim} crashes and is not dumped`), async (t) => {
    t.timeout(60_000);
    const main = withoutKoffi(t);
    const { dump, found } = await crash(t, victim, (network, args) => {
      const command = [process.execPath, main, 'record', '-p', String(PORT), '--json', '--force'];
      return new Recording(network.start(...UNLIMITED, ...command, `pcap:${DEVICE}`, ...args));
    });
    t.deepEqual(found, []);
    t.is(dump, undefined);
  });
}

serial(live('a file: the process crashes and is not dumped'), async (t) => {
  t.timeout(60_000);
  const dumps = new Dumps(t);
  const network = new Network(t);
  await network.memcached();
  const folder = temporary(t);
  const canaries = new Canaries(folder, true);
  const capture = join(folder, 'traffic.pcap');
  const tcpdump = await network.capture(capture);
  network.talk(canaries.requests.repeat(20));
  await tcpdump.stop();
  t.true(readFileSync(capture).includes(canaries.value));
  const profile = join(folder, 'out.mbp');
  const options = ['--key-file', canaries.keyFile, '-p', String(PORT), '-q', '-', profile];
  const child: ChildProcess = spawn(
    UNLIMITED[0]!,
    [...UNLIMITED.slice(1), process.execPath, 'dist/bin/membench.cjs', 'record', ...options],
    { stdio: ['pipe', 'ignore', 'inherit'] },
  );
  child.stdin!.write(readFileSync(capture));
  // It goes on until its input ends, and what has come is sealed within a second.
  let empty = 0;
  await until(() => {
    const { size } = statSync(profile);
    empty ||= size;
    return size > empty;
  });
  child.kill('SIGABRT');
  await once(child, 'exit');
  const dump = await dumps.of(child.pid!);
  t.deepEqual(dump === undefined ? [] : canaries.foundIn(dump), []);
  t.is(dump, undefined);
});

test('the library leaves the process it runs in as it is', (t) => {
  const folder = temporary(t);
  const script = join(folder, 'host.mjs');
  const capture = resolve('test/fixtures/urgent.pcap');
  writeFileSync(
    script,
    `import { readFileSync } from 'node:fs';
    import { record } from ${JSON.stringify(resolve('dist/index.js'))};
    const filter = () => readFileSync('/proc/self/coredump_filter', 'latin1');
    const before = filter();
    await record({ source: ${JSON.stringify(capture)}, profile: ${JSON.stringify(join(folder, 'a.mbp'))} });
    const without = filter();
    await record({ source: ${JSON.stringify(capture)}, profile: ${JSON.stringify(join(folder, 'b.mbp'))}, hideMemory: true });
    console.log(JSON.stringify([without === before, Number(filter())]));`,
  );
  if (process.platform === 'linux') {
    t.is(execFileSync(process.execPath, [script], { encoding: 'utf8' }), '[true,0]\n');
  }
});
