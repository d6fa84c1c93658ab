import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { bytesOfPackets, finishedBytes, RingCopy } from '#src/pool/ring-records.js';

const BUSY = 0x80000000;
const DISCARDED = 0x40000000;
const SIZE = 64 * 1024;

/** What one record takes. */
const stride = (length: number) => (8 + length + 7) & ~7;

/** A ring of records of these lengths from a position on, its data twice in a row. */
function ringOf(position: number, lengths: readonly number[], flags: (i: number) => number = () => 0) {
  const data = new Uint8Array(2 * SIZE);
  const view = new DataView(data.buffer);
  let at = position;
  for (const [i, length] of lengths.entries()) {
    for (const copy of [0, SIZE]) {
      view.setUint32(((at % SIZE) + copy) % (2 * SIZE), (length | flags(i)) >>> 0, true);
      for (let byte = 0; byte < length; byte++) data[((at + 8 + byte) % SIZE) + copy] = i + 1;
    }
    at += stride(length);
  }
  return { data, size: at - position };
}

const records = fc
  .tuple(
    fc.nat(4 * SIZE).map((n) => n & ~7),
    fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 60 }),
    fc.integer({ min: 1, max: SIZE }),
  )
  .map(([position, lengths, limit]) => {
    // No more than there is room for.
    let room = SIZE;
    const fitting = lengths.filter((length) => {
      room -= stride(length);
      return room >= 0;
    });
    return { position, lengths: fitting, limit };
  });

test('a backlog is copied once, in pieces of whole records, wherever it lies', (t) => {
  fc.assert(
    fc.property(records, ({ position, lengths, limit }) => {
      const { data, size } = ringOf(position, lengths);
      const into = new Uint8Array(SIZE);
      const copy = new RingCopy(data, into);
      let copied = 0;
      const seen: number[] = [];
      while (copied < size) {
        const bytes = copy.take(position + copied, size - copied, limit);
        assert.ok(bytes > 0 && bytes < limit + stride(3000), 'a batch, and the record it ends in');
        for (let at = 0; at < bytes; ) {
          const length = new DataView(into.buffer).getUint32(at, true);
          seen.push(length);
          assert.ok(into.subarray(at + 8, at + 8 + length).every((byte) => byte === (seen.length & 255)));
          at += stride(length);
        }
        copied += bytes;
      }
      assert.equal(copied, size);
      assert.deepEqual(seen, lengths);
    }),
  );
  t.pass();
});

test('what the kernel is still writing is not copied, nor what lies behind it', (t) => {
  const lengths = [100, 200, 300];
  const aligned = ringOf(SIZE - 152, lengths, (i) => (i === 1 ? BUSY : 0));
  const into = new Uint8Array(SIZE);
  t.is(new RingCopy(aligned.data, into).take(SIZE - 152, aligned.size, SIZE), stride(100));
  t.true(into.subarray(stride(100)).every((byte) => byte === 0));
  t.is(finishedBytes(new Int32Array(aligned.data.buffer), SIZE - 152, aligned.size, 1), stride(100));
});

test('packets are passed over by their number, with the discarded records between them', (t) => {
  const lengths = [10, 20, 30, 40];
  const { data, size } = ringOf(0, lengths, (i) => (i === 1 ? DISCARDED : 0));
  const heads = new Int32Array(data.buffer);
  t.is(bytesOfPackets(heads, 0, size, 0), 0);
  t.is(bytesOfPackets(heads, 0, size, 1), stride(10));
  t.is(bytesOfPackets(heads, 0, size, 2), stride(10) + stride(20) + stride(30));
  t.is(bytesOfPackets(heads, 0, size, 100), size);
});
