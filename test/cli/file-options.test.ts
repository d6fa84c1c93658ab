/** Every option of `record` that means something for files. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { openProfile, readEvents } from 'membench/profile';
import { membench, temporary } from '../support/cli.js';
import { client, interleave, packetsOf, START, server } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';
import { Section } from '../support/pcapng.js';

const PACKETS = interleave(
  ...[1, 2, 3, 4].map((i) => packetsOf(randomConversation(i, 50), { seed: i, clientPort: 44000 + i })),
);

function capture(folder: string, bytes: Uint8Array = pcapFile(PACKETS)): string {
  const path = join(folder, 'traffic.pcap');
  writeFileSync(path, bytes);
  return path;
}

const eventsOf = (path: string) => {
  using profile = openProfile(path);
  return [...readEvents(profile)].length;
};

test('-s looks at the beginning of packets only, as if they had been captured so', (t) => {
  const folder = temporary(t);
  const value = 'x'.repeat(5000);
  const turns = [
    client(`set a 0 0 5000\r\n${value}\r\n`),
    server('STORED\r\n'),
    client('get a\r\n'),
    server(`VALUE a 0 5000\r\n${value}\r\nEND\r\n`),
  ];
  const packets = packetsOf(turns);
  const run = (name: string, bytes: Uint8Array, ...args: string[]) => {
    const profile = join(folder, `${name}.mbp`);
    const { code, stdout, stderr } = membench([
      'record',
      '-q',
      '--json',
      ...args,
      capture(folder, bytes),
      profile,
    ]);
    t.is(code, 0, stderr);
    const { requests, counters } = JSON.parse(stdout);
    return { requests, counters };
  };
  const cut = packets.map((packet) => ({
    ...packet,
    data: packet.data.subarray(0, 96),
    length: packet.data.length,
  }));
  const asCaptured = run('captured', pcapFile(cut));
  t.is(asCaptured.requests, 2);
  t.true(asCaptured.counters.value_gaps > 0);
  t.deepEqual(run('option', pcapFile(packets), '-s', '96'), asCaptured);
  const section = new Section().interface(1);
  for (const packet of packets) section.enhanced(0, packet.time / 1000n, packet);
  t.deepEqual(run('pcapng', section.bytes(), '-s', '96'), asCaptured);
});

test('--max-drop takes what pcapng says its kernel lost', (t) => {
  const folder = temporary(t);
  const section = new Section().interface(1);
  for (const packet of PACKETS) section.enhanced(0, packet.time / 1000n, packet);
  section.statistics(0, [
    [4, BigInt(PACKETS.length)],
    [5, BigInt(PACKETS.length)],
  ]);
  const source = capture(folder, section.bytes());
  const run = (percent: string) =>
    membench(['record', '--json', '--force', '--max-drop', percent, source, join(folder, 'out.mbp')]);
  const { code, stdout, stderr } = run('49');
  t.is(code, 3);
  t.regex(stderr, /50\.000 % of the packets were lost, more than --max-drop 49/);
  t.regex(stderr, new RegExp(`^${PACKETS.length} packets dropped by kernel$`, 'm'));
  const { packets, kernel } = JSON.parse(stdout);
  t.is(kernel.dropped, PACKETS.length);
  t.deepEqual(packets.lost, { by_kernel: PACKETS.length });
  t.is(packets.seen, packets.decoded + packets.lost.by_kernel);
  t.is(run('51').code, 0);
});

test('-C and -W: a file is spread over profiles, of which the last are kept', (t) => {
  const folder = temporary(t);
  const many = interleave(
    ...Array.from({ length: 40 }, (_, i) => packetsOf(randomConversation(i, 900), { clientPort: 20000 + i })),
  );
  const source = capture(folder, pcapFile(many));
  const whole = membench(['record', '-q', '--json', '--workers', '2', source, join(folder, 'whole.mbp')]);
  const { events } = JSON.parse(whole.stdout);
  const args = ['record', '-q', '--json', '--workers', '2', '-C', '256K', '--fsync', 'block'];
  const all = JSON.parse(membench([...args, source, join(folder, 'all.mbp')]).stdout);
  t.true(all.profile.paths.length > 2, `${all.profile.paths.length} files`);
  t.is(
    all.profile.paths.map(eventsOf).reduce((a: number, b: number) => a + b),
    events,
  );
  for (const path of all.profile.paths) t.is(membench(['verify', path]).code, 0);
  const kept = JSON.parse(membench([...args, '-W', '2', source, join(folder, 'kept.mbp')]).stdout);
  t.is(kept.profile.paths.length, 2);
});

test('-G: a capture that grows is spread over profiles by time', async (t) => {
  const folder = temporary(t);
  const args = [
    'dist/bin/membench.cjs',
    'record',
    '-q',
    '--json',
    '-G',
    '500ms',
    '-',
    join(folder, 'out.mbp'),
  ];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const bytes = pcapFile(PACKETS);
  const step = Math.ceil(bytes.length / 8);
  for (let at = 0; at < bytes.length; at += step) {
    child.stdin.write(bytes.subarray(at, at + step));
    await sleep(250);
  }
  child.stdin.end();
  t.is(await new Promise((resolve) => child.once('exit', resolve)), 0);
  const { profile, events } = JSON.parse(said);
  t.true(profile.paths.length > 1);
  t.is(
    profile.paths.map(eventsOf).reduce((a: number, b: number) => a + b),
    events,
  );
});

test('--key-file, and again with it: the same keys', (t) => {
  const folder = temporary(t);
  const key = join(folder, 'key');
  writeFileSync(
    key,
    Uint8Array.from({ length: 16 }, (_, i) => i),
    { mode: 0o600 },
  );
  const source = capture(folder);
  const cat = (...args: string[]) => {
    const profile = join(folder, 'out.mbp');
    t.is(membench(['record', '-q', '--force', ...args, source, profile]).code, 0);
    return membench(['cat', profile]).stdout;
  };
  t.is(cat('--key-file', key), cat('--key-file', key));
  t.not(cat(), cat('--key-file', key));
});

test('what means nothing for a file is refused', (t) => {
  const folder = temporary(t);
  const source = capture(folder);
  for (const args of [
    ['-Z', 'nobody'],
    ['--attach', 'tcx'],
    ['--ebpf-values', 'skip'],
    ['--ebpf-buffer', 'ring'],
    ['--wake-interval', '1ms'],
    ['--kernel-parse'],
    ['--no-zero-copy'],
  ]) {
    const { code, stderr } = membench(['record', ...args, source, join(folder, 'out.mbp')]);
    t.is(code, 2, args.join(' '));
    t.regex(stderr, /is for (live sources|ebpf sources|ebpf:IF) \[ERR_MEMBENCH_USAGE\]/);
  }
  t.is(readFileSync(source).length, pcapFile(PACKETS).length);
});

test('--kernel-parse is refused where it would have no effect, or contradicts another option', (t) => {
  const profile = join(temporary(t), 'out.mbp');
  for (const [args, why] of [
    [['afpacket:lo'], 'parsing in the kernel is for ebpf:IF'],
    [['lo'], 'parsing in the kernel is for ebpf:IF'],
    [['--ebpf-buffer', 'perf', 'ebpf:lo'], 'parsing in the kernel needs BPF rings'],
    [['--ebpf-values', 'copy', 'ebpf:lo'], 'parsing in the kernel leaves values there'],
  ] as const) {
    const { code, stderr } = membench(['record', '--kernel-parse', ...args, profile]);
    t.is(code, 2, args.join(' '));
    t.true(stderr.includes(why) && stderr.includes('[ERR_MEMBENCH_USAGE]'), stderr);
  }
  t.false(existsSync(profile));
});

test('-d with times in nanoseconds, and where the first packet is not the earliest', (t) => {
  const folder = temporary(t);
  const at = (ns: bigint, i: number) => ({ ...PACKETS[i]!, time: START + ns });
  const packets = [at(5_000n, 0), at(0n, 1), at(1_004_999n, 2), at(1_005_001n, 3), at(6_000n, 4)];
  const source = capture(folder, pcapFile(packets, { nanos: true }));
  const { stdout } = membench(['record', '-q', '--json', '-d', '1ms', source, join(folder, 'out.mbp')]);
  t.like(JSON.parse(stdout), { packets: { seen: 3 }, ended: 'duration' });
});
