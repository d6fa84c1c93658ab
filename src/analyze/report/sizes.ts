import type { Analysis } from '../analysis.js';
import { bytes, count, nanoseconds, percent, seconds } from '../format.js';
import { percentileLines, percentileRow, type ReportStyle, table } from './lines.js';

/** Most slab classes in the table; those with the most memory are kept. */
const CLASSES = 10;

export function sizeLines(analysis: Analysis, style: ReportStyle): string[] {
  const values = Object.entries(analysis.ops).map(([op, { value_size }]) =>
    percentileRow(`${op} value`, value_size, bytes),
  );
  const { sizes } = analysis;
  const rows = [
    percentileRow('key', analysis.key_size, bytes),
    ...values,
    percentileRow('item', sizes.item, bytes),
  ];
  const lines = percentileLines('Sizes', rows, style);
  if (sizes.items.count === 0) return lines;
  const { count: items, bytes: used, chunk_bytes: chunks } = sizes.items;
  const waste = percent(1 - used / chunks);
  const largest = [...sizes.slabs]
    .sort((a, b) => b.chunk_bytes - a.chunk_bytes)
    .slice(0, CLASSES)
    .sort((a, b) => a.chunk - b.chunk);
  return [
    ...lines,
    '',
    `  ${count(items)} items of ${bytes(used)} take ${bytes(chunks)} of memcached's chunks: ${waste} is rounding`,
    ...table(
      ['chunk', 'items', 'memory', 'rounding'],
      largest.map(({ chunk, items: n, bytes: own, chunk_bytes }) => [
        `${count(chunk)} B`,
        count(n),
        bytes(chunk_bytes),
        percent(1 - own / chunk_bytes),
      ]),
      style,
    ),
  ];
}

export function connectionLines({ connection_use: use }: Analysis, style: ReportStyle): string[] {
  const rows = [
    percentileRow('requests on one', use.requests, count),
    percentileRow('between requests', use.interarrival_ns, nanoseconds),
    percentileRow('under way at once', use.pipelining, count),
    percentileRow('keys in a request', use.keys_per_request, count),
    percentileRow('life', use.life_ms, (ms) => seconds(ms / 1000)),
  ];
  return percentileLines('Connections', rows, style);
}
