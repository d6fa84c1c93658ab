import test from 'ava';
import fc from 'fast-check';
import { BlockError } from 'membench/profile';
import {
  readBytes,
  readDoubles,
  readInt64s,
  readSums,
  readUint32s,
  readUint64s,
  readWords64,
} from '#src/profile/varint.js';
import { varint, zigzag } from './support.js';

/** Values of every length a varint may have. */
function lengths(bits: number): fc.Arbitrary<bigint> {
  return fc.nat(bits).chain((n) => fc.bigInt({ min: 0n, max: 2n ** BigInt(n) - 1n }));
}

const uint32s = fc.array(lengths(32));
const uint64s = fc.array(lengths(64));
const int64s = fc.array(lengths(64).map((value) => BigInt.asIntN(64, value)));
const encode = (values: bigint[], one: (value: bigint) => Buffer) => Buffer.concat(values.map(one));

test('every reader of columns gives back what was encoded', (t) => {
  fc.assert(
    fc.property(uint32s, uint64s, int64s, (small, large, signed) => {
      t.deepEqual([...readUint32s(encode(small, varint), small.length)].map(BigInt), small);
      const doubles = readDoubles(encode(large, varint), large.length);
      // Exact up to 2^53, to a few units in the last place above.
      for (const [i, value] of large.entries()) {
        const off = Math.abs(doubles[i]! - Number(value));
        t.true(value < 2n ** 53n ? off === 0 : off <= Number(value) * 2 ** -50);
      }
      t.deepEqual([...readUint64s(encode(large, varint), large.length)], large);
      t.deepEqual([...readInt64s(encode(signed, zigzag), signed.length)], signed);
    }),
  );
});

test('sums are exact over all of 64 bits', (t) => {
  fc.assert(
    fc.property(uint64s, lengths(64), (values, base) => {
      let before = base;
      const deltas = values.map((value) => {
        const delta = BigInt.asIntN(64, value - before);
        before = value;
        return delta;
      });
      t.deepEqual([...readSums(encode(deltas, zigzag), deltas.length, base)], values);
    }),
  );
});

test('a column that is too short, too long or too large is refused', (t) => {
  const readers = { readUint32s, readDoubles, readUint64s, readInt64s };
  for (const [name, read] of Object.entries(readers)) {
    for (const [what, bytes] of Object.entries({
      'one value missing': [1, 2],
      'cut in a value': [1, 2, 0x80],
      'one value more': [1, 2, 3, 4],
      'more than 64 bits': [1, 2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2],
      'without an end': Array(40).fill(0xff),
    })) {
      t.throws(() => read(Uint8Array.from(bytes), 3), { instanceOf: BlockError }, `${name}: ${what}`);
    }
  }
  t.throws(() => readUint32s(varint(2n ** 32n), 1), { instanceOf: BlockError });
  t.throws(() => readSums(Uint8Array.of(1), 2, 0n), { instanceOf: BlockError });
  t.throws(() => readWords64(new Uint8Array(15), 2), { instanceOf: BlockError });
  t.throws(() => readWords64(new Uint8Array(17), 2), { instanceOf: BlockError });
  t.throws(() => readBytes(new Uint8Array(1), 2), { instanceOf: BlockError });
});

test('the largest values pass', (t) => {
  t.deepEqual([...readUint32s(varint(2n ** 32n - 1n), 1)], [0xffffffff]);
  t.deepEqual([...readUint64s(varint(2n ** 64n - 1n), 1)], [2n ** 64n - 1n]);
  t.deepEqual([...readInt64s(zigzag(-(2n ** 63n)), 1)], [-(2n ** 63n)]);
  t.deepEqual([...readDoubles(varint(2n ** 53n - 1n), 1)], [2 ** 53 - 1]);
});
