/** Files are read by the workers, pipes by the main thread: what comes of them is the same. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { membench, temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { type Packet, pcapFile } from '../support/packets.js';
import { Section } from '../support/pcapng.js';

const PACKETS = interleave(
  ...Array.from({ length: 16 }, (_, i) =>
    packetsOf(randomConversation(500 + i, 400), { cut: 'random', seed: i, clientPort: 45000 + i }),
  ),
);
const PCAP = pcapFile(PACKETS);
/** The least there is: three slots of 64 KiB, of which these captures take many. */
const SMALL = ['-B', '192K'];

function pcapng(packets: readonly Packet[]): Uint8Array {
  const made = new Section(true).interface(1, { resolution: 9 });
  for (const packet of packets) made.enhanced(0, packet.time, packet);
  return made.bytes();
}

interface Recorded {
  events: string;
  packets: number;
  ended: string;
}

/** Records with options; the last of them may be a pipe: what is in it. */
function record(t: ExecutionContext, folder: string, options: string[], stdin?: Uint8Array): Recorded {
  const key = join(folder, 'key');
  const profile = join(folder, 'out.mbp');
  writeFileSync(key, '000102030405060708090a0b0c0d0e0f', { mode: 0o600 });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      'dist/cli/main.js',
      'record',
      '--json',
      '--force',
      '--key-file',
      key,
      '-w',
      profile,
      ...SMALL,
      ...options,
      ...(stdin === undefined ? [] : ['-']),
    ],
    { input: stdin ?? '', encoding: 'utf8' },
  );
  t.is(status, 0, stderr);
  const { packets, ended } = JSON.parse(stdout) as { packets: { seen: number }; ended: string };
  return { events: membench(['cat', profile]).stdout, packets: packets.seen, ended };
}

test('the captures take many slots', (t) => {
  t.true(PCAP.length > 20 * 65536, `${PCAP.length} bytes`);
});

for (const [name, bytes] of [
  ['pcap', PCAP],
  ['pcapng', pcapng(PACKETS)],
] as const) {
  test(`a file and a pipe, any number of workers: ${name}`, (t) => {
    const folder = temporary(t);
    const path = join(folder, 'capture');
    writeFileSync(path, bytes);
    const piped = record(t, folder, ['--workers', '1'], bytes);
    t.is(piped.packets, PACKETS.length);
    t.true(piped.events.length > 0);
    for (const workers of ['1', '2', '3']) {
      t.deepEqual(record(t, folder, ['--workers', workers, path]), piped, `${workers} workers`);
    }
  });
}

test('limits end a file where they end a pipe', (t) => {
  const folder = temporary(t);
  const path = join(folder, 'capture');
  writeFileSync(path, PCAP);
  const span = Number(PACKETS.at(-1)!.time - PACKETS[0]!.time) / 1e9;
  for (const [limit, ended] of [
    [['-c', '1'], 'count'],
    [['-c', '3000'], 'count'],
    [['-d', `${span / 2}`], 'duration'],
  ] as const) {
    const piped = record(t, folder, ['--workers', '1', ...limit], PCAP);
    t.is(piped.ended, ended);
    t.deepEqual(record(t, folder, ['--workers', '2', ...limit, path]), piped, limit.join(' '));
  }
});

test('files, packed files and files of a slot or less, one after the other', (t) => {
  const folder = temporary(t);
  const third = Math.floor(PACKETS.length / 3);
  const parts = [
    pcapFile(PACKETS.slice(0, third)),
    pcapFile(PACKETS.slice(third, third + 20)),
    gzipSync(pcapFile(PACKETS.slice(third + 20, 2 * third))),
    pcapng(PACKETS.slice(2 * third)),
  ];
  const paths = parts.map((part, i) => {
    const path = join(folder, `capture${i}`);
    writeFileSync(path, part);
    return path;
  });
  const whole = record(t, folder, ['--workers', '1'], PCAP);
  for (const workers of ['1', '2']) {
    t.deepEqual(record(t, folder, ['--workers', workers, ...paths]), whole);
  }
});
