import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { AfpacketStatistics } from '#src/source/afpacket/open.js';
import { COPIES_CLIENTS, type HelperOptions } from './afpacket-copies.js';
import type { Seen } from './afpacket-ring.js';

const HELPER = fileURLToPath(new URL('./afpacket-helper.js', import.meta.url));
const TRAFFIC = fileURLToPath(new URL('./afpacket-traffic.js', import.meta.url));
const SERVER = '10.98.0.1';
const CLIENT = '10.98.0.2';
/** Ends of the pair. */
const DEVICE = 'srv0';
const CLIENT_DEVICE = 'cli0';
const PORT = 12011;
const RANGE = 12020;
const OTHER = 12040;
const NOBODY = 65534;
const [FIN, SYN] = [1, 2];
// Packet types of linux/if_packet.h.
const [HOST, OTHERHOST, OUTGOING] = [0, 3, 4];

const missing = ['ip', 'unshare'].filter(
  (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0,
);
const reason =
  process.platform !== 'linux'
    ? 'needs Linux'
    : process.getuid?.() !== 0
      ? 'needs root'
      : missing.length
        ? `needs ${missing.join(', ')}`
        : '';
const because = reason && ` (${reason})`;
const live = reason === '' ? test.serial : test.serial.skip;

interface Opened {
  fds: number[];
  blockSize: number;
  blockCount: number;
  linktype: string;
}

interface Failure {
  name?: string;
  code?: string;
  message: string;
  hint?: string;
}

/** A process with the sockets. */
class Helper {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(process: ChildProcess) {
    this.#process = process;
    this.#lines = createInterface({ input: process.stdout! })[Symbol.asyncIterator]();
  }

  /** The next thing it says. */
  async says<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the helper ended');
    return JSON.parse(value) as T;
  }

  async asked<T>(command: string): Promise<T> {
    this.#process.stdin!.write(`${command}\n`);
    return this.says<T>();
  }

  start = () => this.asked<object>('start');
  read = () => this.asked<Seen[]>('read');
  inherit = () => this.asked<Seen[]>('inherit');
  statistics = () => this.asked<AfpacketStatistics>('statistics');
}

let networks = 0;

/** Two network namespaces joined by a veth pair, removed at the end with all that runs in them. */
class Network {
  readonly #id = `membench-afp-${process.pid}-${networks++}`;
  readonly #children: ChildProcess[] = [];

  constructor(t: ExecutionContext) {
    const names = [this.#name('server'), this.#name('client')];
    t.teardown(async () => {
      for (const child of this.#children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      for (const name of names) spawnSync('ip', ['netns', 'delete', name]);
    });
    for (const name of names) execFileSync('ip', ['netns', 'add', name]);
    const [server, client] = names as [string, string];
    execFileSync('ip', [
      ...['link', 'add', DEVICE, 'netns', server, 'type', 'veth'],
      ...['peer', 'name', CLIENT_DEVICE, 'netns', client],
    ]);
    this.ip('server', 'address', 'add', `${SERVER}/24`, 'dev', DEVICE);
    this.ip('client', 'address', 'add', `${CLIENT}/24`, 'dev', CLIENT_DEVICE);
    this.ip('server', 'link', 'set', DEVICE, 'up');
    this.ip('client', 'link', 'set', CLIENT_DEVICE, 'up');
    this.ip('server', 'link', 'set', 'lo', 'up');
  }

  #name(side: 'server' | 'client'): string {
    return `${this.#id}-${side}`;
  }

  ip(side: 'server' | 'client', ...args: string[]): void {
    execFileSync('ip', ['-n', this.#name(side), ...args]);
  }

  /** Runs the traffic there; returns the ports it came from. */
  traffic(side: 'server' | 'client', ...args: (string | number)[]): number[] {
    const said = execFileSync(
      'ip',
      ['netns', 'exec', this.#name(side), process.execPath, TRAFFIC, ...args.map(String)],
      { encoding: 'utf8' },
    );
    return JSON.parse(said) as number[];
  }

  /** @param hide a file or folder that is not there for the helper */
  helper(options: Partial<HelperOptions> = {}, hide?: string): Helper {
    const all = {
      interface: DEVICE,
      ports: [
        [PORT, PORT],
        [RANGE, RANGE + 9],
      ],
      workers: 4,
      bufferBytes: 16 << 20,
      echo: [PORT, RANGE + 3, OTHER],
      ...options,
    } satisfies HelperOptions;
    const node = [process.execPath, HELPER, JSON.stringify(all)];
    // Both mount tables go away with the process.
    const mount = 'if [ -d "$0" ]; then mount -t tmpfs none "$0"; else mount --bind /dev/null "$0"; fi';
    const command = hide ? ['unshare', '-m', 'sh', '-c', `${mount} && exec "$@"`, hide, ...node] : node;
    const child = spawn('ip', ['netns', 'exec', this.#name('server'), ...command], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    return new Helper(child);
  }

  async opened(options: Partial<HelperOptions> = {}): Promise<[Helper, Opened]> {
    const helper = this.helper(options);
    return [helper, await helper.says<Opened>()];
  }
}

/** Whether the flow of a client's port goes by in one packet. */
const of = (local: number) => (packet: Seen) => packet.source === local || packet.target === local;

function sum(packets: readonly Seen[]): number {
  return packets.reduce((all, { size }) => all + size, 0);
}

live(`both directions of each flow come to one socket, and only of the ports${because}`, async (t) => {
  const network = new Network(t);
  const [helper, opened] = await network.opened();
  t.is(opened.fds.length, 4);
  t.is(opened.linktype, 'ethernet');
  t.is(opened.blockSize * opened.blockCount * 4, 16 << 20);

  network.traffic('client', 'udp', SERVER, PORT, 4);
  t.deepEqual(await helper.read(), [], 'nothing before the start');
  t.deepEqual(await helper.statistics(), { packets: 0, drops: 0, freezes: 0 });
  await helper.start();

  const before = Date.now() / 1000;
  const tcp = network.traffic('client', 'tcp', SERVER, PORT, 24, 5000);
  const udp = network.traffic('client', 'udp', SERVER, RANGE + 3, 24);
  network.traffic('client', 'tcp', SERVER, OTHER, 4, 5000);
  network.traffic('client', 'udp', SERVER, OTHER, 4);
  const packets = await helper.read();
  t.deepEqual(
    packets.filter((packet) => ![...tcp, ...udp].some((local) => of(local)(packet))),
    [],
  );
  for (const local of tcp) {
    const flow = packets.filter(of(local));
    t.is(new Set(flow.map(({ socket }) => socket)).size, 1);
    const requests = flow.filter(({ target }) => target === PORT);
    const responses = flow.filter(({ source }) => source === PORT);
    for (const direction of [requests, responses]) {
      t.is(direction.filter(({ flags }) => flags & SYN).length, 1);
      t.is(direction.filter(({ flags }) => flags & FIN).length, 1);
      t.is(sum(direction), 5000);
    }
    t.is(new Set(requests.map(({ type }) => type)).size, 1);
  }
  for (const local of udp) {
    const flow = packets.filter(of(local));
    t.deepEqual(
      flow.map(({ transport, target, payload, type }) => ({ transport, target, payload, type })),
      [
        { transport: 'udp', target: RANGE + 3, payload: 'datagram', type: HOST },
        { transport: 'udp', target: local, payload: 'datagram', type: OUTGOING },
      ],
    );
    t.is(flow[0]!.socket, flow[1]!.socket);
  }
  t.true(new Set(packets.map(({ socket }) => socket)).size > 1, 'the flows are shared out');
  t.true(packets.every(({ time }) => time > before - 1 && time < before + 60));
  t.true(packets.every(({ length, kept }) => length === kept));
  t.deepEqual(await helper.statistics(), { packets: packets.length, drops: 0, freezes: 0 });
  t.deepEqual(await helper.statistics(), { packets: 0, drops: 0, freezes: 0 });
});

for (const workers of [1, 3]) {
  live(
    `loopback shows each packet once to ${workers} socket${workers > 1 ? 's' : ''}${because}`,
    async (t) => {
      const network = new Network(t);
      const [helper] = await network.opened({ interface: 'lo', workers });
      await helper.start();
      const udp = network.traffic('server', 'udp', '127.0.0.1', PORT, 16);
      const tcp = network.traffic('server', 'tcp', '127.0.0.1', PORT, 4, 300_000);
      const packets = await helper.read();
      for (const local of udp) t.is(packets.filter(of(local)).length, 2);
      // Seen twice it would be 1,200,000 bytes. A busy machine may send some again.
      for (const local of tcp) {
        const bytes = sum(packets.filter(of(local)));
        t.true(bytes >= 600_000 && bytes < 900_000, `${bytes} bytes`);
      }
      for (const local of [...udp, ...tcp])
        t.is(new Set(packets.filter(of(local)).map(({ socket }) => socket)).size, 1);
      t.is(new Set(packets.map(({ socket }) => socket)).size > 1, workers > 1);
      const largest = packets.reduce((a, b) => (a.length > b.length ? a : b));
      t.true(largest.length > 32_768, 'packets of segmentation offload are among them');
      t.true(packets.every(({ length, kept }) => length === kept));
      t.deepEqual(await helper.statistics(), { packets: packets.length, drops: 0, freezes: 0 });
    },
  );
}

live(`a process without rights reads the sockets it inherited${because}`, async (t) => {
  const network = new Network(t);
  const [helper] = await network.opened({ workers: 2 });
  await helper.start();
  const udp = network.traffic('client', 'udp', SERVER, PORT, 16);
  const packets = await helper.inherit();
  t.is(packets.length, 32);
  for (const local of udp) t.is(new Set(packets.filter(of(local)).map(({ socket }) => socket)).size, 1);
});

live(`packets with VLAN tags come${because}`, async (t) => {
  const network = new Network(t);
  // So many that a packet nobody found the port of would come to another one than the rest.
  const [helper] = await network.opened({ workers: 16 });
  await helper.start();
  const sockets = new Set<number>();
  const taken = async (side: 'server' | 'client', ...tags: number[]) => {
    const device = side === 'client' ? CLIENT_DEVICE : DEVICE;
    network.traffic(side, 'frame', device, PORT, ...tags);
    network.traffic(side, 'frame', device, OTHER, ...tags);
    return (await helper.read()).map(({ target, payload, type, vlan, socket }) => {
      sockets.add(socket);
      return { target, payload, type, vlan };
    });
  };
  const incoming = { target: PORT, payload: 'tagged', type: OTHERHOST, vlan: null };
  t.deepEqual(await taken('client'), [incoming]);
  // The kernel takes the first tag out of what comes in.
  t.deepEqual(await taken('client', 0x8100), [{ ...incoming, vlan: 7 }]);
  t.deepEqual(await taken('client', 0x88a8, 0x8100), [{ ...incoming, vlan: 7 }]);
  const outgoing = { ...incoming, type: OUTGOING };
  t.deepEqual(await taken('server'), [outgoing]);
  t.deepEqual(await taken('server', 0x8100), [outgoing]);
  t.is(sockets.size, 1, 'all are of one client port');
});

live(`a snaplen keeps the beginning of packets and their length${because}`, async (t) => {
  const network = new Network(t);
  const [helper] = await network.opened({ snaplen: 100 });
  await helper.start();
  network.traffic('client', 'tcp', SERVER, PORT, 2, 5000);
  const packets = await helper.read();
  t.true(packets.some(({ length, kept }) => length > 1000 && kept === 100));
  t.true(packets.every(({ length, kept }) => kept === Math.min(length, 100)));
});

live(`what a full ring drops is counted, and what came is still there${because}`, async (t) => {
  const network = new Network(t);
  const [helper, { blockCount }] = await network.opened({
    interface: 'lo',
    workers: 2,
    bufferBytes: 0,
    echo: [],
  });
  t.is(blockCount, 4);
  await helper.start();
  network.traffic('server', 'flood', '127.0.0.1', PORT, 5000);
  const packets = await helper.read();
  const { packets: taken, drops, freezes } = await helper.statistics();
  t.true(drops > 0);
  t.is(taken, packets.length + drops);
  t.true(freezes > 0);
  network.traffic('server', 'flood', '127.0.0.1', PORT, 100);
  const later = await helper.read();
  t.true(later.length > 0);
  t.deepEqual(await helper.statistics(), { packets: later.length, drops: 0, freezes: 0 });
});

const tun = existsSync('/dev/net/tun') ? live : test.serial.skip;

tun(`packets of a layer 3 device begin with the IP header${because}`, async (t) => {
  const network = new Network(t);
  const [helper, { linktype }] = await network.opened({
    interface: 'tun0',
    tun: [PORT, OTHER, RANGE],
    echo: [],
  });
  t.is(linktype, 'raw');
  await helper.start();
  await helper.asked('tun');
  const packets = await helper.read();
  t.deepEqual(packets.map(({ payload }) => payload).sort(), [
    `to ${PORT}`,
    `to ${PORT}`,
    `to ${RANGE}`,
    `to ${RANGE}`,
  ]);
});

tun(`all copies of a flow come to one socket, whatever is translated${because}`, async (t) => {
  const network = new Network(t);
  const workers = 3;
  const [helper] = await network.opened({
    interface: 'tun0',
    tun: [PORT, RANGE + 9],
    workers,
    // More ranges than a condition can step over.
    ports: [...Array.from({ length: 90 }, (_, i) => [100 + 2 * i, 100 + 2 * i] as const), [PORT, RANGE + 9]],
    echo: [],
  });
  await helper.start();
  await helper.asked('copies');
  const packets = await helper.read();
  const clients = new Set(packets.map(({ source, target }) => (target < 20_000 ? source : target)));
  t.is(clients.size, COPIES_CLIENTS);
  const shares = new Array<number>(workers).fill(0);
  for (const local of clients) {
    const flow = packets.filter(of(local));
    // Both directions, three server addresses, two server ports, two client addresses; IPv6.
    t.is(flow.length, 2 * (3 * 2 * 2 + 1));
    t.is(new Set(flow.map(({ socket }) => socket)).size, 1);
    shares[flow[0]!.socket]! += 1;
  }
  // Linux gives clients even ports only: each third still has its share.
  for (const share of shares) t.true(share > clients.size / workers / 2, shares.join());
  // Between two servers both ports are shared.
  await helper.asked('servers');
  const between = await helper.read();
  t.is(between.length, 2);
  t.is(new Set(between.map(({ socket }) => socket)).size, 1);
});

live(`two captures at a time do not share packets${because}`, async (t) => {
  const network = new Network(t);
  const helpers = [(await network.opened())[0], (await network.opened({ echo: [] }))[0]];
  for (const helper of helpers) await helper.start();
  network.traffic('client', 'udp', SERVER, PORT, 16);
  for (const helper of helpers) t.is((await helper.read()).length, 32);
});

live(`after the interface was down packets come again${because}`, async (t) => {
  const network = new Network(t);
  const [helper] = await network.opened();
  await helper.start();
  network.ip('server', 'link', 'set', DEVICE, 'down');
  await sleep(50);
  network.ip('server', 'link', 'set', DEVICE, 'up');
  const udp = network.traffic('client', 'udp', SERVER, PORT, 16);
  const packets = await helper.read();
  t.is(packets.length, 32);
  for (const local of udp) t.is(new Set(packets.filter(of(local)).map(({ socket }) => socket)).size, 1);
});

live(`each thing that is missing is one clear error${because}`, async (t) => {
  const network = new Network(t);
  const fails = async (options: Partial<HelperOptions>, hide?: string) => {
    const { name, ...failure } = await network.helper({ echo: [], ...options }, hide).says<Failure>();
    t.is(name, 'MembenchError');
    t.false(failure.message.includes('\n'));
    return failure;
  };
  t.like(await fails({ interface: 'none0' }), {
    code: 'ERR_MEMBENCH_SOURCE',
    message: 'none0: there is no such interface',
  });
  t.deepEqual(await fails({ become: NOBODY }), {
    code: 'ERR_MEMBENCH_SOURCE',
    message: `${DEVICE}: no permission to capture`,
    hint: 'run as root or with CAP_NET_RAW',
  });
  t.like(await fails({}, realpathSync('node_modules/koffi')), {
    code: 'ERR_MEMBENCH_UNSUPPORTED',
    hint: 'npm install koffi',
  });
  const libpcap = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).match(
    /libpcap\.so\.\S+ .*=> (.*)/,
  )!;
  const { hint, ...failure } = await fails({}, realpathSync(libpcap[1]!));
  t.deepEqual(failure, {
    code: 'ERR_MEMBENCH_UNSUPPORTED',
    message: 'libpcap is not on this system (libpcap.so.0.8, libpcap.so.1)',
  });
  t.regex(hint!, /apt install libpcap0\.8/);
  network.ip('server', 'link', 'set', DEVICE, 'down');
  t.deepEqual(await fails({}), {
    code: 'ERR_MEMBENCH_SOURCE',
    message: `${DEVICE}: the interface is down`,
    hint: `ip link set ${DEVICE} up`,
  });
});
