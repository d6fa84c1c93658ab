import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { analyze, openProfile, readEvents } from 'membench';
import { verifyProfile } from 'membench/profile';
import { membench, temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { DEVICE, Network, PORT, SERVER, takeTurns, until, whyNotLive } from '../support/network.js';
import { LINKTYPES, pcapFile } from '../support/packets.js';
import { rights, withCapabilities, without } from '../support/rights.js';
import { byProfile, byServer, unaccounted } from '../support/truth.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = (title: string) => `${title}${reason && ` (${reason})`}`;
const serial = reason === '' ? test.serial : test.serial.skip;

const WAYS: [name: string, source: string, options: string[]][] = [
  ['afpacket', `afpacket:${DEVICE}`, []],
  ['afpacket, copied', `afpacket:${DEVICE}`, ['--no-zero-copy']],
  ['afpacket with one worker', `afpacket:${DEVICE}`, ['--workers', '1']],
  ['afpacket with three workers', `afpacket:${DEVICE}`, ['--workers', '3']],
  // Each place of libpcap's ring holds the largest packet: the default is two thousand, a fifth of the load.
  ['pcap', `pcap:${DEVICE}`, ['-B', '512M']],
  ['a bare interface name', DEVICE, []],
  ['afpacket on every interface', 'afpacket:any', ['--workers', '2']],
  ['pcap on every interface', 'pcap:any', ['-B', '512M']],
  ['ebpf on every interface', 'ebpf:any', []],
  ['any alone', 'any', []],
];

for (const [name, source, options] of WAYS) {
  serial(live(`${name}: exactly what memcached counted`), async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    await network.memcached();
    const before = network.stats();
    const start = BigInt(Date.now() - 1) * 1000000n;
    const profile = join(temporary(t), 'out.mbp');
    const recording = network.record(...options, source, profile);
    await recording.running();
    network.load(5_000);
    network.talk('get none\\r\\nset a 0 0 1\\r\\nx\\r\\nget a none a\\r\\nmg a v\\r\\nms b 1\\r\\ny\\r\\n');
    const summary = await recording.stop();
    const end = BigInt(Date.now() + 1) * 1000000n;
    t.is(unaccounted(summary), 0);
    t.deepEqual(summary.packets.lost, {});
    t.is(summary.gaps + summary.unanswered, 0);
    const analysis = await analyze([profile]);
    t.deepEqual(byProfile(analysis), byServer(before, network.stats()));
    t.true(BigInt(analysis.first_ts_ns!) >= start && BigInt(analysis.last_ts_ns!) <= end);
    t.true(verifyProfile(profile).perfect);
    t.regex(
      recording.said,
      summary.source === 'pcap' ? /unknown packets dropped by kernel/ : /\n0 packets dropped/,
    );
  });
}

/** What was asked and answered on each connection, but for when, and by what number. */
function conversations(profile: string): string[] {
  const byConn = new Map<number, string[]>();
  for (const event of readEvents(openProfile(profile))) {
    const { conn, ts_ns, request, latency_ns, ...rest } = event;
    if (!byConn.has(conn)) byConn.set(conn, []);
    byConn.get(conn)!.push(JSON.stringify(rest));
  }
  return [...byConn.values()].map((events) => events.join('\n')).sort();
}

serial(
  live('the same traffic gives the same events through every source, and through a file of tcpdump'),
  async (t) => {
    t.timeout(90_000);
    const network = new Network(t);
    await network.memcached();
    const folder = temporary(t);
    const keyFile = join(folder, 'key');
    writeFileSync(keyFile, randomBytes(16), { mode: 0o600 });
    const capture = join(folder, 'traffic.pcap');
    const tcpdump = await network.capture(capture);
    const sources = [
      ['ebpf', `ebpf:${DEVICE}`],
      ['ebpf-copied', '--no-zero-copy', `ebpf:${DEVICE}`],
      ['afpacket', `afpacket:${DEVICE}`],
      ['pcap', '-B', '256M', `pcap:${DEVICE}`],
    ];
    const recordings = sources.map(([name, ...args]) =>
      network.record('--key-file', keyFile, '--workers', '2', ...args, join(folder, `${name}.mbp`)),
    );
    for (const recording of recordings) await recording.running();
    network.load(3_000, 6);
    network.talk(
      'get none\\r\\nset a 0 0 1\\r\\nx\\r\\nget a none a\\r\\nmg a v k O7\\r\\nms b 1 q\\r\\ny\\r\\nmn\\r\\ndelete a noreply\\r\\n',
    );
    for (const recording of recordings) await recording.stop();
    t.regex(await tcpdump.stop(), /\n0 packets dropped by kernel/);
    const file = join(folder, 'file.mbp');
    t.is(membench(['record', '-q', '-p', String(PORT), '--key-file', keyFile, capture, file]).code, 0);
    const expected = conversations(file);
    t.true(expected.length >= 7);
    for (const [name] of sources) {
      const got = conversations(join(folder, `${name}.mbp`));
      // Only what differs: the rest is long.
      t.deepEqual(
        got
          .filter((conversation) => !expected.includes(conversation))
          .map((conversation) => conversation.slice(0, 500)),
        [],
        name,
      );
      t.is(got.length, expected.length, name);
    }
  },
);

for (const [source, caps, options] of [
  ['afpacket', '+net_raw', []],
  ['pcap', '+net_raw', ['-B', '512M']],
] as const) {
  serial(live(`${source} by a user with CAP_NET_RAW alone; no thread of the recorder has it`), async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    await network.memcached();
    const before = network.stats();
    const folder = temporary(t);
    execFileSync('chown', ['12345', folder]);
    const profile = join(folder, 'out.mbp');
    const recording = network.recordAs(withCapabilities(caps), ...options, `${source}:${DEVICE}`, profile);
    await recording.running();
    t.deepEqual([...rights(recording.recorderPid)], [without(12345)]);
    network.load(2_000);
    t.is(unaccounted(await recording.stop()), 0);
    t.deepEqual(byProfile(await analyze([profile])), byServer(before, network.stats()));
  });

  serial(live(`${source} started as root: the recorder has no right`), async (t) => {
    const network = new Network(t);
    const recording = network.record(`${source}:${DEVICE}`, join(temporary(t), 'out.mbp'));
    await recording.running();
    t.deepEqual([...rights(recording.recorderPid)], [without(65534)]);
    await recording.stop();
  });
}

serial(live('afpacket with a consumer that stops: every packet is accounted for'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record('--workers', '2', '-B', '1K', `afpacket:${DEVICE}`, profile);
  await recording.running();
  const pid = recording.recorderPid;
  process.kill(pid, 'SIGSTOP');
  network.load(20_000, 4);
  process.kill(pid, 'SIGCONT');
  network.load(1_000, 4);
  const summary = await recording.stop();
  t.is(unaccounted(summary), 0);
  t.true(summary.packets.lost.by_kernel! > 0);
  t.is(summary.kernel.dropped, summary.packets.lost.by_kernel!);
  t.is(summary.requests, summary.answered + summary.unanswered);
});

serial(live('afpacket: the interface goes down, comes back, is deleted'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record(`afpacket:${DEVICE}`, profile);
  await recording.running();
  network.server('ip', 'link', 'set', DEVICE, 'down');
  await until(() => recording.said.includes('went down'), 1);
  network.server('ip', 'link', 'set', DEVICE, 'up');
  await until(() => recording.said.includes('went up'), 1);
  const before = network.stats();
  network.load(1_000);
  const after = network.stats();
  network.server('ip', 'link', 'delete', DEVICE);
  await until(() => recording.said.includes('is gone'), 1);
  t.is(await recording.ended(), 0);
  t.is(recording.summary.ended, 'interface gone');
  t.true(byProfile(await analyze([profile])).gets >= byServer(before, after).gets);
});

serial(live('pcap: an interface that goes down ends the recording, and is named'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record(`pcap:${DEVICE}`, profile);
  await recording.running();
  network.load(1_000);
  await sleep(300);
  network.server('ip', 'link', 'set', DEVICE, 'down');
  t.is(await recording.ended(), 0, recording.said);
  t.regex(recording.said, new RegExp(`${DEVICE}: .*goes down`));
  t.is(recording.summary.ended, 'interface gone');
  t.true(verifyProfile(profile).perfect);
});

/** Encodings somebody's secret could be left in. */
function encodings(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  return [
    bytes,
    Buffer.from(bytes.toString('hex')),
    Buffer.from(bytes.toString('base64').replace(/=+$/, '')),
    Buffer.from(encodeURIComponent(text)),
    Buffer.from(text, 'utf16le'),
  ];
}

serial(live('10,000 keys and values: none is found in anything that is written or said'), async (t) => {
  t.timeout(120_000);
  const network = new Network(t);
  await network.memcached();
  const folder = temporary(t);
  const secrets = join(temporary(t), 'secrets.json');
  // Letters that no encoding leaves as they are, and a part that is searched for everywhere.
  const canaries = Array.from({ length: 10_000 }, () => randomBytes(9).toString('base64url'));
  writeFileSync(secrets, JSON.stringify(canaries));
  const recordings = ['ebpf', 'afpacket', 'pcap'].map((source) =>
    network.record('-v', `${source}:${DEVICE}`, join(folder, `${source}.mbp`)),
  );
  for (const recording of recordings) await recording.running();
  network.client(process.execPath, 'build/test/support/say-secrets.js', secrets);
  const said: string[] = [];
  for (const recording of recordings) {
    const summary = await recording.stop();
    t.true(summary.requests >= 20_000, recording.said);
    said.push(recording.said, JSON.stringify(summary));
  }
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    for (const command of [
      ['analyze', path],
      ['analyze', '--json', path],
      ['cat', path],
      ['verify', path],
    ]) {
      const { code, stdout, stderr } = membench(command);
      t.is(code, 0);
      said.push(stdout, stderr);
    }
  }
  const haystack = Buffer.concat([
    ...said.map((text) => Buffer.from(text)),
    ...readdirSync(folder).map((name) => readFileSync(join(folder, name))),
  ]);
  // Every secret has 12 characters: one pass over all windows of each encoded length finds any of them.
  const found: string[] = [];
  const needles = new Map<number, Set<string>>();
  for (const canary of canaries) {
    for (const needle of encodings(canary)) {
      if (!needles.has(needle.length)) needles.set(needle.length, new Set());
      needles.get(needle.length)!.add(needle.toString('latin1'));
    }
  }
  const text = haystack.toString('latin1');
  for (const [size, set] of needles) {
    for (let at = 0; at + size <= text.length; at++) {
      if (set.has(text.slice(at, at + size))) found.push(text.slice(at, at + size));
    }
  }
  t.deepEqual(found, []);
});

serial(live('a packet that crosses a bridge is seen on two interfaces, and recorded once'), async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  network.server('ip', 'link', 'add', 'br0', 'type', 'bridge');
  network.server('ip', 'link', 'set', DEVICE, 'master', 'br0');
  network.server('ip', 'address', 'flush', 'dev', DEVICE);
  network.server('ip', 'address', 'add', `${SERVER}/24`, 'dev', 'br0');
  network.server('ip', 'link', 'set', 'br0', 'up');
  await network.memcached();
  const before = network.stats();
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record('ebpf:*', profile);
  await recording.running();
  network.load(2_000, 4);
  const summary = await recording.stop();
  t.is(unaccounted(summary), 0);
  // Each request and each answer a second time, and none of them sent again.
  t.true(summary.counters.duplicates >= 4_000);
  t.is(summary.counters.retransmitted, 0);
  t.deepEqual(byProfile(await analyze([profile])), byServer(before, network.stats()));
});

serial(
  live('a device without a link header: ebpf and afpacket give what a file of raw IP gives'),
  async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    const folder = temporary(t);
    const keyFile = join(folder, 'key');
    writeFileSync(keyFile, randomBytes(16), { mode: 0o600 });
    const capture = join(folder, 'raw.pcap');
    const packets = interleave(
      packetsOf(randomConversation(7, 60), { link: 'raw', serverPort: PORT }),
      packetsOf(randomConversation(8, 60), { link: 'raw', serverPort: PORT, version: 6, clientPort: 40001 }),
    );
    writeFileSync(capture, pcapFile(packets, { linktype: LINKTYPES.raw }));
    const tun = network.start(process.execPath, 'build/test/support/tun.js', 'tun7', capture);
    let said = '';
    tun.stdout!.on('data', (data) => {
      said += data;
    });
    await until(() => said.includes('ready'));
    network.server('ip', 'link', 'set', 'tun7', 'up');
    const sources = ['ebpf', 'afpacket'];
    const recordings = sources.map((source) =>
      network.record('--key-file', keyFile, `${source}:tun7`, join(folder, `${source}.mbp`)),
    );
    for (const recording of recordings) await recording.running();
    tun.stdin!.write('go\n');
    await until(() => said.includes('written'));
    for (const recording of recordings) t.is(unaccounted(await recording.stop()), 0);
    const file = join(folder, 'file.mbp');
    t.is(membench(['record', '-q', '-p', String(PORT), '--key-file', keyFile, capture, file]).code, 0);
    const expected = conversations(file);
    t.is(expected.length, 2);
    for (const source of sources) t.deepEqual(conversations(join(folder, `${source}.mbp`)), expected, source);
  },
);
