import test from 'ava';
import fc from 'fast-check';
import { KeyTable } from '#src/analyze/key-table.js';
import { seeded } from '../support/random.js';

/** Hashes that share words, as real ones hardly do. */
const hash = fc.tuple(
  fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 0xffffffff })),
  fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 0xffffffff })),
);

const joined = ([low, high]: readonly [number, number]) => (BigInt(high) << 32n) | BigInt(low);

function add(table: KeyTable, low: number, high: number, count: number): void {
  const id = table.idOf(low, high);
  if (id >= 0) table.counts.values[id]! += count;
}

test('counts are those of a map, and the top is its largest in one order', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(hash, fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9999 })))),
      fc.integer({ min: 1, max: 30 }),
      (adds, limit) => {
        const table = new KeyTable();
        const expected = new Map<bigint, number>();
        for (const [[low, high], count] of adds) {
          add(table, low, high, count);
          const key = joined([low, high]);
          expected.set(key, (expected.get(key) ?? 0) + count);
        }
        const sorted = [...expected].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
        t.is(table.size, expected.size);
        t.is(table.distinct, expected.size);
        t.deepEqual(
          [...table.byRank()],
          sorted.map(([, count]) => count),
        );
        t.deepEqual(
          table.largest(table.counts, limit).map((id) => [table.hashOf(id), table.counts.values[id]!]),
          sorted.slice(0, limit),
        );
      },
    ),
  );
});

test('it grows as far as it must', (t) => {
  const table = new KeyTable();
  const other = table.column();
  for (let round = 0; round < 2; round++) {
    // Neighbours in the table at every size.
    for (let i = 0; i < 50_000; i++) {
      add(table, i, i % 3, 1);
      other.values[table.idOf(i, i % 3)] = i;
    }
  }
  t.is(table.size, 50_000);
  t.true(table.byRank().every((count) => count === 2));
  for (let i = 0; i < 50_000; i++) t.is(other.values[table.idOf(i, i % 3)], i);
});

test('above its limit it is a sample by hash, and what stays is exact', (t) => {
  const random = seeded(5);
  const word = () => Math.floor(random() * 2 ** 32);
  const keys = Array.from({ length: 100_000 }, () => [word(), word()] as const);
  const table = new KeyTable(10_000);
  const expected = new Map<bigint, number>();
  for (let i = 0; i < 300_000; i++) {
    // The first hundred are busy from the beginning.
    const key = i % 3 === 0 ? keys[Math.floor(i / 3) % 100]! : keys[Math.floor(random() * keys.length)]!;
    add(table, ...key, 1);
    expected.set(joined(key), (expected.get(joined(key)) ?? 0) + 1);
    if (i % 1000 === 0) table.limit();
  }
  table.limit();
  t.true(table.size <= 10_000);
  t.true(table.rate < 0.2 && table.rate >= 1 / 64, `${table.rate}`);
  for (let id = 0; id < table.size; id++) t.is(table.counts.values[id], expected.get(table.hashOf(id))!);
  t.true(Math.abs(table.distinct - expected.size) < 0.05 * expected.size, `${table.distinct}`);
  const busiest = new Set(table.largest(table.counts, 100).map((id) => table.hashOf(id)));
  for (const key of keys.slice(0, 100)) t.true(busiest.has(joined(key)));
});

test('numbers kept over a limit can be exchanged', (t) => {
  const table = new KeyTable(2000);
  const hashes = new Map<number, bigint>();
  const random = seeded(6);
  for (let i = 0; i < 3000; i++) {
    const low = Math.floor(random() * 2 ** 32);
    const high = Math.floor(random() * 2 ** 32);
    hashes.set(table.idOf(low, high), joined([low, high]));
  }
  const renumbered = table.limit()!;
  t.is(renumbered.length, 3000);
  for (const [id, key] of hashes) {
    const now = renumbered[id]!;
    if (now >= 0) t.is(table.hashOf(now), key);
  }
  t.is(renumbered.filter((id) => id >= 0).length, table.size);
  t.is(table.limit(), null);
});

test('records of several numbers stay with their keys when it grows, and when it becomes a sample', (t) => {
  const table = new KeyTable(3000, 10, { width: 2 });
  const record = table.column(3);
  // The upper words are spread evenly, as those of real hashes are.
  const high = (i: number) => Math.imul(i, 0x9e3779b1) >>> 0;
  for (let i = 1; i <= 5000; i++) {
    const id = table.idOf(i, high(i));
    table.counts.values[2 * id]! += i;
    table.counts.values[2 * id + 1] = -i;
    record.values.set([i, 5000 - i, 3 * i], 3 * id);
  }
  const lows = (ids: number[]) => ids.map((id) => Number(table.hashOf(id) & 0xffffffffn));
  t.deepEqual(lows(table.largest(table.counts, 3)), [5000, 4999, 4998]);
  t.deepEqual(lows(table.largest(record, 3, 1)), [1, 2, 3]);
  t.not(table.limit(), null);
  t.true(table.size <= 3000);
  for (let id = 0; id < table.size; id++) {
    const i = Number(table.hashOf(id) & 0xffffffffn);
    t.is(table.idOf(i, high(i)), id);
    t.is(table.countOf(id), i);
    t.is(table.counts.values[2 * id + 1], -i);
    t.deepEqual([...record.values.subarray(3 * id, 3 * id + 3)], [i, 5000 - i, 3 * i]);
  }
  t.deepEqual(lows(table.largest(table.counts, 3)), [5000, 4999, 4998]);
  t.true(record.values.subarray(3 * table.size).every((value) => value === 0));
});

test('it takes little more memory than its limit needs, however many keys a block brings beyond it', (t) => {
  const limit = 2 ** 14;
  const table = new KeyTable(limit, 100);
  const random = seeded(7);
  let most = 0;
  for (let block = 0; block < 50; block++) {
    for (let i = 0; i < limit / 20; i++) {
      const id = table.idOf(Math.floor(random() * 2 ** 32), Math.floor(random() * 2 ** 32));
      if (id >= 0) table.counts.values[id]!++;
    }
    most = Math.max(most, table.size);
    table.limit();
  }
  t.true(most > limit);
  t.true(table.counts.values.length <= 1.125 * limit, `${table.counts.values.length} keys`);
});
