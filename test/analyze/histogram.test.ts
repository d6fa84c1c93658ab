import test from 'ava';
import fc from 'fast-check';
import { Histogram } from '#src/analyze/histogram.js';

/** Values of any size up to 2^53. */
const value = fc.nat(53).chain((bits) => fc.maxSafeNat().map((n) => n % 2 ** bits));

test('percentiles are those of the sorted values, at most a thousandth above', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(value, fc.integer({ min: 1, max: 5 })), { minLength: 1 }), (entries) => {
      const histogram = new Histogram();
      for (const [n, times] of entries) histogram.record(n, times);
      const sorted = entries.flatMap(([n, times]) => Array<number>(times).fill(n)).sort((a, b) => a - b);
      const { max, ...found } = histogram.percentiles();
      t.is(max, sorted.at(-1)!);
      for (const [name, share] of [
        ['p50', 50],
        ['p90', 90],
        ['p99', 99],
        ['p999', 99.9],
      ] as const) {
        const exact = sorted[Math.ceil((sorted.length * share * 10) / 1000) - 1]!;
        t.true(
          found[name]! >= exact && found[name]! <= Math.min(max!, exact * (1 + 1 / 1024)),
          `${name} of ${sorted}`,
        );
      }
    }),
  );
});

test('small values are exact', (t) => {
  const histogram = new Histogram();
  for (let n = 1; n <= 1000; n++) histogram.record(n);
  t.deepEqual(histogram.percentiles(), { p50: 500, p90: 900, p99: 990, p999: 999, max: 1000 });
});

test('without values there are no percentiles', (t) => {
  t.deepEqual(new Histogram().percentiles(), { p50: null, p90: null, p99: null, p999: null, max: null });
});

test('values above 2^53 count as large ones', (t) => {
  const histogram = new Histogram();
  histogram.record(2 ** 64);
  t.is(histogram.percentiles().max, 2 ** 64);
  t.true(histogram.percentiles().p50! >= 2 ** 52);
});

test('counts by power of two are those of all values, whatever the steps', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.oneof(fc.nat(20), fc.nat(1e6), fc.maxSafeNat()), fc.integer({ min: 1, max: 5 }))),
      fc.constantFrom(4, 6, 10),
      (entries, bits) => {
        const histogram = new Histogram(bits);
        const wanted = new Map<number, number>();
        for (const [value, times] of entries) {
          histogram.record(value, times);
          let below = 1;
          while (below <= value) below *= 2;
          wanted.set(below, (wanted.get(below) ?? 0) + times);
        }
        const powers = histogram.powers();
        return (
          powers.every(([below, count]) => count === (wanted.get(below) ?? 0)) &&
          [...wanted].every(([below, count]) => powers.some(([own, n]) => own === below && n === count)) &&
          powers.every(([below], i) => i === 0 || below === 2 * powers[i - 1]![0])
        );
      },
    ),
  );
  t.pass();
});

test('rows are counted by kind as they would be one by one', (t) => {
  const row = fc.record({ kind: fc.nat(3), size: value });
  fc.assert(
    fc.property(fc.array(row), fc.nat(5), (rows, from) => {
      const shared = new Histogram();
      const own = new Histogram();
      // The kinds 1 and 3 share one; kind 2 has none, and zeros for values.
      const histograms = [own, shared, null, shared];
      const values = Float64Array.from(rows, ({ kind, size }) => (kind === 2 ? 0 : size));
      const kind = Uint32Array.from(rows, (one) => one.kind);
      Histogram.recordRows(histograms, { kind, values, from, to: rows.length });
      for (const [found, kinds] of [
        [own, [0]],
        [shared, [1, 3]],
      ] as const) {
        const wanted = new Histogram();
        for (const one of rows.slice(from)) if (kinds.some((n) => n === one.kind)) wanted.record(one.size);
        t.is(found.total, wanted.total);
        t.deepEqual(found.percentiles(), wanted.percentiles());
        t.deepEqual([...found.buckets()], [...wanted.buckets()]);
      }
      const all = new Histogram();
      all.recordAll(values, values.length);
      const each = new Histogram();
      for (const one of values) each.record(one);
      t.is(all.mean, each.mean);
      t.deepEqual(all.percentiles(), each.percentiles());
    }),
    { numRuns: 50 },
  );
});
