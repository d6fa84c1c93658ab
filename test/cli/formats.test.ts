/** The same traffic in every form it may come in: `cat` prints the same bytes. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { membench, temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { concat, pcapFile } from '../support/packets.js';
import { Section } from '../support/pcapng.js';

const PACKETS = interleave(
  ...[1, 2, 3, 4].map((i) =>
    packetsOf(randomConversation(i, 50), { cut: 'random', seed: i, clientPort: 44000 + i }),
  ),
);
const PCAP = pcapFile(PACKETS);
const KEY = '000102030405060708090a0b0c0d0e0f';

interface Place {
  folder: string;
  /** Options that make recordings comparable. */
  same: string[];
}

function place(t: ExecutionContext): Place {
  const folder = temporary(t);
  const key = join(folder, 'key');
  writeFileSync(key, KEY, { mode: 0o600 });
  return { folder, same: ['--key-file', key, '--workers', '2'] };
}

/** What `cat` prints of a recording of these sources. */
function cat(
  t: ExecutionContext,
  { folder, same }: Place,
  sources: string[],
  options: string[] = [],
): string {
  const profile = join(folder, 'out.mbp');
  const { code, stderr } = membench(['record', ...same, '--force', '-w', profile, ...options, ...sources]);
  t.is(code, 0, stderr);
  return membench(['cat', profile]).stdout;
}

const file = ({ folder }: Place, name: string, bytes: Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

function pcapng(): Uint8Array {
  const made = new Section(true).interface(1, { resolution: 9 });
  for (const packet of PACKETS) made.enhanced(0, packet.time, packet);
  return made.bytes();
}

const FORMS: [name: string, bytes: () => Uint8Array][] = [
  ['pcap of the other byte order', () => pcapFile(PACKETS, { bigEndian: true })],
  ['pcap in nanoseconds', () => pcapFile(PACKETS, { nanos: true })],
  ['pcapng', pcapng],
  ['pcap, gzip', () => gzipSync(PCAP)],
  ['pcapng, gzip', () => gzipSync(pcapng())],
  ['two gzip members', () => concat(gzipSync(PCAP.subarray(0, 1000)), gzipSync(PCAP.subarray(1000)))],
];

for (const [name, bytes] of FORMS) {
  test(`cat prints the same: ${name}`, (t) => {
    const here = place(t);
    const wanted = cat(t, here, [file(here, 'a.pcap', PCAP)]);
    t.true(wanted.split('\n').length > 200);
    t.is(cat(t, here, [file(here, 'b', bytes())]), wanted);
  });
}

for (const format of ['pcapng', 'nsecpcap']) {
  const absent = spawnSync('editcap', ['--version']).error;
  const given = absent ? test.skip : test;
  given(`cat prints the same: ${format} by editcap${absent ? ' (no editcap here)' : ''}`, (t) => {
    const here = place(t);
    const source = file(here, 'a.pcap', PCAP);
    const converted = join(here.folder, 'b');
    execFileSync('editcap', ['-F', format, source, converted]);
    t.is(cat(t, here, [converted]), cat(t, here, [source]));
  });
}

test('several files in the order they were captured are one capture', (t) => {
  const here = place(t);
  const wanted = cat(t, here, [file(here, 'a.pcap', PCAP)]);
  const [a, b] = [Math.floor(PACKETS.length / 3), Math.floor((2 * PACKETS.length) / 3)];
  const last = new Section().interface(1, { resolution: 9 });
  for (const packet of PACKETS.slice(b)) last.enhanced(0, packet.time, packet);
  const parts = [
    file(here, '1', pcapFile(PACKETS.slice(0, a))),
    file(here, '2', gzipSync(pcapFile(PACKETS.slice(a, b), { bigEndian: true, nanos: true }))),
    file(here, '3', last.bytes()),
  ];
  t.is(cat(t, here, parts), wanted);
  const profile = join(here.folder, 'r.mbp');
  const read = parts.flatMap((path) => ['-r', path]);
  t.is(membench(['record', ...here.same, ...read, profile]).code, 0);
  t.is(membench(['cat', profile]).stdout, wanted);
});

test('a broken file among several: the others are read, and it is named', (t) => {
  const here = place(t);
  const half = Math.floor(PACKETS.length / 2);
  const cut = pcapFile(PACKETS.slice(0, half));
  const sources = [
    file(here, 'cut.pcap', cut.subarray(0, cut.length - 5)),
    file(here, 'good.pcap', pcapFile(PACKETS.slice(half))),
  ];
  const outcome = membench([
    'record',
    ...here.same,
    '--json',
    '-w',
    join(here.folder, 'out.mbp'),
    ...sources,
  ]);
  t.is(outcome.code, 1);
  t.regex(
    outcome.stderr,
    /^membench: \S*cut\.pcap: the capture breaks off .*\[ERR_MEMBENCH_BROKEN_CAPTURE\]$/m,
  );
  t.is(JSON.parse(outcome.stdout).packets.seen, PACKETS.length - 1);
});

test('gzip that ends early: what stood before is in the profile, one line says why', (t) => {
  const here = place(t);
  const packed = gzipSync(pcapFile(Array.from({ length: 50 }, () => PACKETS).flat()));
  const source = file(here, 'a.gz', packed.subarray(0, packed.length - 100));
  const outcome = membench(['record', ...here.same, '--json', source, join(here.folder, 'out.mbp')]);
  t.is(outcome.code, 1);
  t.regex(
    outcome.stderr,
    /a\.gz: the capture breaks off after packet [\d,]+: the compressed file ends too early/,
  );
  t.true(JSON.parse(outcome.stdout).packets.seen > PACKETS.length * 40);
});

test('standard input: a file, a pipe, and one that is packed', (t) => {
  const here = place(t);
  const wanted = cat(t, here, [file(here, 'a.pcap', PCAP)]);
  const profile = join(here.folder, 'in.mbp');
  const record = (command: string) => {
    const options = [...here.same, '--force', '-w', profile].join(' ');
    execFileSync('sh', [
      '-c',
      command.replace('RECORD', `${process.execPath} dist/bin/membench.cjs record -q ${options}`),
    ]);
    return membench(['cat', profile]).stdout;
  };
  const source = join(here.folder, 'a.pcap');
  t.is(record(`RECORD - < ${source}`), wanted);
  t.is(record(`cat ${source} | RECORD -`), wanted);
  t.is(record(`gzip -c ${source} | RECORD -`), wanted);
  t.is(record(`RECORD -r - < ${source}`), wanted);
});

test('a capture that grows: what came is sealed within seconds, and SIGINT ends it well', async (t) => {
  const here = place(t);
  const profile = join(here.folder, 'grows.mbp');
  const args = ['dist/bin/membench.cjs', 'record', ...here.same, '--json', '-', profile];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  child.stdin.write(PCAP);
  const events = () => membench(['cat', profile]).stdout.split('\n').length;
  for (let i = 0; i < 100 && !(events() > 100); i++) await sleep(100);
  t.true(events() > 100, 'nothing was sealed while the capture grew');
  child.kill('SIGINT');
  const code = await new Promise((resolve) => child.once('exit', resolve));
  t.is(code, 0);
  t.is(JSON.parse(said).ended, 'signal');
  t.is(membench(['verify', profile]).code, 0);
});

test('a sample is whole connections, and says what it is', (t) => {
  const here = place(t);
  const many = interleave(
    ...Array.from({ length: 200 }, (_, i) => packetsOf(randomConversation(i, 4), { clientPort: 20000 + i })),
  );
  const source = file(here, 'many.pcap', pcapFile(many));
  const profile = join(here.folder, 'sample.mbp');
  const outcome = membench(['record', ...here.same, '--json', '--sample', '1/4', source, profile]);
  t.is(outcome.code, 0, outcome.stderr);
  const { packets, counters } = JSON.parse(outcome.stdout);
  t.is(packets.decoded + packets.skipped.sampled, many.length);
  t.true(counters.flows > 20 && counters.flows < 90, `${counters.flows} of 200 connections`);
  t.is(counters.flows_unsynced, 0);
  t.is(counters.gaps, 0);
  const analysis = JSON.parse(membench(['analyze', '--json', profile]).stdout);
  t.is(analysis.sample, 4);
  t.is(analysis.connections, counters.flows);
  t.regex(membench(['analyze', profile]).stdout, /one of 4 connections/);
  t.is(membench(['record', '--sample', '1/0', source]).code, 2);
});

test('a source that is no file cannot stand among several', (t) => {
  const here = place(t);
  const source = file(here, 'a.pcap', PCAP);
  const outcome = membench(['record', '-w', join(here.folder, 'out.mbp'), source, 'ebpf:lo']);
  t.is(outcome.code, 2);
  t.regex(outcome.stderr, /among several sources only files can be \[ERR_MEMBENCH_USAGE\]/);
  t.is(membench(['record', source, 'x.mbp', 'y.mbp']).code, 2);
  t.is(readFileSync(source).length, PCAP.length);
});
