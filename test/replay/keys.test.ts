import test from 'ava';
import fc from 'fast-check';
import { isKey, ShortKeys, writeKey } from '#src/replay/keys.js';

const made = (low: number, high: number, size: number) => {
  const bytes = Buffer.alloc(size + 2, '#');
  const end = writeKey(bytes, 1, low, high, size);
  return { key: bytes.toString('latin1', 1, end), whole: bytes.toString('latin1') };
};

test('a key spells its hash in characters of six bits, the lowest first, and repeats them', (t) => {
  t.is(made(0, 0, 11).key, 'AAAAAAAAAAA');
  // 1 is B; bit 6 begins the second character, bits 30 to 35 the sixth, across both words.
  t.is(made(1, 0, 3).key, 'BAA');
  t.is(made(1 << 6, 0, 3).key, 'ABA');
  t.is(made(0, 1, 8).key, 'AAAAAEAA');
  t.is(made(0xffffffff, 0xffffffff, 11).key, '__________P');
  t.is(made(1, 0, 24).key, 'BAAAAAAAAAABAAAAAAAAAABA');
  t.is(made(1, 0, 0).key, '');
});

const word = fc.integer({ min: 0, max: 0xffffffff });

test('keys have the size that is asked for, no space and no control character, and touch nothing around', (t) => {
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 250 }), (low, high, size) => {
      const { key, whole } = made(low, high, size);
      t.regex(key, /^[!-~]+$/);
      t.is(whole, `#${key}#`);
      t.is(key.length, size);
      t.true(isKey(Buffer.from(key, 'latin1'), 0, low, high, size));
    }),
    { numRuns: 500 },
  );
});

test('keys of eleven characters or more are different for different hashes', (t) => {
  fc.assert(
    fc.property(word, word, word, word, (low, high, otherLow, otherHigh) => {
      const isSame = low === otherLow && high === otherHigh;
      const other = Buffer.from(made(otherLow, otherHigh, 20).key, 'latin1');
      t.is(isKey(other, 0, low, high, 20), isSame);
    }),
    { numRuns: 500 },
  );
});

test('recorded keys that become the same are counted once each, for every size', (t) => {
  for (let size = 1; size <= 10; size++) {
    const keys = new ShortKeys();
    const truth = new Map<string, Set<string>>();
    for (let i = 0; i < 2000; i++) {
      // Hashes that differ in the bits of the last character kept, in those behind it, and in the highest.
      const bit = 6 * size - 1 + (i % 3);
      const hash = (BigInt(i % 7) | (1n << BigInt(bit)) | (BigInt(i % 21) << 54n)) & 0xffffffffffffffffn;
      const [low, high] = [Number(hash & 0xffffffffn), Number(hash >> 32n)];
      keys.add(low, high, size);
      const name = made(low, high, size).key;
      truth.set(name, (truth.get(name) ?? new Set()).add(hash.toString()));
    }
    let merged = 0;
    for (const hashes of truth.values()) merged += hashes.size - 1;
    // Nine and ten characters are told apart by 52 bits.
    if (size <= 8) t.is(keys.merged, merged, `${size} characters`);
  }
});
