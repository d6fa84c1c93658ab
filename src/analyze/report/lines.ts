import type { Percentiles } from '../histogram.js';

/** Styles of the report; each returns its text with escape sequences for the terminal. */
export interface ReportStyle {
  title(text: string): string;
  dim(text: string): string;
  warn(text: string): string;
}

/** Plain text. */
export const PLAIN: ReportStyle = { title: (t) => t, dim: (t) => t, warn: (t) => t };

/** Width of the report, columns. */
export const WIDTH = 80;

/** Rows of cells as aligned columns: the first is left-aligned, the others right-aligned. */
export function table(head: string[], rows: string[][], style: ReportStyle): string[] {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: string[]) =>
    `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}`.trimEnd();
  return [style.dim(line(head)), ...rows.map(line)];
}

/** A share as a bar, in eighths of a character: U+2588 is a full block, U+2589 to U+258F are seven eighths to one. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(share * width * 8);
  const rest = eighths % 8;
  const part = rest ? String.fromCodePoint(0x2590 - rest) : '';
  return ('█'.repeat(Math.floor(eighths / 8)) + part).padEnd(width);
}

/** A number that may be unknown. */
export function maybe(value: number | null, show: (value: number) => string): string {
  return value === null ? '-' : show(value);
}

export function percentileRow(name: string, p: Percentiles, show: (value: number) => string): string[] {
  return [name, ...[p.p50, p.p90, p.p99, p.p999, p.max].map((value) => maybe(value, show))];
}

/** A table of percentiles, empty where there are no values. */
export function percentileLines(title: string, rows: string[][], style: ReportStyle): string[] {
  const told = rows.filter((row) => row[1] !== '-');
  if (told.length === 0) return [];
  return [style.title(title), ...table(['', 'p50', 'p90', 'p99', 'p99.9', 'max'], told, style)];
}

/** Wraps a text; all lines but the first are indented further. */
export function wrap(text: string, indent = 2, hanging = indent): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  let empty = true;
  // A number is not separated from its sign or unit.
  for (const word of text.split(/ (?!%|[kMGTK]?i?B\b)/)) {
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = ' '.repeat(hanging);
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}

/** Unix nanoseconds as a UTC date, to the millisecond. */
export function when(ns: string): string {
  const date = new Date(Number(BigInt(ns) / 1_000_000n));
  return Number.isNaN(date.getTime()) ? `${ns} ns` : date.toISOString();
}
