import { InvalidArgumentError } from 'commander';
import { type ExportTime, type RecordOptions, SECTIONS, type SectionName } from '../index.js';

/** Parses a positive whole number. */
export function parseCount(text: string): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)) || Number(text) === 0) {
    throw new InvalidArgumentError('It must be a positive whole number.');
  }
  return Number(text);
}

/** Parses a positive number: 2, 0.5, 1e5. */
export function parseFactor(text: string): number {
  const number = /^\d+(\.\d+)?(e\d{1,2})?$/i.test(text) ? Number(text) : 0;
  if (!(number > 0)) throw new InvalidArgumentError('It must be a positive number, such as 2 or 0.5.');
  return number;
}

/** Parses a share from 0 to 1. */
export function parseShare(text: string): number {
  const share = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(share <= 1)) throw new InvalidArgumentError('It must be a number from 0 to 1, such as 0.5.');
  return share;
}

/** Parses once, times:N or infinite. Returns how often. */
export function parseLoop(text: string): number {
  if (text === 'once') return 1;
  if (text === 'infinite') return Number.POSITIVE_INFINITY;
  const times = Number(/^times:(\d{1,15})$/.exec(text)?.[1] ?? 0);
  if (times === 0) throw new InvalidArgumentError('It must be once, times:N or infinite.');
  return times;
}

/** Parses A:B:STEP, factors of the recorded speed. */
export function parseSweep(text: string): { from: number; to: number; step: number } {
  const [from, to, step, ...more] = text.split(':').map((part) => (part === '' ? Number.NaN : Number(part)));
  if (more.length > 0 || !(from! > 0) || !(to! >= from!) || !(step! > 0))
    throw new InvalidArgumentError('It must be the first speed, the last, and the step: 0.5:3:0.25.');
  return { from: from!, to: to!, step: step! };
}

const PERCENTILE_NAMES = ['p50', 'p90', 'p99', 'p999'] as const;

/** Parses a percentile of the latency, and its limit: p99:1ms. The limit comes in seconds. */
export function parseLimit(text: string): { percentile: (typeof PERCENTILE_NAMES)[number]; limit: number } {
  const match = /^(p50|p90|p99|p99\.?9):(\d+(?:\.\d+)?)(us|\u00b5s|ms|s)$/.exec(text);
  const percentile = PERCENTILE_NAMES.find((name) => name === match?.[1]?.replace('.', ''));
  const limit = match ? Number(match[2]) * LIMITS[match[3]!]! : 0;
  if (percentile === undefined || !(limit > 0))
    throw new InvalidArgumentError('It must be p50, p90, p99 or p999, and a time: p99:1ms.');
  return { percentile, limit };
}

const LIMITS: Record<string, number> = { us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1 };

/** Parses a snapshot length; 0 stands for whole packets, as for tcpdump. */
export function parseSnaplen(text: string): number {
  return text === '0' ? 0 : parseCount(text);
}

/** Parses a way to attach programs. */
export function parseAttach(text: string): NonNullable<RecordOptions['attach']> {
  if (text === 'tcx' || text === 'clsact') return text;
  if (/^cgroup:./.test(text)) return text as `cgroup:${string}`;
  throw new InvalidArgumentError('It must be tcx, clsact, or cgroup:PATH.');
}

/** Parses a percentage from 0 to 100. */
export function parsePercent(text: string): number {
  const percent = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(percent <= 100))
    throw new InvalidArgumentError('It must be a percentage from 0 to 100, such as 0.1.');
  return percent;
}

const SIZES: Record<string, number> = { '': 1024, B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** Parses a size in bytes: 64M, 512K, 1G; a bare number is KiB, as for tcpdump. */
export function parseSize(text: string): number {
  const match = /^(\d+)([BKMG]?)$/i.exec(text);
  const bytes = match ? Number(match[1]) * SIZES[match[2]!.toUpperCase()]! : 0;
  if (!Number.isSafeInteger(bytes) || bytes <= 0)
    throw new InvalidArgumentError('It must be a size such as 64M or 512K.');
  return bytes;
}

const TIMES: Record<string, number> = { '': 1, ms: 1e-3, s: 1, m: 60, h: 3600 };

/**
 * Range of durations, seconds: from the resolution of every capture to what 64 bits of nanoseconds can hold.
 */
const DURATION_MIN = 1e-6;
const DURATION_MAX = 1e9;

/** Parses a duration: 10s, 500ms, 2m, 1h; a bare number is seconds. Returns seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const seconds = match ? Number(match[1]) * TIMES[match[2] ?? '']! : 0;
  if (!(seconds >= DURATION_MIN && seconds <= DURATION_MAX))
    throw new InvalidArgumentError('It must be a time such as 10s, 500ms or 2m.');
  return seconds;
}

/** Parses ports and ranges of ports, separated by commas: 11211,11300-11310. */
export function parsePorts(text: string): [first: number, last: number][] {
  return text.split(',').map((part) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    const first = match ? Number(match[1]) : 0;
    const last = match?.[2] === undefined ? first : Number(match[2]);
    if (first < 1 || last > 65535 || first > last) {
      throw new InvalidArgumentError('It must be ports from 1 to 65535, such as 11211,11300-11310.');
    }
    return [first, last];
  });
}

/** Parses a share 1/N of the connections. Returns N. */
export function parseSample(text: string): number {
  const n = /^1\/(\d{1,9})$/.exec(text)?.[1];
  if (n === undefined || Number(n) === 0) throw new InvalidArgumentError('It must be a share such as 1/10.');
  return Number(n);
}

/** Numbers up to this are nanoseconds since 1970 where they are read as such in 1973; below, they are seconds. */
const NANOSECONDS_MIN = 1e17;

/**
 * A time: a date as ISO 8601 has it (UTC where it names no zone), Unix seconds, Unix nanoseconds as `cat` prints them,
 * or, with a unit, so long after the first request: 10s, +500ms.
 */
export function parseTime(text: string): ExportTime {
  const after = /^\+?(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (after) return { afterFirst: nanoseconds(Number(after[1]) * TIMES[after[2]!]!) };
  const number = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (number) {
    const [, whole, fraction = ''] = number;
    if (Number(whole) >= NANOSECONDS_MIN && fraction === '') return BigInt(whole!);
    return BigInt(whole!) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  }
  const date = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?)?$/.exec(
    text,
  );
  const [, day, time = '00:00', fraction = '', zone = 'Z'] = date ?? [];
  const ms = Date.parse(`${day}T${time}${zone}`);
  if (date === null || Number.isNaN(ms))
    throw new InvalidArgumentError('It must be a time such as 2026-01-31T12:00:00Z, 1769860800.5 or +10s.');
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function nanoseconds(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e9));
}

/** Names of commands, with commas between. */
export function parseNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => !/^[a-z_]+$/.test(name)))
    throw new InvalidArgumentError('It must be names of commands, such as get,set.');
  return names;
}

/** Parses [HOST:]PORT, an IPv6 address in brackets; the host is loopback where none is named. */
export function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]+):)?(\d{1,5})$/.exec(text);
  const port = match ? Number(match[2]) : 65536;
  if (port > 65535) throw new InvalidArgumentError('It must be a port or HOST:PORT, such as 9150.');
  return { host: match![1]?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', port };
}

/** Collects the values of an option that may be given several times. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Sections of a report, with commas between. */
export function parseSections(text: string): SectionName[] {
  const known: readonly string[] = SECTIONS;
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => !known.includes(name)))
    throw new InvalidArgumentError(`It must be some of ${SECTIONS.join(', ')}.`);
  return names as SectionName[];
}
