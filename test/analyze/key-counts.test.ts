import test from 'ava';
import fc from 'fast-check';
import { KeyCounts } from '#src/analyze/key-counts.js';

/** Hashes that share words, as real ones hardly do. */
const hash = fc.tuple(
  fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 0xffffffff })),
  fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 0xffffffff })),
);

test('counts are those of a map, and the top is its largest in one order', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(hash, fc.integer({ min: 1, max: 9 }))),
      fc.integer({ min: 1, max: 30 }),
      (adds, limit) => {
        const counts = new KeyCounts();
        const expected = new Map<bigint, number>();
        for (const [[low, high], count] of adds) {
          counts.add(low, high, count);
          const key = (BigInt(high) << 32n) | BigInt(low);
          expected.set(key, (expected.get(key) ?? 0) + count);
        }
        const sorted = [...expected].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
        t.is(counts.size, expected.size);
        t.deepEqual(
          [...counts.byRank()],
          sorted.map(([, count]) => count),
        );
        t.deepEqual(
          counts.top(limit),
          sorted.slice(0, limit).map(([key, count]) => ({ hash: key, count })),
        );
      },
    ),
  );
});

test('it grows as far as it must', (t) => {
  const counts = new KeyCounts();
  for (let round = 0; round < 2; round++) {
    // Neighbours in the table at every size.
    for (let i = 0; i < 50_000; i++) counts.add(i, i % 3, 1);
  }
  t.is(counts.size, 50_000);
  t.true(counts.byRank().every((count) => count === 2));
});
