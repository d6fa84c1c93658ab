/** The frozen profile of version 1: what every later release must read, and what FORMAT.md says of its bytes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openProfile, readEvents, verifyProfile } from 'membench/profile';
import { crc32c } from '#src/profile/crc32c.js';
import { referenceEvents } from '../reference/reference.js';
import { membench, temporary } from '../support/cli.js';
import type { Packet } from '../support/packets.js';

const FROZEN = 'test/fixtures/v1.mbp';
/** What the capture it came from was recorded with. */
const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
const bytes = readFileSync(FROZEN);
const lines = readFileSync('test/fixtures/v1.ndjson', 'utf8');

/** Packets of a classic pcap file in microseconds. */
function packetsIn(file: Buffer): Packet[] {
  const packets: Packet[] = [];
  for (let at = 24; at < file.length; ) {
    const size = file.readUInt32LE(at + 8);
    const time = BigInt(file.readUInt32LE(at)) * 1_000_000_000n + BigInt(file.readUInt32LE(at + 4)) * 1000n;
    packets.push({ time, data: file.subarray(at + 16, at + 16 + size) });
    at += 16 + size;
  }
  return packets;
}

test('cat prints of it what it printed when it was frozen', (t) => {
  const { code, stdout, stderr } = membench(['cat', FROZEN]);
  t.is(code, 0, stderr);
  t.is(stdout, lines);
  t.true(verifyProfile(FROZEN).perfect);
});

test('what was frozen is what the reference parser says of the capture', (t) => {
  const wanted = referenceEvents(packetsIn(readFileSync('test/fixtures/v1.pcap')), KEY);
  const frozen = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.deepEqual(frozen, wanted);
  using profile = openProfile(FROZEN);
  t.deepEqual([...readEvents(profile)], wanted);
});

interface Row {
  at: number;
  bytes: number[];
  /** Bytes were left out. */
  cut: boolean;
  text: string;
}

/** The table of FORMAT.md: offset, bytes, meaning; a row without an offset goes on with the bytes. */
function rows(): Row[] {
  const format = readFileSync('src/profile/FORMAT.md', 'utf8');
  const [, table] = /## A profile, byte by byte[\s\S]*?```\n([\s\S]*?)```/.exec(format)!;
  const out: Row[] = [];
  for (const line of table!.trimEnd().split('\n')) {
    const [, offset, hex, text] = /^ {0,5}(\d*) +((?:(?:[0-9a-f]{2}|…) ?)+)(?: +(.*))?$/.exec(line)!;
    const parts = hex!.trim().split(' ');
    const found = parts.filter((part) => part !== '…').map((part) => Number.parseInt(part, 16));
    if (offset !== '') out.push({ at: Number(offset), bytes: [], cut: false, text: text ?? '' });
    const row = out.at(-1)!;
    row.bytes.push(...found);
    row.cut ||= parts.includes('…');
  }
  return out;
}

test('FORMAT.md says of every byte what stands there, and leaves none out unsaid', (t) => {
  const all = rows();
  t.true(all.length > 50);
  for (const [i, row] of all.entries()) {
    t.deepEqual([...bytes.subarray(row.at, row.at + row.bytes.length)], row.bytes, `at ${row.at}`);
    const end = row.at + row.bytes.length;
    const next = all[i + 1]?.at ?? bytes.length;
    t.true(row.cut ? end < next : end === next, `between ${row.at} and ${next}`);
  }
});

/** LEB128, written from the text of FORMAT.md. */
function varints(encoded: readonly number[]): number[] {
  const out: number[] = [];
  for (let i = 0; i < encoded.length; ) {
    let value = 0;
    let shift = 1;
    for (;;) {
      const byte = encoded[i++]!;
      value += (byte & 127) * shift;
      if (byte < 128) break;
      shift *= 128;
    }
    out.push(value);
  }
  return out;
}
const zigzag = (n: number) => (n % 2 ? -(n + 1) / 2 : n / 2);

test('the columns, decoded by hand, are the events', (t) => {
  const events = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  // The payload is between its own head and the block's checksum.
  const columns = rows().slice(-24, -5);
  const payload = (name: string) => columns.find(({ text }) => text.startsWith(`\`${name}\``))!.bytes;
  t.deepEqual(varints(payload('shape')), [0, 1, 2, 3]);
  let time = 1_767_225_600_000_030n;
  const times = varints(payload('time')).map((n) => {
    time += BigInt(zigzag(n));
    return `${time}000`;
  });
  t.deepEqual(
    times,
    events.map(({ ts_ns }) => ts_ns),
  );
  t.deepEqual(
    varints(payload('latency')).map((n) => n * 1000),
    events.map(({ latency_ns }) => latency_ns),
  );
  t.deepEqual(varints(payload('value_size')), [3, 3]);
  t.deepEqual(varints(payload('ttl')).map(zigzag), [60]);
  const hashes = [0, 8, 16].map((at) =>
    Buffer.from(payload('key_hash').slice(at, at + 8))
      .reverse()
      .toString('hex'),
  );
  t.deepEqual(
    varints(payload('key')).map((i) => hashes[i]),
    events.map(({ key }) => key),
  );
  t.deepEqual(varints(payload('conn_port')), [11211, 11211]);
});

test('a profile of a later version is refused, by number', (t) => {
  const later = Buffer.from(bytes);
  // The header and its copy in the footer, each with a checksum that fits.
  for (let frame = 0; frame < later.length; ) {
    const size = later.readUInt32BE(frame + 7);
    const body = later.subarray(frame + 11, frame + 11 + size);
    const version = body.indexOf('version');
    if (version > 0) body[version + 'version'.length] = 2;
    later.writeUInt32BE(crc32c(body), frame + 11 + size + 1);
    frame += 16 + size;
  }
  const path = join(temporary(t), 'later.mbp');
  writeFileSync(path, later);
  for (const command of ['cat', 'verify', 'analyze']) {
    const { code, stdout, stderr } = membench([command, path]);
    t.is(code, 1, command);
    t.is(stdout, '');
    t.regex(
      stderr,
      /^membench: \S+later\.mbp: .*format version 2, and this release reads up to 1.*\[ERR_MEMBENCH_\w+\]\n$/,
    );
  }
});
