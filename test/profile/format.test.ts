import { readFileSync } from 'node:fs';
import test from 'ava';
import { unpack } from 'msgpackr';
import { crc32c } from '#src/profile/crc32c.js';
import { client, packetsOf, server } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { pcapFile } from '../support/packets.js';

/** Walks frames by FORMAT.md alone. */
function frames(bytes: Uint8Array): { magic: string; body: Record<string, unknown> }[] {
  const out = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== 0x93 || bytes[at + 1] !== 0xa4 || bytes[at + 6] !== 0xc6)
      throw new Error(`no frame at ${at}`);
    const size = view.getUint32(at + 7);
    const body = bytes.subarray(at + 11, at + 11 + size);
    if (bytes[at + 11 + size] !== 0xce || view.getUint32(at + 12 + size) !== crc32c(body))
      throw new Error('bad checksum');
    out.push({ magic: String.fromCharCode(...bytes.subarray(at + 2, at + 6)), body: unpack(body) });
    at += 16 + size;
  }
  return out;
}

/** LEB128 by the text. */
function varints(bytes: Uint8Array): number[] {
  const out: number[] = [];
  let value = 0;
  let shift = 0;
  for (const byte of bytes) {
    value += (byte & 0x7f) * 2 ** shift;
    shift += 7;
    if (byte < 0x80) {
      out.push(value);
      value = shift = 0;
    }
  }
  return out;
}
const zigzag = (n: number) => (n % 2 ? -(n + 1) / 2 : n / 2);

test('CRC-32C gives the vectors of RFC 3720, appendix B.4', (t) => {
  t.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.is(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  t.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

test('a profile read by the text of FORMAT.md alone, with any msgpack library', (t) => {
  const turns = [
    client('set foo 5 -1 3\r\nbar\r\nget foo nope foo\r\n'),
    server('STORED\r\nVALUE foo 5 3\r\nbar\r\nVALUE foo 5 3\r\nbar\r\nEND\r\n'),
  ];
  const [header, block, footer, ...rest] = frames(recordInProcess(pcapFile(packetsOf(turns))).profile);
  t.deepEqual(rest, []);
  t.is(header!.magic, 'MBHD');
  t.like(header!.body, { format: 'membench profile', version: 2, unit: 1000, ports: [[11211, 11211]] });
  t.is(footer!.magic, 'MBFT');
  t.like(footer!.body, { ended: 'end of source' });
  t.is(block!.magic, 'MBBK');
  const body = block!.body as Record<string, never> & {
    payload: Uint8Array;
    columns: [string, number][];
    shapes: number[][];
  };
  t.like(body, { worker: 0, seq: 0, events: 4, requests: 2, conns: 2, keys: 2 });
  t.is(Object.keys(body).at(-1), 'payload');
  const columns = new Map<string, Uint8Array>();
  let at = 0;
  for (const [name, size] of body.columns) {
    columns.set(name, body.payload.subarray(at, at + size));
    at += size;
  }
  t.is(at, body.payload.length);
  const names = header!.body.names as Record<string, string[]>;
  const shapes = varints(columns.get('shape')!).map((i) => body.shapes[i]!);
  t.deepEqual(
    shapes.map(([op, status]) => `${names.op![op!]} ${names.status![status!]}`),
    ['set stored', 'get hit', 'get miss', 'get hit'],
  );
  // foo is new, foo again, nope is new, foo again.
  t.deepEqual(varints(columns.get('key')!), [0, 1, 0, 1]);
  t.is(columns.get('flags'), undefined);
  const flags = (shape: number[]) =>
    shape[7]! & (1 << names.present!.indexOf('shape_flags')) ? shape[9] : null;
  t.deepEqual(shapes.map(flags), [5, 5, null, 5]);
  t.deepEqual(varints(columns.get('key_size')!), [3, 4]);
  t.deepEqual(varints(columns.get('value_size')!), [3, 3, 3]);
  t.deepEqual(varints(columns.get('ttl')!).map(zigzag), [-1]);
  t.deepEqual(varints(columns.get('key_index')!), [1, 2]);
  t.deepEqual(varints(columns.get('sub')!), [1, 1, 1]);
  t.deepEqual(varints(columns.get('latency')!), [10, 10, 10, 10]);
  t.deepEqual(varints(columns.get('time')!).map(zigzag), [0, 0, 0, 0]);
  t.deepEqual(
    [...columns.get('conn_kind')!].map((kind) => names.conn_kind![kind]),
    ['open_syn', 'close_fin'],
  );
});

test('FORMAT.md names every column and counter-free key that is written', (t) => {
  const text = readFileSync('src/profile/FORMAT.md', 'utf8');
  const [header, block, footer] = frames(
    recordInProcess(pcapFile(packetsOf([client('mn\r\n'), server('MN\r\n')]))).profile,
  );
  for (const { body } of [header!, block!, footer!]) {
    for (const key of Object.keys(body)) t.true(text.includes(`\`${key}\``), key);
  }
  for (const name of (header!.body.names as Record<string, string[]>).column!)
    t.true(text.includes(`\`${name}\``), name);
});
