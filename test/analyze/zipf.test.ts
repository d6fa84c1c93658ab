import test from 'ava';
import { meanLogRank, zipfAlpha } from '#src/analyze/zipf.js';

/** Numbers from 0 to 1, always the same (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Counts by rank of draws from a Zipf law, keys never drawn left out. */
function draw(keys: number, alpha: number, draws: number): Float64Array {
  const next = random(keys + draws);
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let i = 0; i < keys; i++) sums[i] = sum += (i + 1) ** -alpha;
  const counts = new Float64Array(keys);
  for (let n = 0; n < draws; n++) {
    const at = next() * sum;
    let low = 0;
    let high = keys - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < at) low = middle + 1;
      else high = middle;
    }
    counts[low]!++;
  }
  return counts
    .filter((count) => count > 0)
    .sort()
    .reverse();
}

for (const [keys, alpha, draws] of [
  [100, 0.99, 10_000],
  [10_000, 0.99, 100_000],
  // Most keys are drawn once or never.
  [1_000_000, 0.99, 300_000],
  [100_000, 0.7, 1_000_000],
  [100_000, 1.3, 300_000],
] as const) {
  test(`the exponent of ${draws} draws from ${keys} keys of exponent ${alpha} is found`, (t) => {
    const found = zipfAlpha(draw(keys, alpha, draws))!;
    t.true(Math.abs(found - alpha) < 0.03, String(found));
  });
}

test('exact shares give the exact exponent, also where sums are integrated', (t) => {
  for (const ranks of [10, 1000, 200_000]) {
    for (const alpha of [0.5, 1, 2]) {
      const counts = Float64Array.from({ length: ranks }, (_, i) => 1e15 * (i + 1) ** -alpha);
      t.true(Math.abs(zipfAlpha(counts)! - alpha) < 1e-6, `${ranks} ${alpha}`);
    }
  }
});

test('the mean of ln(rank) is that of the plain sum', (t) => {
  for (const alpha of [0, 0.5, 0.99, 1, 1.5, 3]) {
    let weight = 0;
    let sum = 0;
    for (let rank = 1; rank <= 50_000; rank++) {
      weight += rank ** -alpha;
      sum += Math.log(rank) * rank ** -alpha;
    }
    t.true(Math.abs(meanLogRank(50_000, alpha) - sum / weight) < 1e-5, String(alpha));
  }
});

test('too few keys, and keys that are all alike, have no exponent', (t) => {
  t.is(zipfAlpha(new Float64Array(0)), null);
  t.is(zipfAlpha(Float64Array.of(9, 8, 7, 6, 5, 4, 3, 2, 1)), null);
  t.is(zipfAlpha(new Float64Array(1000).fill(7)), null);
  t.is(zipfAlpha(new Float64Array(1000).fill(70)), null);
  t.not(zipfAlpha(Float64Array.of(10, 9, 8, 7, 6, 5, 4, 3, 2, 1)), null);
  // Ten busy keys that are alike, and others that are not.
  t.not(zipfAlpha(Float64Array.from({ length: 30 }, (_, i) => (i < 10 ? 50 : 1))), null);
});
