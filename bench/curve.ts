/**
 * The curves of `analyze` against LRU caches that are simulated one by one, over 10 M reads of a Zipf
 * workload; and how fast events go through the sample.
 *
 *   node build/bench/curve.js [--reads N] [--keys N] [--alpha X] [--secrets N]
 */
import { parseArgs } from 'node:util';
import { MemoryCurves } from '#src/analyze/collect/memory.js';
import { type Curve, ratioBetween } from '#src/analyze/curve/distances.js';
import { highestOf, indexOf } from '#src/analyze/histogram.js';
import { KeyTable } from '#src/analyze/key-table.js';
import { ORDERED_KEYS_MAX, ORDERED_PINNED_MAX } from '#src/analyze/ordered-analysis.js';
import { createSequence, HIT, MISS, READ, STORED, WRITE } from '#src/analyze/sequence.js';
import { Random } from './generate/random.js';
import { median } from './measure/statistics.js';
import { renderTable } from './measure/table.js';

const { values: options } = parseArgs({
  options: {
    reads: { type: 'string', default: '10000000' },
    keys: { type: 'string', default: '1000000' },
    alpha: { type: 'string', default: '0.9' },
    secrets: { type: 'string', default: '5' },
  },
});

/** Rows handed on at a time. */
const ROWS = 8192;
/** Capacities that are simulated, as shares of the keys. */
/** Bits of the steps sizes are rounded to in curves: see Distances. */
const STEP_BITS = 5;
const SHARES = [0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 0.8];

const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const say = (line: string) => process.stderr.write(`${line}\n`);

/** Keys by Zipf's law, by the inverse of the sum of their chances. */
function zipf(reads: number, keys: number, alpha: number): Int32Array {
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let i = 0; i < keys; i++) {
    sum += 1 / (i + 1) ** alpha;
    sums[i] = sum;
  }
  const random = new Random(1, 0);
  return Int32Array.from({ length: reads }, () => {
    const wanted = (random.word() / 2 ** 32) * sum;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/** Bytes of a key's item. */
const sizeOf = (key: number) => 100 + ((key * 37) % 400);

/**
 * Reads that miss in an LRU cache of `capacity` items or bytes; a miss is stored. The keys of a linked
 * list.
 */
function simulate(
  keys: Int32Array,
  distinct: number,
  capacity: number,
  weigh: (key: number) => number,
): number {
  // Neighbours of each key, and of the list's ends, which are one further entry.
  const next = new Int32Array(distinct + 1).fill(-1);
  const previous = new Int32Array(distinct + 1).fill(-1);
  const end = distinct;
  next[end] = end;
  previous[end] = end;
  let used = 0;
  let misses = 0;
  for (const key of keys) {
    if (next[key]! >= 0) {
      next[previous[key]!] = next[key]!;
      previous[next[key]!] = previous[key]!;
    } else {
      misses++;
      used += weigh(key);
    }
    next[key] = next[end]!;
    previous[key] = end;
    previous[next[end]!] = key;
    next[end] = key;
    while (used > capacity) {
      const last: number = previous[end]!;
      previous[end] = previous[last]!;
      next[previous[last]!] = end;
      next[last] = -1;
      used -= weigh(last);
    }
  }
  return misses;
}

/** The curves of all reads, each first one a miss whose item is stored; and the seconds they took. */
function measure(
  keys: Int32Array,
  distinct: number,
  secret: number,
): { lru: { items: Curve; bytes: Curve }; rate: number; s: number } {
  const random = new Random(2, secret);
  const words = Uint32Array.from({ length: 2 * distinct }, () => random.word());
  const table = new KeyTable(ORDERED_KEYS_MAX, ORDERED_PINNED_MAX);
  const memory = new MemoryCurves(table, 0, { bytes: null, memcached: null });
  const sequence = createSequence(2 * ROWS);
  const stored = new Uint8Array(distinct);
  // Without what the profile does: drawing keys, and looking them up.
  let s = 0;
  for (let at = 0; at < keys.length; at += ROWS) {
    let rows = 0;
    const add = (id: number, now: number, act: number, outcome: number, size: number) => {
      sequence.time[rows] = now;
      sequence.id[rows] = id;
      sequence.act[rows] = act;
      sequence.outcome[rows] = outcome;
      sequence.itemSize[rows] = size;
      sequence.ttl[rows] = Number.NaN;
      sequence.weight[rows] = table.weightOf(id);
      rows++;
    };
    for (let i = at; i < Math.min(keys.length, at + ROWS); i++) {
      const key = keys[i]!;
      const known = stored[key] === 1;
      stored[key] = 1;
      const id = table.idOf(words[2 * key]!, words[2 * key + 1]!);
      if (id < 0) continue;
      table.counts.values[id]!++;
      add(id, i * 1000, READ, known ? HIT : MISS, known ? sizeOf(key) : -1);
      if (!known) add(id, i * 1000, WRITE, STORED, sizeOf(key));
    }
    sequence.rows = rows;
    const start = performance.now();
    memory.add(sequence);
    const renumbered = table.limit();
    if (renumbered !== null) memory.renumber(renumbered);
    s += (performance.now() - start) / 1000;
  }
  const hits = keys.length - stored.reduce((sum, one) => sum + one, 0);
  return { lru: memory.result(hits, keys.length - hits).lru, rate: table.rate, s };
}

const distinct = Number(options.keys);
const secrets = Number(options.secrets);
say('drawing keys');
const keys = zipf(Number(options.reads), distinct, Number(options.alpha));
const curves = Array.from({ length: secrets }, (_, i) => {
  say(`curves, secret ${i + 1} of ${secrets}`);
  return measure(keys, distinct, i);
});
const bytesOfAll = Array.from({ length: distinct }, (_, key) => sizeOf(key)).reduce(
  (sum, one) => sum + one,
  0,
);
const rows: string[][] = [['capacity', 'misses', 'points apart', 'mean off']];
const all: number[] = [];
for (const [unit, whole, weigh] of [
  ['items', distinct, () => 1],
  ['bytes', bytesOfAll, sizeOf],
] as const) {
  for (const share of SHARES) {
    // Where a step of the curve ends, so that its steps are not taken for errors.
    const capacity = highestOf(indexOf(Math.round(share * whole), STEP_BITS), STEP_BITS);
    say(`a cache of ${capacity} ${unit}`);
    const exact = simulate(keys, distinct, capacity, weigh) / keys.length;
    const off = curves.map(({ lru }) => 100 * (ratioBetween(lru[unit], capacity) - exact));
    const apart = off.map(Math.abs);
    all.push(...apart);
    rows.push([
      `${capacity} ${unit}`,
      (100 * exact).toFixed(2),
      mean(apart).toFixed(3),
      mean(off).toFixed(3),
    ]);
  }
}
process.stdout.write(`${renderTable(rows, ['right', 'right', 'right', 'right']).join('\n')}\n`);
const rates = curves.map(({ rate }) => 1 / rate).join(', ');
process.stdout.write(`mean ${mean(all).toFixed(3)} points apart; 1 of so many keys sampled: ${rates}\n`);
process.stdout.write(
  `${(median(curves.map(({ s }) => keys.length / s)) / 1e6).toFixed(1)} M reads/s, of all keys\n`,
);
