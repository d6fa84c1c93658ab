import { readFileSync } from 'node:fs';
import test from 'ava';
import { openProfile, readEvents } from 'membench/profile';
import { unpack, unpackMultiple } from 'msgpackr';
import { slowCrc } from './support.js';

interface Line {
  offset: number;
  bytes: Buffer;
  meaning: string;
}

/** The dump in FORMAT.md. A line with … stands for the bytes of the header's body. */
function readDump(): Line[] {
  const text = readFileSync('src/profile/FORMAT.md', 'utf8');
  const [, dump] = /^## A profile, byte by byte$[\s\S]*?^```\n([\s\S]*?)^```$/m.exec(text)!;
  const lines: Line[] = [];
  for (const line of dump!.trimEnd().split('\n')) {
    const [, offset, hex, meaning] = /^([0-9a-f]{4}) {2}((?:[0-9a-f]{2} )*[0-9a-f]{2}|…) *(.*)$/.exec(line)!;
    let bytes = Buffer.from(hex!.replaceAll(' ', ''), 'hex');
    if (hex === '…') {
      const header = Buffer.concat(lines.map((before) => before.bytes));
      bytes = header.subarray(11, 11 + header.readUInt32BE(7));
    }
    lines.push({ offset: Number.parseInt(offset!, 16), bytes, meaning: meaning! });
  }
  return lines;
}

const LINES = readDump();
const BYTES = Buffer.concat(LINES.map(({ bytes }) => bytes));

type Map = Record<string, unknown>;

/** The bodies by magic, by msgpackr alone. */
const BODIES = Object.fromEntries(
  (unpackMultiple(BYTES) as [string, Buffer, number][]).map(([magic, body]) => [magic, unpack(body) as Map]),
);

/** What a column's bytes say, as FORMAT.md describes it. */
function decode(name: string, bytes: Buffer): string[] {
  if (['key_hash', 'conn_client', 'conn_server'].includes(name)) {
    return Array.from({ length: bytes.length / 8 }, (_, i) =>
      bytes
        .readBigUInt64LE(8 * i)
        .toString(16)
        .padStart(16, '0'),
    );
  }
  if (name === 'conn_kind') return [...bytes].map(String);
  const values: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte < 0x80) {
      values.push(value);
      value = shift = 0n;
    }
  }
  const zigzag = ['time', 'ordinal', 'ttl', 'conn_time'].includes(name);
  return values.map((n) => String(!zigzag ? n : n & 1n ? -(n + 1n) / 2n : n / 2n));
}

function columnsOf(block: Map): Record<string, string[]> {
  let at = 0;
  return Object.fromEntries(
    (block.columns as [string, number][]).map(([name, size]) => {
      const bytes = (block.payload as Buffer).subarray(at, at + size);
      at += size;
      return [name, decode(name, bytes)];
    }),
  );
}

test('the offsets follow from the bytes, and the bytes are the frozen file', (t) => {
  let at = 0;
  for (const { offset, bytes } of LINES) {
    t.is(offset, at);
    at += bytes.length;
  }
  t.true(BYTES.equals(readFileSync('test/fixtures/v2-example.mbp')));
});

test('every checksum in it is right', (t) => {
  const frames = unpackMultiple(BYTES) as [string, Buffer, number][];
  t.deepEqual(
    frames.map(([magic]) => magic),
    ['MBHD', 'MBBK', 'MBFT'],
  );
  for (const [, body, crc] of frames) t.is(slowCrc(body), crc);
});

test('what stands beside the bytes is what they say', (t) => {
  const show = (value: unknown): string => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
    return typeof value === 'string' ? JSON.stringify(value) : String(value);
  };
  let magic = '';
  let inCounts = false;
  let inNames = false;
  let told = 0;
  for (const { bytes, meaning } of LINES) {
    magic = /^array of 3; (\w{4}), a /.exec(meaning)?.[1] ?? magic;
    const body = BODIES[magic]!;
    if (meaning.startsWith('array of 3')) inNames = false;
    const listed = /^(\w+): a(?:n array| map) of (\d+) /.exec(meaning);
    if (listed) {
      const [, name, size] = listed;
      inCounts = name === 'counts';
      inNames = body[name!] === undefined;
      const list = body[name!] ?? (body.names as Map)[name!];
      t.is(Object.keys(list as object).length, Number(size), meaning);
    }
    const entry = /^`(\w+)` (.+)$/.exec(meaning);
    if (entry) {
      const [, name, value] = entry;
      const columns = magic === 'MBBK' ? columnsOf(body) : {};
      const counts = body.counts as Map | undefined;
      if (inCounts && counts?.[name!] !== undefined && bytes[0]! >= 0xa0)
        t.is(value, show(counts[name!]), meaning);
      else if (name! in columns) t.is(value, columns[name!]!.join(', '), meaning);
      else t.is(value, show(body[name!]), meaning);
      told++;
    }
    const names = inNames && !listed && /^[a-z0-9_ ]+$/.test(meaning) ? meaning.split(' ') : [];
    // Every name stands in the bytes beside it, behind its length.
    for (const name of names)
      t.true(bytes.includes(Buffer.from([0xa0 | name.length, ...Buffer.from(name)])), meaning);
    told += names.length;
    const row = /^(?:shape \d: )?(\[.*\])$/.exec(meaning);
    if (row)
      t.true(
        ['shapes', 'columns', 'blocks'].some((name) =>
          (body[name] as unknown[] | undefined)?.some((value) => show(value) === row[1]),
        ),
        meaning,
      );
  }
  t.true(told > 150);
});

test('the dump by hand gives the events the reader gives', (t) => {
  const names = BODIES.MBHD!.names as Record<string, string[]>;
  const block = BODIES.MBBK as Map & { shapes: number[][]; base_time: number; unit: number; events: number };
  const columns = columnsOf(block);
  const taken: Record<string, number> = {};
  let time = BigInt(block.base_time);
  let newKeys = 0;
  const events = Array.from({ length: block.events }, (_, row) => {
    const shape = block.shapes[Number(columns.shape![row])]!;
    const optional = (name: string) => {
      if (!(shape[7]! & (1 << names.present!.indexOf(name)))) return null;
      taken[name] = (taken[name] ?? -1) + 1;
      return Number(columns[name]![taken[name]]);
    };
    time += BigInt(columns.time![row]!);
    const keyValue = optional('key')!;
    const key = keyValue === 0 ? newKeys++ : keyValue - 1;
    const sharesFlags = shape[7]! & (1 << names.present!.indexOf('shape_flags'));
    const latency = optional('latency');
    return {
      ts_ns: String(time * BigInt(block.unit)),
      op: names.op![shape[0]!],
      status: names.status![shape[1]!],
      proto: names.proto![shape[2]!],
      transport: names.transport![shape[3]!],
      key: columns.key_hash![key],
      key_size: Number(columns.key_size![key]),
      value_size: optional('value_size'),
      flags: sharesFlags ? shape[9] : optional('flags'),
      ttl: optional('ttl'),
      latency_ns: latency === null ? null : latency * block.unit,
    };
  });
  using profile = openProfile('test/fixtures/v2-example.mbp');
  const read = [...readEvents(profile)];
  t.is(read.length, events.length);
  for (const [i, event] of events.entries()) t.like(read[i], event);
});
