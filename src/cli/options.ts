import { InvalidArgumentError } from 'commander';
import { SECTIONS, type SectionName } from '../index.js';

/** A positive whole number. */
export function parseCount(text: string): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)) || Number(text) === 0) {
    throw new InvalidArgumentError('It must be a positive whole number.');
  }
  return Number(text);
}

/** Percent, from 0 to 100. */
export function parsePercent(text: string): number {
  const percent = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(percent <= 100))
    throw new InvalidArgumentError('It must be a percentage from 0 to 100, such as 0.1.');
  return percent;
}

const SIZES: Record<string, number> = { '': 1024, B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** Bytes: 64M, 512K, 1G; a bare number is KiB, as for tcpdump. */
export function parseSize(text: string): number {
  const match = /^(\d+)([BKMG]?)$/i.exec(text);
  const bytes = match ? Number(match[1]) * SIZES[match[2]!.toUpperCase()]! : 0;
  if (!Number.isSafeInteger(bytes) || bytes <= 0)
    throw new InvalidArgumentError('It must be a size such as 64M or 512K.');
  return bytes;
}

const TIMES: Record<string, number> = { '': 1, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** The shortest is what every capture can tell; the longest leaves 64 bits of nanoseconds some room. */
const DURATION_MIN = 1e-6;
const DURATION_MAX = 1e9;

/** Seconds: 10s, 500ms, 2m, 1h; a bare number is seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const seconds = match ? Number(match[1]) * TIMES[match[2] ?? '']! : 0;
  if (!(seconds >= DURATION_MIN && seconds <= DURATION_MAX))
    throw new InvalidArgumentError('It must be a time such as 10s, 500ms or 2m.');
  return seconds;
}

/** Ports: numbers and ranges with commas between, 11211,11300-11310. */
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

/** One of N connections: 1/N. */
export function parseSample(text: string): number {
  const n = /^1\/(\d{1,9})$/.exec(text)?.[1];
  if (n === undefined || Number(n) === 0) throw new InvalidArgumentError('It must be a share such as 1/10.');
  return Number(n);
}

/** Collects what an option that may be given several times is given. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Seconds after the first event, or a date with its time of day and zone. */
export function parseMoment(text: string): number | Date {
  const seconds = /^\+?(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (seconds) return Number(seconds[1]) * TIMES[seconds[2] ?? '']!;
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError(
      'It must be a time after the first event, such as 10s, or 2026-01-31T10:00:00Z.',
    );
  }
  return date;
}

/** Names with commas between. */
export function parseNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => !/^[a-z_]+$/.test(name)))
    throw new InvalidArgumentError('It must be names of commands, such as get,set.');
  return names;
}

/** Sections of a report, with commas between. */
export function parseSections(text: string): SectionName[] {
  const known: readonly string[] = SECTIONS;
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => !known.includes(name)))
    throw new InvalidArgumentError(`It must be some of ${SECTIONS.join(', ')}.`);
  return names as SectionName[];
}
