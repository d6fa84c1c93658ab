import type { Analysis, OpAnalysis } from './analyze.js';
import { bytes, count, counted, nanoseconds, percent, seconds } from './format.js';
import type { Percentiles } from './histogram.js';

/** Styles of the report's parts; each returns its text with the control sequences of the terminal. */
export interface ReportStyle {
  title(text: string): string;
  dim(text: string): string;
  warn(text: string): string;
}

/** A style without colours. */
export const PLAIN: ReportStyle = { title: (t) => t, dim: (t) => t, warn: (t) => t };

const BAR_WIDTH = 20;
const TOP_SHOWN = 10;
const NOTES_SHOWN = 100;
const NOTE_WIDTH = 80;

/** Formats rows as aligned columns: the first to the left, the others to the right. */
function table(head: string[], rows: string[][], style: ReportStyle): string[] {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: string[]) =>
    `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}`.trimEnd();
  return [style.dim(line(head)), ...rows.map(line)];
}

/**
 * A share as a bar, exact to an eighth of a character: U+2588 is a full block, U+2589 to U+258F are seven
 * eighths to one.
 */
function bar(share: number): string {
  const eighths = Math.round(share * BAR_WIDTH * 8);
  const rest = eighths % 8;
  const part = rest ? String.fromCodePoint(0x2590 - rest) : '';
  return ('█'.repeat(Math.floor(eighths / 8)) + part).padEnd(BAR_WIDTH);
}

const maybe = (value: number | null, show: (value: number) => string) => (value === null ? '-' : show(value));

function commandRows(analysis: Analysis): string[][] {
  return Object.entries(analysis.ops).map(([op, tally]: [string, OpAnalysis]) => {
    const known = tally.hits + tally.misses;
    return [
      op,
      count(tally.count),
      percent(tally.count / analysis.events),
      bar(tally.count / analysis.events),
      known > 0 ? percent(tally.hits / known) : '-',
      tally.errors > 0 ? count(tally.errors) : '-',
      tally.unanswered > 0 ? count(tally.unanswered) : '-',
    ];
  });
}

function percentileRow(name: string, p: Percentiles, show: (value: number) => string): string[] {
  return [name, ...[p.p50, p.p90, p.p99, p.p999, p.max].map((value) => maybe(value, show))];
}

function lossLines(analysis: Analysis, style: ReportStyle): string[] {
  const { loss } = analysis;
  const lines: string[] = [];
  for (const [reason, n] of Object.entries(loss.lost)) lines.push(`lost packets: ${count(n)} (${reason})`);
  if (loss.gaps > 0) lines.push(`gaps in the byte streams: ${count(loss.gaps)}`);
  const reasons = Object.entries(analysis.payload.unsynced).map(([reason, n]) => `${bytes(n)} ${reason}`);
  // Profiles of the first release do not have the reasons.
  const why = reasons.length > 0 ? ` (${reasons.join(', ')})` : '';
  if (loss.unsynced_bytes > 0) lines.push(`payload not understood: ${bytes(loss.unsynced_bytes)}${why}`);
  if (analysis.payload.missing > 0) lines.push(`payload never seen: ${bytes(analysis.payload.missing)}`);
  for (const [bound, n] of Object.entries(loss.bounds))
    lines.push(`limit reached: ${bound}, ${count(n)} times`);
  if (loss.missing_blocks > 0) lines.push(`blocks missing: ${count(loss.missing_blocks)}`);
  if (loss.damaged_bytes > 0) lines.push(`damaged: ${bytes(loss.damaged_bytes)}`);
  if (!analysis.complete) lines.push('the profile is not complete: blocks or its footer are missing');
  const skipped = Object.entries(loss.skipped).map(([reason, n]) => `${reason} ${count(n)}`);
  return [
    style.title('Losses'),
    ...(lines.length ? lines.map((text) => `  ${style.warn(text)}`) : ['  none']),
    ...(skipped.length ? [`  ${style.dim(`packets that were not decoded: ${skipped.join(', ')}`)}`] : []),
  ];
}

/** Lines of requests, connections, time and hit ratio. */
function workloadLines(analysis: Analysis, style: ReportStyle): string[] {
  const { requests, events, connections, duration_s, first_ts_ns, last_ts_ns, hit_ratio } = analysis;
  if (first_ts_ns === null || last_ts_ns === null) return [style.title('Workload'), '  no requests'];
  const { sample } = analysis;
  const part =
    sample === null ? 'of several samples, added up as they are' : `of one of ${count(sample)} connections`;
  const rate = duration_s > 0 ? `, ${count(requests / duration_s)} a second` : '';
  return [
    style.title('Workload'),
    `  ${counted(requests, 'request')} for ${counted(events, 'key')} on ${counted(connections, 'connection')}`,
    `  ${when(first_ts_ns)} to ${when(last_ts_ns)} (${seconds(duration_s)}${rate})`,
    `  hit ratio ${maybe(hit_ratio, percent)}`,
    ...(sample === 1 ? [] : [`  ${style.warn(`a sample: all counts and rates are ${part}`)}`]),
  ];
}

/** Formats Unix nanoseconds as UTC, to the millisecond. */
function when(ns: string): string {
  const date = new Date(Number(BigInt(ns) / 1_000_000n));
  return Number.isNaN(date.getTime()) ? `${ns} ns` : date.toISOString();
}

function keyLines({ keys, events }: Analysis, style: ReportStyle): string[] {
  if (keys.distinct === 0) return [];
  const spread = keys.zipf_alpha === null ? '' : `, Zipf exponent ${keys.zipf_alpha.toFixed(2)}`;
  const rows = keys.top.slice(0, TOP_SHOWN).map(({ key, count: n }) => [key, count(n), percent(n / events)]);
  const lines = [
    '',
    style.title('Keys'),
    `  ${count(keys.distinct)} distinct${spread}; the busiest, by hash:`,
    ...table(['', 'keys', 'share'], rows, style),
  ];
  if (keys.secrets > 1) {
    const text = `hashed with ${keys.secrets} secrets: a key in several profiles counts once for each`;
    lines.push(`  ${style.warn(text)}`);
  }
  return lines;
}

/** A table of percentiles; empty where there are no values. */
function percentileLines(title: string, rows: string[][], style: ReportStyle): string[] {
  const told = rows.filter((row) => row[1] !== '-');
  if (told.length === 0) return [];
  return ['', style.title(title), ...table(['', 'p50', 'p90', 'p99', 'p99.9', 'max'], told, style)];
}

/** Lines of the notes; empty where there are none. */
function noteLines({ notes }: Analysis, style: ReportStyle): string[] {
  if (notes.length === 0) return [];
  const rows = notes.slice(0, NOTES_SHOWN).map(({ at_ns, what }) => `  ${when(at_ns)}  ${shown(what)}`);
  if (notes.length > NOTES_SHOWN) rows.push(`  and ${count(notes.length - NOTES_SHOWN)} more`);
  return ['', style.title('While recording'), ...rows];
}

/** Makes a text of an untrusted profile safe to print: no longer than a line, without control characters. */
function shown(text: string): string {
  return text.slice(0, NOTE_WIDTH).replaceAll(/\p{C}/gu, '?');
}

/** Renders the report as lines of text. */
export function renderReport(analysis: Analysis, style: ReportStyle = PLAIN): string[] {
  const ops = Object.entries(analysis.ops);
  const commands = table(
    ['', 'keys', 'share', '', 'hits', 'errors', 'unanswered'],
    commandRows(analysis),
    style,
  );
  const latencies = ops.map(([op, { latency_ns }]) => percentileRow(op, latency_ns, nanoseconds));
  const sizes = ops.map(([op, { value_size }]) => percentileRow(`${op} value`, value_size, bytes));
  return [
    ...workloadLines(analysis, style),
    ...(ops.length > 0 ? ['', style.title('Commands'), ...commands] : []),
    ...percentileLines('Latency, last request byte to first answer byte', latencies, style),
    ...percentileLines('Sizes', [percentileRow('key', analysis.key_size, bytes), ...sizes], style),
    ...keyLines(analysis, style),
    ...noteLines(analysis, style),
    '',
    ...lossLines(analysis, style),
    ...(analysis.hint === null ? [] : ['', style.warn(analysis.hint)]),
  ];
}
