import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { type PcapExit, type PcapOptions, portFilter } from '#src/source/pcap/open.js';
import { temporary } from '../support/cli.js';

const HELPER = fileURLToPath(new URL('./pcap-helper.js', import.meta.url));
const TRAFFIC = fileURLToPath(new URL('./pcap-traffic.js', import.meta.url));
/** Names of `nobody` differ, its number hardly does. */
const NOBODY = { uid: 65534, gid: 65534 };
const PORT = 11911;
const RANGE = 11920;
const OTHER = 11940;

const missing = ['ip'].filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
const built = existsSync('node_modules/cap/build/Release/cap.node');
const reason =
  process.getuid?.() !== 0
    ? 'needs root'
    : missing.length
      ? `needs ${missing.join(', ')}`
      : built
        ? ''
        : 'needs cap, built';
const because = reason && ` (${reason})`;
const live = reason === '' ? test.serial : test.serial.skip;

interface Opened {
  pid: number;
  reader: number;
  linktype: number;
  fifo: boolean;
}

/** A capturing parent in the namespace. */
class Helper {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(process: ChildProcess) {
    this.process = process;
    this.#lines = createInterface({ input: process.stdout! })[Symbol.asyncIterator]();
  }

  /** The next thing it says. */
  async says<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the helper ended');
    return JSON.parse(value) as T;
  }

  /** Lets the capture stop and everything end. */
  async stop(): Promise<PcapExit> {
    this.process.stdin!.write('stop\n');
    return this.ended();
  }

  async ended(): Promise<PcapExit> {
    let exit: PcapExit | undefined;
    for (let i = 0; i < 2; i++) exit = (await this.says<{ exit?: PcapExit }>()).exit ?? exit;
    this.process.stdin!.end();
    return exit!;
  }
}

let spaces = 0;

/** A network namespace of our own, removed at the end with all that runs in it. */
class Namespace {
  readonly #name = `membench-pcap-${process.pid}-${spaces++}`;
  readonly #children: ChildProcess[] = [];

  constructor(t: ExecutionContext) {
    execFileSync('ip', ['netns', 'add', this.#name]);
    t.teardown(async () => {
      for (const child of this.#children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      execFileSync('ip', ['netns', 'delete', this.#name]);
    });
    this.run('ip', 'link', 'set', 'lo', 'up');
  }

  run(...command: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.#name, ...command], { encoding: 'utf8' });
  }

  start(...command: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#name, ...command], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    return child;
  }

  traffic(kind: 'tcp' | 'udp' | 'bulk', port: number, n: number): void {
    this.run(process.execPath, TRAFFIC, kind, String(port), String(n));
  }

  open(path: string, options: Partial<PcapOptions> & { become?: number } = {}, helper = HELPER): Helper {
    const all = {
      interface: 'lo',
      ports: [
        [PORT, PORT],
        [RANGE, RANGE + 9],
      ],
      bufferBytes: 64 << 20,
      user: NOBODY,
      ...options,
    };
    return new Helper(this.start(process.execPath, helper, JSON.stringify(all), path));
  }
}

interface Packet {
  /** Unix time, nanoseconds. */
  time: bigint;
  captured: number;
  length: number;
  protocol: number;
  ports: [number, number];
  payload: string;
}

/** Reads a classic pcap file with nanoseconds and Ethernet by hand, and only IPv4 in it. */
function parse(path: string): { linktype: number; packets: Packet[] } {
  const file = readFileSync(path);
  const head = [0, 4, 6, 8, 12, 16, 20].map((at) =>
    at === 4 || at === 6 ? file.readUInt16LE(at) : file.readUInt32LE(at),
  );
  if (head.slice(0, 6).join() !== [0xa1b23c4d, 2, 4, 0, 0, 262144].join()) throw new Error(`header ${head}`);
  const packets: Packet[] = [];
  for (let at = 24; at < file.length; ) {
    const [seconds, nanoseconds] = [file.readUInt32LE(at), file.readUInt32LE(at + 4)];
    if (nanoseconds >= 1e9) throw new Error(`${nanoseconds} ns`);
    const captured = file.readUInt32LE(at + 8);
    const data = file.subarray(at + 16, at + 16 + captured);
    if (data.length !== captured) throw new Error('the last record is cut');
    if (data.readUInt16BE(12) !== 0x0800) throw new Error('not IPv4');
    const ip = data.subarray(14);
    const transport = ip.subarray((ip[0]! & 15) * 4);
    const protocol = ip[9]!;
    const skip = protocol === 6 ? (transport[12]! >> 4) * 4 : 8;
    packets.push({
      time: BigInt(seconds) * 1000000000n + BigInt(nanoseconds),
      captured,
      length: file.readUInt32LE(at + 12),
      protocol,
      ports: [transport.readUInt16BE(0), transport.readUInt16BE(2)],
      payload: transport.subarray(skip).toString('latin1'),
    });
    at += 16 + captured;
  }
  return { linktype: head[6]!, packets };
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (what()) return;
    await sleep(25);
  }
  throw new Error('waited in vain');
}

/** Whether a process runs; one that waits for its parent to look at it does not. */
function runs(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

test('the filter takes both protocols, ranges and tagged packets', (t) => {
  const ports = [
    [11211, 11211],
    [11300, 11310],
  ] as const;
  t.is(portFilter(ports, false), '(tcp or udp) and (port 11211 or portrange 11300-11310)');
  t.is(portFilter([[1, 1]], true), '((tcp or udp) and (port 1)) or (vlan and (tcp or udp) and (port 1))');
});

live(`every packet of the ports, once, whole, with its time${because}`, async (t) => {
  const path = join(temporary(t), 'out.pcap');
  const space = new Namespace(t);
  const helper = space.open(path);
  const opened = await helper.says<Opened>();
  t.is(opened.linktype, 1);
  t.true(opened.fifo);
  const before = BigInt(Date.now()) * 1000000n;
  space.traffic('udp', PORT, 100);
  space.traffic('udp', OTHER, 20);
  space.traffic('tcp', RANGE + 9, 150);
  space.traffic('tcp', RANGE + 10, 20);
  space.traffic('tcp', PORT, 50);
  const after = BigInt(Date.now() + 1) * 1000000n;
  t.deepEqual(await helper.stop(), { code: 0, signal: null });

  const { linktype, packets } = parse(path);
  t.is(linktype, 1);
  const own = (port: number) => packets.filter(({ ports }) => ports.includes(port));
  const udp = own(PORT).filter(({ protocol }) => protocol === 17);
  t.deepEqual(
    udp.map(({ payload }) => payload),
    Array.from({ length: 200 }, (_, i) => `datagram ${i >> 1}`),
  );
  for (const [port, n] of [
    [RANGE + 9, 150],
    [PORT, 50],
  ] as const) {
    const tcp = own(port).filter(({ protocol, payload }) => protocol === 6 && payload !== '');
    const sent = Array.from({ length: n }, (_, i) => `request ${i}\r\n`).join('');
    t.is(tcp.length, 2 * n);
    t.is(tcp.map(({ ports: [, to], payload }) => (to === port ? payload : '')).join(''), sent);
    t.is(tcp.map(({ ports: [from], payload }) => (from === port ? payload : '')).join(''), sent);
  }
  t.is(packets.length, own(PORT).length + own(RANGE + 9).length);
  t.true(packets.every(({ captured, length }) => captured === length));
  t.true(packets.every(({ time }, i) => i === 0 || time >= packets[i - 1]!.time));
  t.true(packets[0]!.time >= before);
  t.true(packets.at(-1)!.time <= after);
  t.true(new Set(packets.map(({ time }) => time % 1000000n)).size > packets.length / 4, 'below milliseconds');
});

live(`segments of 64 KiB do not lose bytes without a sign${because}`, async (t) => {
  const path = join(temporary(t), 'out.pcap');
  const space = new Namespace(t);
  const helper = space.open(path, { bufferBytes: 256 << 20 });
  await helper.says<Opened>();
  space.traffic('bulk', PORT, 20 << 20);
  await sleep(100);
  await helper.stop();
  const { packets } = parse(path);
  const large = packets.filter(({ captured }) => captured >= 65535);
  t.log(`${large.length} of ${packets.length} packets fill the snaplen`);
  t.true(large.every(({ length }) => length >= 14 + 65535));
  t.true(packets.every(({ captured, length }) => captured === length || captured === 65535));
});

live(`packets come soon, and not only when there are many${because}`, async (t) => {
  const path = join(temporary(t), 'out.pcap');
  const space = new Namespace(t);
  const helper = space.open(path);
  await helper.says<Opened>();
  await until(() => statSync(path).size === 24);
  space.traffic('udp', PORT, 1);
  await until(() => parse(path).packets.length === 2);
  t.is((await helper.stop()).code, 0);
});

live(`the child has no rights once the device is open${because}`, async (t) => {
  const space = new Namespace(t);
  const helper = space.open('/dev/null');
  const { pid } = await helper.says<Opened>();
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(status)?.[1];
  t.is(field('Uid'), '65534\t65534\t65534\t65534');
  t.is(field('Gid'), '65534\t65534\t65534\t65534');
  t.is(field('Groups'), '');
  t.is(field('CapEff'), '0000000000000000');
  t.is(field('CapPrm'), '0000000000000000');
  t.regex(readFileSync(`/proc/${pid}/limits`, 'latin1'), /^Max core file size +0 +0 /m);
  t.is(readFileSync(`/proc/${pid}/environ`, 'latin1').replace(/(PWD|OLDPWD|SHLVL|_)=[^\0]*\0/g, ''), '');
  await helper.stop();
});

live(`a killed parent leaves no child, idle or under load${because}`, async (t) => {
  for (const load of [false, true]) {
    const path = join(temporary(t), 'out.pcap');
    const space = new Namespace(t);
    const helper = space.open(path);
    const { pid, reader } = await helper.says<Opened>();
    if (load) {
      space.start(process.execPath, TRAFFIC, 'flood', String(PORT));
      await until(() => statSync(path).size > 1 << 20);
    }
    t.true(runs(pid));
    helper.process.kill('SIGKILL');
    await until(() => !runs(pid));
    // It wrote whole records only.
    await until(() => !runs(reader));
    t.notThrows(() => parse(path).packets.length);
  }
});

live(`it ends when nobody reads any more, and when told to under load${because}`, async (t) => {
  const path = join(temporary(t), 'out.pcap');
  const space = new Namespace(t);
  space.start(process.execPath, TRAFFIC, 'flood', String(PORT));
  const one = space.open(path);
  const { reader } = await one.says<Opened>();
  await until(() => statSync(path).size > 1 << 20);
  process.kill(reader, 'SIGKILL');
  t.deepEqual(await one.ended(), { code: 0, signal: null });

  const two = space.open(path);
  await two.says<Opened>();
  await until(() => statSync(path).size > 1 << 20);
  t.deepEqual(await two.stop(), { code: 0, signal: null });
  const { packets } = parse(path);
  t.true(packets.every(({ time }, i) => i === 0 || time >= packets[i - 1]!.time));

  // A reader that hangs: the child is stuck in writing.
  const three = space.open(path);
  const stuck = await three.says<Opened>();
  process.kill(stuck.reader, 'SIGSTOP');
  await sleep(300);
  three.process.stdin!.write('stop\n');
  const { exit } = await three.says<{ exit: PcapExit }>();
  t.is(exit.signal, 'SIGKILL');
  process.kill(stuck.reader, 'SIGCONT');
  three.process.stdin!.end();
});

live(`signals of a terminal are the parent's${because}`, async (t) => {
  const space = new Namespace(t);
  const helper = space.open(join(temporary(t), 'out.pcap'));
  const { pid } = await helper.says<Opened>();
  process.kill(pid, 'SIGINT');
  process.kill(pid, 'SIGTERM');
  await sleep(100);
  t.true(runs(pid));
  t.deepEqual(await helper.stop(), { code: 0, signal: null });
});

live(`an interface that goes down ends it, and that is said${because}`, async (t) => {
  const space = new Namespace(t);
  space.run('ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
  space.run('ip', 'link', 'set', 'v0', 'up');
  const helper = space.open(join(temporary(t), 'out.pcap'), { interface: 'v0' });
  await helper.says<Opened>();
  space.run('ip', 'link', 'set', 'v0', 'down');
  t.deepEqual(await helper.ended(), {
    code: null,
    signal: 'SIGABRT',
    message: 'v0: the capture broke off, as it does when the interface goes down',
  });
});

live(`links without tags, and all interfaces${because}`, async (t) => {
  const path = join(temporary(t), 'out.pcap');
  const space = new Namespace(t);
  const helper = space.open(path, { interface: 'any' });
  t.is((await helper.says<Opened>()).linktype, 113);
  await helper.stop();
  t.is(readFileSync(path).readUInt32LE(20), 113);
});

live(`what cannot be opened is one clear line${because}`, async (t) => {
  const space = new Namespace(t);
  space.run('ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
  const says = (options: Partial<PcapOptions> & { become?: number }) =>
    space.open('/dev/null', options).says<object>();
  const name = 'MembenchError';
  t.deepEqual(await says({ interface: 'nosuch' }), {
    name,
    code: 'ERR_MEMBENCH_SOURCE',
    message: 'nosuch: there is no such interface',
    hint: 'interfaces here: lo, v0, v1; any is all of them',
  });
  t.deepEqual(await says({ interface: 'v0' }), {
    name,
    code: 'ERR_MEMBENCH_SOURCE',
    message: 'v0: the interface is down',
    hint: 'ip link set v0 up',
  });
  t.deepEqual(await says({ become: 65534, user: null }), {
    name,
    code: 'ERR_MEMBENCH_SOURCE',
    message: 'lo: no permission to capture',
    hint: 'run as root or with CAP_NET_RAW',
  });
  t.deepEqual(await says({ user: null }), {
    name,
    code: 'ERR_MEMBENCH_PRIVILEGE',
    message: 'packets are never captured with the rights of root',
  });
  t.deepEqual(await says({ user: { uid: 0, gid: 0 } }), {
    name,
    code: 'ERR_MEMBENCH_PRIVILEGE',
    message: 'lo: the capturing process could not give up rights: it would capture as root',
  });
});

live(`without cap, or where it was not built, that is what is said${because}`, async (t) => {
  const folder = temporary(t);
  chmodSync(folder, 0o755);
  cpSync('dist', join(folder, 'dist'), { recursive: true });
  cpSync(HELPER, join(folder, 'helper.js'));
  cpSync('package.json', join(folder, 'package.json'));
  const space = new Namespace(t);
  const says = () =>
    space
      .open('/dev/null', {}, join(folder, 'helper.js'))
      .says<{ code: string; message: string; hint: string }>();
  // An empty folder, so that Node does not look for one further up.
  const cap = join(folder, 'node_modules/cap');
  mkdirSync(cap, { recursive: true });
  const absent = await says();
  t.is(absent.code, 'ERR_MEMBENCH_UNSUPPORTED');
  t.is(absent.message, 'pcap:lo: cap is not installed');
  t.regex(absent.hint, /^install libpcap-dev/);
  for (const part of ['lib', 'package.json']) {
    cpSync(join('node_modules/cap', part), join(cap, part), { recursive: true });
  }
  t.is((await says()).message, 'pcap:lo: cap is installed but was not built');
  mkdirSync(join(cap, 'build/Release'), { recursive: true });
  writeFileSync(join(cap, 'build/Release/cap.node'), 'not an addon');
  t.regex((await says()).message, /^pcap:lo: cap does not load: .*cap\.node/);
});
