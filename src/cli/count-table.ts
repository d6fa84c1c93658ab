/** What `count` shows to people. */
import { adviceLines, type Counted, type CountReport, format, type ReportStyle } from '../index.js';

const perSecond = (n: number, seconds: number) => format.count(seconds > 0 ? n / seconds : 0);
const bytesPerSecond = (n: number, seconds: number) => `${format.bytes(seconds > 0 ? n / seconds : 0)}/s`;
const sum = (numbers: Iterable<number>) => [...numbers].reduce((a, b) => a + b, 0);
const requestsOf = ({ ops }: Counted) => sum(Object.values(ops).map(({ count }) => count));
const skippedOf = ({ skipped }: Counted) => sum(Object.values(skipped));

function hitRatio({ hits, misses }: Counted): string {
  if (hits === null || misses === null || hits + misses === 0) return '-';
  return format.percent(hits / (hits + misses));
}

const time = (ns: number | null) => (ns === null ? '-' : format.nanoseconds(ns));

/** One line for one interval. */
export function countLine(report: CountReport): string {
  const { interval_s: seconds, bytes_in, bytes_out, latency_ns, connections } = report;
  const parts = [
    `${perSecond(requestsOf(report), seconds)} requests/s`,
    `hit ratio ${hitRatio(report)}`,
    `${bytesPerSecond(bytes_in, seconds)} in`,
    `${bytesPerSecond(bytes_out, seconds)} out`,
    `p50 ${time(latency_ns.p50)}, p99 ${time(latency_ns.p99)}`,
    format.counted(connections, 'connection'),
  ];
  const skipped = skippedOf(report);
  if (skipped > 0) parts.push(`${format.counted(skipped, 'packet')} skipped`);
  return `${new Date(Number(report.ts_ns) / 1e6).toISOString()} ${parts.join(', ')}`;
}

/** Columns, the first one to the left. */
function table(rows: readonly (readonly string[])[], style: ReportStyle): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row, n) => {
    const line = row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ');
    return n === 0 ? style.dim(line) : line;
  });
}

/** Rows of the table of keys: the screen has others to show. */
const KEYS_SHOWN = 5;

/** The busiest keys of the sample, in the last interval and since the start, and what it says of memory. */
function keyLines(
  { keys = [], interval_keys = [], mrc, key_sample, interval_s }: CountReport,
  style: ReportStyle,
): string[] {
  if (key_sample === undefined || mrc === undefined) return [];
  const rows = keys.slice(0, KEYS_SHOWN).map(({ key, count }, i) => {
    const now = interval_keys[i];
    return [now?.key ?? '', now ? perSecond(now.count, interval_s) : '', key, format.count(count)];
  });
  const title =
    key_sample.rate === 1 ? 'busiest keys' : `busiest of ${format.percent(key_sample.rate)} of keys`;
  const advice = adviceLines(mrc);
  return [
    ...(rows.length > 0
      ? ['', ...table([[title, 'now/s', 'since the start', 'requests'], ...rows], style)]
      : []),
    ...(advice.length > 0 ? ['', ...advice] : []),
  ];
}

/** All that was counted, in the last interval and since the start. */
export function countTable(report: CountReport, style: ReportStyle): string[] {
  const { total, interval_s: seconds } = report;
  const number = (n: number | null) => (n === null ? '-' : format.count(n));
  const commands = Object.entries(total.ops).map(([op, { count, hits, misses, errors }]) => {
    const now = report.ops[op as keyof typeof report.ops]?.count ?? 0;
    return [op, perSecond(now, seconds), number(count), number(hits), number(misses), number(errors)];
  });
  const figures = (name: string, of: (counted: Counted, seconds: number) => string) => [
    name,
    of(report, seconds),
    of(total, total.elapsed_s),
  ];
  const answers = Object.entries(total.answers).map(([word, n]) => `${format.count(n)} ${word}`);
  const skipped = Object.entries(total.skipped).map(([reason, n]) => `${format.count(n)} ${reason}`);
  return [
    ...table(
      [
        ['', `last ${format.seconds(seconds)}`, `all ${format.seconds(total.elapsed_s)}`],
        figures('requests/s', (counted, s) => perSecond(requestsOf(counted), s)),
        figures('hit ratio', hitRatio),
        figures('in', ({ bytes_in }, s) => bytesPerSecond(bytes_in, s)),
        figures('out', ({ bytes_out }, s) => bytesPerSecond(bytes_out, s)),
        figures('connections', ({ connections }) => format.count(connections)),
        figures('latency p50', ({ latency_ns }) => time(latency_ns.p50)),
        figures('latency p99', ({ latency_ns }) => time(latency_ns.p99)),
        figures('packets', ({ packets }) => format.count(packets)),
        figures('skipped', (counted) => format.count(skippedOf(counted))),
      ],
      style,
    ),
    ...(commands.length > 0
      ? ['', ...table([['', 'keys/s', 'keys', 'hits', 'misses', 'errors'], ...commands], style)]
      : []),
    ...keyLines(report, style),
    ...(answers.length > 0 ? ['', `answers: ${answers.join(', ')}`] : []),
    ...(skipped.length > 0 ? ['', style.warn(`skipped packets: ${skipped.join(', ')}`)] : []),
  ];
}
