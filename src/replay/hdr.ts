/**
 * Histograms in the two forms of HdrHistogram (hdrhistogram.org) that other tools read: its percentile distribution
 * (.hgrm, which the site plots) and its log of encoded histograms (.hlog). Values are in milliseconds, as in
 * memtier_benchmark's files; those of the encoded histograms in nanoseconds.
 */
import { deflateSync } from 'node:zlib';
import type { Histogram } from '../analyze/histogram.js';

/** V2 encoding, and the same compressed; the low bits tell the size of a word, which is that of a varint here. */
const COOKIE = 0x1c849303 | 0x10;
const COMPRESSED_COOKIE = 0x1c849304 | 0x10;
/** Bytes before the counts. */
const HEADER = 40;
const DIGITS = 3;
/** Steps in each half of the distance to 100 %, as HdrHistogram writes them by default. */
const TICKS = 5;
const SUB_BUCKETS = 2048;
const NS_A_MS = 1e6;

/** The percentile distribution of a histogram. */
export function hgrmOf(histogram: Histogram): string {
  const { total } = histogram;
  const lines = [`${'Value'.padStart(12)} ${'Percentile'.padStart(14)} TotalCount 1/(1-Percentile)`, ''];
  const line = (value: number, level: number, sum: number) =>
    `${fixed(value / NS_A_MS)} ${(level / 100).toFixed(12)} ${String(sum).padStart(10)}`;
  let level = 0;
  let sum = 0;
  let last = 0;
  for (const { highest, count } of histogram.buckets()) {
    sum += count;
    last = highest;
    while ((100 * sum) / total >= level) {
      lines.push(`${line(highest, level, sum)} ${(100 / (100 - level)).toFixed(2).padStart(14)}`);
      const ticks = TICKS * 2 ** (Math.floor(Math.log2(100 / (100 - level))) + 1);
      level += 100 / ticks;
      // The last bucket reaches all further levels, of which only one is written, and 100 %.
      if (sum === total) break;
    }
  }
  if (total > 0) lines.push(line(last, 100, total));
  const { mean, deviation } = moments(histogram);
  const { max } = histogram.percentiles();
  lines.push(
    `#[Mean    = ${fixed(mean / NS_A_MS)}, StdDeviation   = ${fixed(deviation / NS_A_MS)}]`,
    `#[Max     = ${fixed((max ?? 0) / NS_A_MS)}, Total count    = ${String(total).padStart(12)}]`,
    `#[Buckets = ${'43'.padStart(12)}, SubBuckets     = ${String(SUB_BUCKETS).padStart(12)}]`,
  );
  return `${lines.join('\n')}\n`;
}

const fixed = (value: number) => value.toFixed(3).padStart(12);

function moments(histogram: Histogram): { mean: number; deviation: number } {
  const { mean, total } = histogram;
  if (mean === null) return { mean: 0, deviation: 0 };
  let squares = 0;
  for (const { highest, count } of histogram.buckets()) squares += count * (highest - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / total) };
}

/** A log with one interval, the whole run, for each histogram; their names are tags. */
export function hlogOf(
  histograms: readonly (readonly [tag: string, histogram: Histogram])[],
  { startMs, endMs }: { startMs: number; endMs: number },
): string {
  const start = (startMs / 1000).toFixed(3);
  const lines = [
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${start} (seconds since epoch), ${new Date(startMs).toISOString()}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
  ];
  for (const [tag, histogram] of histograms) {
    const max = ((histogram.percentiles().max ?? 0) / NS_A_MS).toFixed(3);
    const length = ((endMs - startMs) / 1000).toFixed(3);
    lines.push(`Tag=${tag},${start},${length},${max},${encoded(histogram).toString('base64')}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A histogram in the compressed V2 encoding. */
export function encoded(histogram: Histogram): Buffer {
  const counts = encodeCounts(histogram);
  const bytes = Buffer.alloc(HEADER + counts.length);
  bytes.writeInt32BE(COOKIE, 0);
  bytes.writeInt32BE(counts.length, 4);
  bytes.writeInt32BE(DIGITS, 12);
  bytes.writeBigInt64BE(1n, 16);
  bytes.writeBigInt64BE(BigInt(Math.max(2, histogram.percentiles().max ?? 0)), 24);
  bytes.writeDoubleBE(1, 32);
  counts.copy(bytes, HEADER);
  const compressed = deflateSync(bytes);
  const head = Buffer.alloc(8);
  head.writeInt32BE(COMPRESSED_COOKIE, 0);
  head.writeInt32BE(compressed.length, 4);
  return Buffer.concat([head, compressed]);
}

/** Counts as varints of their zigzag, several zeros as their negative number. */
function encodeCounts(histogram: Histogram): Buffer {
  const bytes: number[] = [];
  let next = 0;
  const put = (value: number) => {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
  };
  for (const { index, count } of histogram.buckets()) {
    const zeros = index - next;
    if (zeros > 0) put(zeros === 1 ? 0 : -zeros);
    put(count);
    next = index + 1;
  }
  return Buffer.from(bytes);
}
