import type { Analysis } from '../analysis.js';
import type { Advice } from '../curve/advice.js';
import { ratioAt } from '../curve/distances.js';
import { count, percent } from '../format.js';
import { bar, type ReportStyle, table, wrap } from './lines.js';

const BAR_WIDTH = 12;
/** Rows of the table: powers of two around the given size. */
const ROWS = 12;

/** Bytes as memcached's -m counts them, in powers of 1024. */
export function memory(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(bytes < 10 * 2 ** 30 ? 1 : 0)} GiB`;
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
  return `${Math.max(1, Math.round(bytes / 1024))} KiB`;
}

/** What another size of the cache would do. */
export function memoryLines({ mrc }: Analysis, style: ReportStyle): string[] {
  const { advice, lru, lru_ttl, memcached, band } = mrc;
  if (advice === null || mrc.reads === 0) return [];
  const largest = lru_ttl.bytes.at(-1)![0];
  const all = memcached === null ? powersUpTo(largest) : memcached.bytes.map(([size]) => size);
  const sizes = all.filter((size) => size >= lru_ttl.bytes[0]![0]);
  const last = sizes.findIndex((size) => size >= largest);
  const shown = sizes.slice(0, last < 0 ? sizes.length : last + 2).slice(-ROWS);
  const hit = (ratio: number) => percent(1 - ratio);
  const rows = shown.map((size) => {
    const ratio = ratioAt(lru_ttl.bytes, size);
    const [, low, high] = band.findLast(([at]) => at <= size) ?? [0, ratio, ratio];
    const own = memcached?.bytes.find(([at]) => at === size)?.[1];
    return [
      memory(size),
      hit(ratioAt(lru.bytes, size)),
      hit(ratio),
      ...(band.length > 0 ? [`±${((100 * (high - low)) / 2).toFixed(1)}`] : []),
      ...(memcached === null ? [] : [own === undefined ? '-' : hit(own)]),
      bar(1 - (own ?? ratio), BAR_WIDTH),
    ];
  });
  const head = [
    'memory',
    'LRU',
    'with TTLs',
    ...(band.length > 0 ? ['95 %'] : []),
    ...(memcached === null ? [] : ['memcached']),
    '',
  ];
  const cold = percent(mrc.cold_misses / mrc.reads);
  const dead = percent(mrc.dead_misses / mrc.reads);
  return [
    style.title('Hit ratio by memory'),
    ...wrap(sentence(mrc, advice)),
    ...table(head, rows, style),
    ...wrap(
      `of ${count(mrc.reads)} reads ${cold} were the first of their key and ${dead} came after its item had ` +
        'expired or was deleted: these miss at any size',
      2,
      2,
    ),
  ];
}

/** The sentence for people, in lines of a terminal; none where nothing is known. */
export function adviceLines(mrc: Analysis['mrc']): string[] {
  return mrc.advice === null || mrc.reads === 0 ? [] : wrap(sentence(mrc, mrc.advice), 0, 0);
}

/** What half and double the memory would do, in one sentence. */
export function sentence({ memcached }: Analysis['mrc'], advice: Advice): string {
  const { bytes, from, hit_ratio, half, double, knee } = advice;
  const model = memcached === null ? 'LRU with TTLs' : 'a simulated memcached';
  const size = `${memory(bytes)} of ${memcached === null ? 'item memory' : 'memory'}`;
  const what = {
    given: `${size} would give`,
    hit_ratio: `The recorded hit ratio needs ${size}, which would give`,
    all: `All items that were used fit into ${size}, which would give`,
  }[from];
  const bend = knee === null ? '' : `; the knee is at ${memory(knee.bytes)} (${percent(knee.hit_ratio)})`;
  const others = `half of it ${percent(half)}, double ${percent(double)}`;
  return `${what} a hit ratio of ${percent(hit_ratio)} under ${model}; ${others}${bend}.`;
}

function powersUpTo(size: number): number[] {
  const sizes: number[] = [];
  for (let at = 2 ** 14; at < 2 * size || sizes.length === 0; at *= 2) sizes.push(at);
  return sizes;
}
