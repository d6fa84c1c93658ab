/** Several files are one capture in the order of their first packets, whatever the order they are named in. */
import { execFileSync } from 'node:child_process';
import { createWriteStream, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { inOrder } from '#src/source/first-packet.js';
import { membench, startMembench, temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { type Packet, pcapFile } from '../support/packets.js';
import { Section } from '../support/pcapng.js';

/** A few connections over a second, so that pieces of the capture cut through them. */
const PACKETS = interleave(
  ...[1, 2, 3].map((i) =>
    packetsOf(randomConversation(i, 40), { seed: i, clientPort: 44000 + i, step: 1_000_000n }),
  ),
);
const PIECES = 12;
const KEY = '000102030405060708090a0b0c0d0e0f';

const piece = (i: number) => {
  const size = Math.ceil(PACKETS.length / PIECES);
  return PACKETS.slice(i * size, (i + 1) * size);
};

/** pcapng with names before the packets, a clock of its own, and a section of the other byte order. */
function pcapng(packets: readonly Packet[], bigEndian: boolean): Uint8Array {
  const made = new Section(bigEndian).block(4, new Uint8Array(9000)).interface(1, { resolution: 9 });
  for (const packet of packets) made.enhanced(0, packet.time, packet);
  return made.bytes();
}

const FORMS: [name: string, bytes: (packets: Packet[], i: number) => Uint8Array][] = [
  ['pcap', (packets) => pcapFile(packets, { nanos: true })],
  ['pcap, big-endian', (packets) => pcapFile(packets, { nanos: true, bigEndian: true })],
  ['gzip', (packets) => gzipSync(pcapFile(packets, { nanos: true }))],
  ['pcapng', (packets, i) => pcapng(packets, i % 2 === 1)],
  [
    'all of them',
    (packets, i) => (i % 2 ? gzipSync(pcapng(packets, false)) : pcapFile(packets, { nanos: true })),
  ],
];

function record(t: ExecutionContext, folder: string, sources: string[]): { cat: string; stderr: string } {
  const key = join(folder, 'key');
  writeFileSync(key, KEY, { mode: 0o600 });
  const profile = join(folder, 'out.mbp');
  const { code, stderr } = membench(['record', '--key-file', key, '--force', '-w', profile, ...sources]);
  t.is(code, 0, stderr);
  return { cat: membench(['cat', profile]).stdout, stderr };
}

/** Names as a ring of files has them, which a shell sorts 0 1 10 11 2. */
const named = (folder: string) => Array.from({ length: PIECES }, (_, i) => join(folder, `traffic.pcap${i}`));

for (const [name, bytes] of FORMS) {
  test(`${name}: as the shell names them, they are one capture in order`, (t) => {
    const folder = temporary(t);
    const names = named(folder);
    names.forEach((path, i) => {
      writeFileSync(path, bytes(piece(i), i));
    });
    const inTime = record(t, folder, names);
    t.notRegex(inTime.stderr, /in the order of/);
    t.notRegex(inTime.stderr, /overlap/);
    const whole = join(folder, 'whole.pcap');
    writeFileSync(whole, pcapFile(PACKETS, { nanos: true }));
    t.is(inTime.cat, record(t, folder, [whole]).cat);
    const globbed = record(t, folder, [...names].sort());
    t.is(globbed.cat, inTime.cat);
    const order = names.map((path) => path.slice(folder.length + 1).replace(/.*\//, ''));
    t.regex(
      globbed.stderr.replaceAll(`${folder}/`, ''),
      new RegExp(`the files are taken in the order of their first packets: ${order.join(', ')}\\n`),
    );
    t.notRegex(globbed.stderr, /overlap/);
  });
}

test('a FIFO among files stands where its first packet does', async (t) => {
  const folder = temporary(t);
  const fifo = join(folder, 'pipe');
  execFileSync('mkfifo', [fifo]);
  const [first, second] = [join(folder, 'b.pcap'), join(folder, 'c.pcap')];
  writeFileSync(first, pcapFile(piece(0)));
  writeFileSync(second, pcapFile(piece(2)));
  const child = startMembench(['record', '-w', join(folder, 'out.mbp'), fifo, second, first]);
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const writer = createWriteStream('', { fd: openSync(fifo, 'w') });
  writer.end(pcapFile(piece(1)));
  const code = await new Promise((resolve) => child.on('close', resolve));
  t.is(code, 0, said);
  t.regex(said, /first packets: \S*b\.pcap, \S*pipe, \S*c\.pcap\n/);
});

test('a pipe that says nothing: it is told how tcpdump is made to', async (t) => {
  const folder = temporary(t);
  const fifo = join(folder, 'pipe');
  execFileSync('mkfifo', [fifo]);
  const child = startMembench(['record', fifo, join(folder, 'out.mbp')]);
  const said = await new Promise<string>((resolve) =>
    child.stderr!.setEncoding('utf8').once('data', resolve),
  );
  t.regex(said, /^membench: nothing came through \S*pipe for 10 s \(tcpdump -U /);
  child.kill();
  t.is(await new Promise((resolve) => child.on('close', resolve)), 0);
});

test('captures of two hosts overlap in time, and it is said what to do', (t) => {
  const folder = temporary(t);
  const [one, two] = [join(folder, 'one.pcap'), join(folder, 'two.pcap')];
  const at = (from: number, to: number) => PACKETS.slice(from, to);
  writeFileSync(one, pcapFile(at(0, 60)));
  writeFileSync(two, pcapFile(at(40, 100)));
  t.regex(
    record(t, folder, [one, two]).stderr,
    /membench: captures overlap in time, .*mergecap -w all\.pcap/,
  );
  t.regex(record(t, folder, [two, one]).stderr, /captures overlap in time/);
  // Packets of two queues may stand a little before each other.
  writeFileSync(two, pcapFile(at(59, 100)));
  t.notRegex(record(t, folder, [one, two]).stderr, /overlap/);
  // As cat(1) puts sections together.
  const both = join(folder, 'both.pcapng');
  writeFileSync(both, Buffer.concat([pcapng(at(40, 100), false), pcapng(at(0, 60), false)]));
  t.regex(record(t, folder, [both]).stderr, /captures overlap in time/);
  writeFileSync(both, Buffer.concat([pcapng(at(0, 60), false), pcapng(at(60, 100), false)]));
  t.notRegex(record(t, folder, [both]).stderr, /overlap/);
});

test('a capture that does not tell its time stays behind the one named before it', (t) => {
  const order = (...times: (bigint | null)[]) =>
    inOrder(times.map((first, i) => ({ first, name: i }))).map(({ name }) => name);
  t.deepEqual(order(30n, 10n, null, 20n), [1, 2, 3, 0]);
  t.deepEqual(order(null, 10n, 5n), [0, 2, 1]);
  t.deepEqual(order(5n, 5n, 5n), [0, 1, 2]);
  t.deepEqual(order(null, null), [0, 1]);
});

test('an empty capture among others is no hindrance', (t) => {
  const folder = temporary(t);
  const [empty, full, bare] = ['empty.pcap', 'full.pcap', 'bare.pcapng'].map((name) => join(folder, name));
  writeFileSync(empty!, pcapFile([]));
  writeFileSync(full!, pcapFile(PACKETS));
  writeFileSync(bare!, new Section().interface().bytes());
  const { cat, stderr } = record(t, folder, [full!, empty!, bare!]);
  t.is(cat, record(t, folder, [full!]).cat);
  t.notRegex(stderr, /in the order of|overlap/);
});
