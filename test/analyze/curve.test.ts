/** Curves of the hit ratio against caches simulated by hand, one size after the other. */
import test from 'ava';
import fc from 'fast-check';
import { MemoryCurves, type MissRatios } from '#src/analyze/collect/memory.js';
import { adviceOf } from '#src/analyze/curve/advice.js';
import { type Curve, kneeOf, ratioAt, ratioBetween } from '#src/analyze/curve/distances.js';
import { Expiries } from '#src/analyze/curve/expiries.js';
import { Items } from '#src/analyze/curve/items.js';
import { readMemcachedOptions } from '#src/analyze/curve/memcached-options.js';
import { Memcacheds } from '#src/analyze/curve/memcacheds.js';
import { KeyTable } from '#src/analyze/key-table.js';
import { DELETE, HIT, MISS, READ, type Sequence, STORED, TOUCH, WRITE } from '#src/analyze/sequence.js';
import { seeded } from '../support/random.js';

interface Use {
  key: number;
  act: number;
  outcome: number;
  /** Seconds. */
  time: number;
  ttl?: number;
  size?: number;
}

/** A hash for each key, as uniform as SipHash's. */
function hashes(keys: number, seed: number): Uint32Array {
  const random = seeded(seed);
  return Uint32Array.from({ length: 2 * keys }, () => Math.floor(random() * 2 ** 32));
}

const BATCH = 500;

/** The curves of some uses, with as many keys told apart as `keysMax`. */
function curves(
  uses: readonly Use[],
  keysMax: number,
  pinnedMax = keysMax / 4,
  memcached?: string,
): MissRatios {
  const words = hashes(1 + uses.reduce((most, { key }) => Math.max(most, key), 0), 7);
  const table = new KeyTable(keysMax, pinnedMax);
  const options = memcached === undefined ? null : readMemcachedOptions(memcached);
  const memory = new MemoryCurves(table, 0, {
    bytes: options?.megabytes ? options.megabytes * 2 ** 20 : null,
    memcached: options?.options ?? null,
  });
  for (let at = 0; at < uses.length; at += BATCH) {
    const part = uses
      .slice(at, at + BATCH)
      .map((use) => ({ ...use, id: table.idOf(words[2 * use.key]!, words[2 * use.key + 1]!) }))
      .filter(({ id }) => id >= 0);
    for (const { id } of part) table.counts.values[id]!++;
    const sequence: Sequence = {
      rows: part.length,
      time: Float64Array.from(part, ({ time }) => time * 1e9),
      id: Int32Array.from(part, ({ id }) => id),
      act: Uint8Array.from(part, ({ act }) => act),
      outcome: Uint8Array.from(part, ({ outcome }) => outcome),
      itemSize: Float64Array.from(part, ({ size }) => size ?? -1),
      ttl: Float64Array.from(part, ({ ttl }) => ttl ?? Number.NaN),
      weight: Float64Array.from(part, ({ id }) => table.weightOf(id)),
    };
    memory.add(sequence);
    const renumbered = table.limit();
    if (renumbered !== null) memory.renumber(renumbered);
  }
  const reads = uses.filter(({ act }) => act === READ);
  const hits = reads.filter(({ outcome }) => outcome === HIT).length;
  return memory.result(hits, reads.length - hits);
}

/** Reads, and stores after misses, of keys by Zipf's law; every key has one size. */
function zipf(keys: number, length: number, seed: number): Use[] {
  const random = seeded(seed);
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let i = 0; i < keys; i++) {
    sum += 1 / (i + 1) ** 0.9;
    sums[i] = sum;
  }
  const stored = new Set<number>();
  const uses: Use[] = [];
  for (let i = 0; i < length; i++) {
    const wanted = random() * sum;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    const use = { key: low, time: i / 1000, size: 100 + ((low * 37) % 400) };
    uses.push({ ...use, act: READ, outcome: stored.has(low) ? HIT : MISS });
    if (stored.has(low)) continue;
    stored.add(low);
    uses.push({ ...use, act: WRITE, outcome: STORED });
  }
  return uses;
}

/** Share of reads an LRU cache misses that holds so much; `sizeOf` an item: 1, or its bytes. */
function simulateLru(uses: readonly Use[], capacity: number, sizeOf: (use: Use) => number): number {
  const cache = new Map<number, number>();
  const known = new Set<number>();
  let used = 0;
  let reads = 0;
  let misses = 0;
  const put = (use: Use) => {
    used += sizeOf(use) - (cache.get(use.key) ?? 0);
    cache.delete(use.key);
    cache.set(use.key, sizeOf(use));
    for (const [key, size] of cache) {
      if (used <= capacity) break;
      cache.delete(key);
      used -= size;
    }
  };
  for (const use of uses) {
    if (use.act === READ) {
      reads++;
      if (!cache.has(use.key)) misses++;
      // Its client stores what exists and is missed.
      if (!known.has(use.key) && use.outcome === MISS) continue;
    }
    known.add(use.key);
    put(use);
  }
  return misses / reads;
}

const falls = (curve: Curve) => curve.every(([, ratio], i) => i === 0 || ratio <= curve[i - 1]![1] + 1e-12);

test('LRU by items and by bytes is exactly what a cache of that size does', (t) => {
  const uses = zipf(2000, 20_000, 1);
  const { lru, cold_misses, reads, sampled, band } = curves(uses, 1 << 20);
  t.is(sampled, 1);
  t.deepEqual(band, []);
  t.is(reads, 20_000);
  t.is(cold_misses, new Set(uses.map(({ key }) => key)).size);
  t.true(falls(lru.items) && falls(lru.bytes));
  for (const index of [0, 5, 20, 60, lru.items.length - 1]) {
    const [size, ratio] = lru.items[index]!;
    t.is(
      ratio,
      simulateLru(uses, size, () => 1),
      `${size} items`,
    );
  }
  for (const [size, ratio] of lru.bytes.filter((_, i) => i % 40 === 39)) {
    if (size < 500) continue;
    t.true(Math.abs(ratio - simulateLru(uses, size, ({ size: own }) => own!)) < 1e-9, `${size} bytes`);
  }
});

test('above 16,384 keys sizes are rounded, and the curves are off by less than a tenth of a point', (t) => {
  const uses = zipf(60_000, 200_000, 5);
  const { lru, sampled, band } = curves(uses, 1 << 20);
  t.is(sampled, 1);
  t.deepEqual(band, []);
  t.true(falls(lru.items) && falls(lru.bytes));
  for (const capacity of [1000, 4000, 16_000, 32_000]) {
    const items = simulateLru(uses, capacity, () => 1);
    t.true(Math.abs(ratioBetween(lru.items, capacity) - items) < 0.001, `${capacity} items`);
    const bytes = simulateLru(uses, 300 * capacity, ({ size }) => size!);
    t.true(Math.abs(ratioBetween(lru.bytes, 300 * capacity) - bytes) < 0.001, `${300 * capacity} bytes`);
  }
});

test('of a sample curves are those of all keys, and the band says how sure', (t) => {
  const uses = zipf(20_000, 200_000, 2);
  const exact = curves(uses, 1 << 20);
  const sample = curves(uses, 4096);
  t.true(sample.sampled < 0.5, `${sample.sampled}`);
  for (const kind of ['items', 'bytes'] as const) {
    const errors = exact.lru[kind].map(([size, ratio]) => Math.abs(ratio - ratioAt(sample.lru[kind], size)));
    const largest = exact.lru[kind].findIndex(([size]) => size >= 100);
    const told = errors.slice(largest);
    const mean = told.reduce((sum, error) => sum + error, 0) / told.length;
    t.true(mean < 0.02, `${kind}: ${mean}`);
  }
  t.true(Math.abs(sample.cold_misses - exact.cold_misses) < 0.05 * exact.cold_misses);
  const inside = sample.band.filter(([size, low, high]) => {
    const ratio = ratioAt(exact.lru_ttl.bytes, size);
    return ratio >= low - 0.005 && ratio <= high + 0.005;
  });
  t.true(inside.length > 0.8 * sample.band.length, `${inside.length} of ${sample.band.length}`);
});

const use = fc.record({
  key: fc.nat(12),
  kind: fc.constantFrom('hit', 'miss', 'store', 'delete', 'touch'),
  gap: fc.nat(3),
  ttl: fc.constantFrom(0, 1, 5, 20, -1),
});

test('with TTLs and deletes a distance counts what is alive', (t) => {
  fc.assert(
    fc.property(fc.array(use, { maxLength: 120 }), (made) => {
      let time = 0;
      const uses = made.map(({ key, kind, gap, ttl }): Use => {
        time += gap;
        if (kind === 'store') return { key, time, act: WRITE, outcome: STORED, ttl, size: 100 };
        if (kind === 'delete') return { key, time, act: DELETE, outcome: HIT };
        if (kind === 'touch') return { key, time, act: TOUCH, outcome: HIT, ttl };
        return { key, time, act: READ, outcome: kind === 'hit' ? HIT : MISS };
      });
      // By the definition: what was used since, and is alive.
      let alive: { key: number; expiry: number }[] = [];
      const ttls = new Map<number, number>();
      const distances: number[] = [];
      let none = 0;
      for (const { key, time: now, act, outcome, ttl } of uses) {
        alive = alive.filter(({ expiry }) => expiry > now);
        if (ttl !== undefined) ttls.set(key, ttl);
        const expiry = (own: number | undefined) =>
          own === undefined || own === 0 ? Number.POSITIVE_INFINITY : own < 0 ? now : now + own;
        const at = alive.findIndex((item) => item.key === key);
        const [item] = at < 0 ? [] : alive.splice(at, 1);
        if (act === DELETE) continue;
        if (act === READ) {
          if (item !== undefined) distances.push(at + 1);
          else none++;
          if (item !== undefined) alive.unshift(item);
          else if (outcome === HIT) alive.unshift({ key, expiry: expiry(ttls.get(key)) });
        } else if (act === WRITE || item !== undefined) {
          alive.unshift({ key, expiry: expiry(ttls.get(key)) });
        }
        alive = alive.filter((one) => one.expiry > now);
      }
      const { lru_ttl, cold_misses, dead_misses } = curves(uses, 1 << 20);
      t.is(cold_misses + dead_misses, none);
      for (let size = 1; size < 13; size++) {
        const misses = none + distances.filter((distance) => distance > size).length;
        if (distances.length === 0 || size < Math.min(...distances)) continue;
        t.true(Math.abs(ratioAt(lru_ttl.items, size) - misses / (none + distances.length)) < 1e-9, `${size}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('what expires comes out in order', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), (times) => {
      const heap = new Expiries();
      for (const [i, time] of times.entries()) heap.add(time, i);
      const out: number[] = [];
      while (heap.size > 0) {
        const { first } = heap;
        t.is(times[heap.take()], first);
        out.push(first);
      }
      t.deepEqual(
        out,
        [...times].sort((a, b) => a - b),
      );
    }),
  );
});

test('a simulated memcached holds what fits, and more memory is never worse by much', (t) => {
  const uses = zipf(60_000, 150_000, 3).map((one) => ({ ...one, size: 59 + 400 + (one.key % 100) }));
  const { memcached, lru, advice } = curves(uses, 1 << 20, 0, '-m 8');
  const bytes = memcached!.bytes;
  t.deepEqual(
    bytes.map(([size]) => size / 2 ** 20),
    [1, 2, 4, 6, 8, 12, 16, 32, 64],
  );
  for (let i = 1; i < bytes.length; i++) t.true(bytes[i]![1] <= bytes[i - 1]![1] + 0.005);
  // Where everything fits, only the first reads miss; where little does, it is near LRU of as much.
  t.is(bytes.at(-1)![1], lru.bytes.at(-1)![1]);
  for (const [size, ratio] of bytes.slice(2, 6)) {
    const other = ratioAt(lru.bytes, size * 0.87);
    t.true(Math.abs(ratio - other) < 0.06, `${size}: ${ratio}, LRU ${other}`);
  }
  t.like(advice, { from: 'given', bytes: 8 * 2 ** 20 });
  t.is(advice!.hit_ratio, 1 - bytes[4]![1]);
});

test('where the curve does not reach the recorded ratio, the advice is for the size from which on it is flat', (t) => {
  const curve: Curve = [
    [1, 0.9],
    [2, 0.5],
    [4, 0.2],
    [8, 0.2],
    [1024, 0.2],
  ];
  const advice = adviceOf(curve, null, 0.9);
  t.like(advice, { bytes: 4, from: 'all', hit_ratio: 0.8, half: 0.5, double: 0.8 });
  t.is(advice!.knee?.bytes, 2);
});

test('of a sample a simulated memcached is that of all keys', (t) => {
  const uses = zipf(60_000, 150_000, 4);
  const exact = curves(uses, 1 << 20, 0, '-m 8').memcached!.bytes;
  const sample = curves(uses, 16_384, 4096, '-m 8');
  t.true(sample.sampled < 1);
  for (const [i, [size, ratio]] of sample.memcached!.bytes.entries()) {
    t.true(Math.abs(ratio - exact[i]![1]) < 0.015, `${size}: ${ratio} for ${exact[i]![1]}`);
  }
});

test('memcacheds of several sizes that are simulated together do what each does by itself', (t) => {
  const random = seeded(6);
  const words = hashes(30_000, 8);
  const sizes = [1, 2, 3, 4, 8, 64];
  const { options } = readMemcachedOptions('');
  // A table that becomes a sample, for each group of sizes: all of them, and one by one.
  const groups = [sizes, ...sizes.map((size) => [size])].map((own) => {
    const table = new KeyTable(8192, 1024);
    const items = new Items(0);
    return { table, items, models: new Memcacheds(table, items, own, options) };
  });
  for (let i = 0; i < 150_000; i++) {
    const key = Math.floor(30_000 * random() ** 3);
    const [kind, size, ttl] = [random(), 400 + Math.floor(80 * random()), random() < 0.2 ? 5 : 0];
    const now = i * 1e6;
    for (const { table, items, models } of groups) {
      const id = table.idOf(words[2 * key]!, words[2 * key + 1]!);
      if (id < 0) continue;
      table.counts.values[id]!++;
      if (kind < 0.1) items.learn(id, size, ttl);
      if (kind < 0.1) models.write(id, now);
      else if (kind < 0.12) models.remove(id, now);
      else if (kind < 0.14) models.touch(id, now);
      else models.read(id, now, kind < 0.8, table.weightOf(id));
      const renumbered = table.limit();
      if (renumbered === null) continue;
      items.renumber(renumbered);
      models.renumber(renumbered);
    }
  }
  const [together, ...alone] = groups.map(({ models }) => models.hits({ reads: 0, busyShare: 0.001 }));
  t.true(groups[0]!.table.rate < 1);
  t.true(new Set(together!.map(([, hits]) => hits)).size > 3);
  t.deepEqual(together, alone.flat());
});

test('options are read as memcached reads them', (t) => {
  t.like(readMemcachedOptions('-m 64 -f 1.08 -I 2m -n72 -C -o hot_lru_pct=10,modern -t 4 -v'), {
    megabytes: 64,
    options: { factor: 1.08, itemMax: 2 ** 21, least: 72, cas: false, hotPercent: 10, segmented: true },
  });
  t.like(readMemcachedOptions(''), { megabytes: null, options: { factor: 1.25, warmPercent: 40 } });
  t.false(readMemcachedOptions('-o no_lru_maintainer').options.segmented);
  for (const text of ['-f', '-f 1', '-f x', '-I 2q', '-I 10', 'x', '-M', '-y 1', '-t', '-o hot_lru_pct=no']) {
    t.throws(() => readMemcachedOptions(text), { code: 'ERR_MEMBENCH_USAGE' }, text);
  }
});

test('the knee is where more memory begins to pay less', (t) => {
  const bent: Curve = [
    [1, 0.9],
    [10, 0.2],
    [50, 0.15],
    [100, 0.1],
  ];
  t.is(kneeOf(bent), 10);
  t.is(kneeOf([[1, 0.5]]), null);
  t.is(
    kneeOf([
      [1, 0.9],
      [2, 0.8],
      [3, 0.7],
    ]),
    null,
  );
  t.is(ratioAt(bent, 49), 0.2);
  t.is(ratioAt(bent, 0.5), 1);
});
