import test from 'ava';
import { unpack } from 'msgpackr/unpack';
import { crc32c } from '#src/profile/crc32c.js';
import {
  type BlockMeta,
  blockPrefix,
  encode,
  encodeFrame,
  FRAME_HEAD,
  FRAME_TAIL,
  sealFrame,
} from '#src/profile/envelope.js';
import { frame } from './support.js';

const META: BlockMeta = {
  run: Uint8Array.from({ length: 16 }, (_, i) => i),
  worker: 3,
  seq: 70_000,
  unit: 1,
  min_ns: 2n ** 60n,
  max_ns: 2n ** 60n + 1n,
  base_time: 2n ** 60n,
  base_ordinal: 5_000_000_000n,
  base_conn_time: 0n,
  events: 2,
  requests: 1,
  conns: 0,
  keys: 1,
  shapes: [[0, 1, 2, 0, 0, 0, 1, 8191, 2 ** 51]],
  columns: [
    ['shape', 2],
    ['time', 3],
  ],
  counts: { packets_seen: 2 ** 40 },
};

test('a block put together around a payload in shared memory is one msgpack map, the payload last', (t) => {
  const shared = new Uint8Array(new SharedArrayBuffer(64));
  shared.set([1, 2, 3, 4, 5], 17);
  const payload = shared.subarray(17, 22);
  const prefix = blockPrefix(META, payload.length);
  const bytes = new Uint8Array(FRAME_HEAD + prefix.length + payload.length + FRAME_TAIL);
  bytes.set(prefix, FRAME_HEAD);
  bytes.set(payload, FRAME_HEAD + prefix.length);
  const size = prefix.length + payload.length;
  const body = bytes.subarray(FRAME_HEAD, FRAME_HEAD + size);
  sealFrame(bytes, 'MBBK', size, crc32c(body));
  t.deepEqual(Buffer.from(bytes), frame('MBBK', body));
  const map = unpack(body) as Record<string, unknown>;
  t.deepEqual(Object.keys(map), [...Object.keys(META), 'payload']);
  t.deepEqual(Buffer.from(map.payload as Uint8Array), Buffer.from([1, 2, 3, 4, 5]));
  t.is(map.min_ns, 2n ** 60n);
  t.is(map.seq, 70_000);
  t.deepEqual(map.counts, { packets_seen: 2 ** 40 });
  t.deepEqual(Number((map.shapes as unknown[][])[0]![8]), 2 ** 51);
});

test('a frame is head, body and checksum', (t) => {
  for (const body of [{}, { a: 1 }, { text: 'x'.repeat(70_000) }]) {
    t.deepEqual(Buffer.from(encodeFrame('MBLS', encode(body))), frame('MBLS', encode(body)));
  }
});
