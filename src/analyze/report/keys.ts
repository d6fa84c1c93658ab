import type { Analysis } from '../analysis.js';
import type { Ranked } from '../collect/popularity.js';
import { bytes, count, percent, seconds } from '../format.js';
import { type ReportStyle, table, wrap } from './lines.js';

/** Default length of a list of keys. */
const SHOWN = 10;
const SHOWN_SHORT = 3;
/** Most characters of a key's name that are shown. */
const NAME_WIDTH = 36;

/** Names of known keys, and how many keys to show. */
export interface KeyView {
  names: ReadonlyMap<string, string>;
  /** Null: the default. */
  top: number | null;
}

/** Makes a foreign text safe for the terminal: cut to fit, and without control characters. */
export function shown(text: string, width: number): string {
  const clean = text.replaceAll(/\p{C}/gu, '?');
  return clean.length > width ? `${clean.slice(0, width - 1)}…` : clean;
}

export function keyLines(analysis: Analysis, style: ReportStyle, { names, top }: KeyView): string[] {
  const { keys, events } = analysis;
  if (keys.distinct === 0) return [];
  const nameOf = (key: string) => (names.has(key) ? shown(names.get(key)!, NAME_WIDTH) : key);
  const fit = keys.zipf_r2 === null ? '' : ` (R² ${keys.zipf_r2.toFixed(3)})`;
  const spread = keys.zipf_alpha === null ? '' : `, Zipf exponent ${keys.zipf_alpha.toFixed(2)}${fit}`;
  const { top1, top10, top100, top1pct } = keys.shares;
  const shares = [top1, top10, top100, top1pct].map(percent);
  const rows = keys.top
    .slice(0, top ?? SHOWN)
    .map(({ key, count: n }) => [nameOf(key), count(n), percent(n / events)]);
  const list = (title: string, ranked: Ranked[], show: (n: number) => string) => {
    if (ranked.length === 0) return [];
    const own = ranked.slice(0, top ?? SHOWN_SHORT).map(({ key, count: n }) => [nameOf(key), show(n)]);
    return ['', ...table([title, ''], own, style)];
  };
  const stable = keys.stable_top100;
  return [
    style.title('Keys'),
    `  ${count(keys.distinct)} distinct${spread}`,
    `  busiest key ${shares[0]} of events, 10 keys ${shares[1]}, 100 ${shares[2]}, 1 % of keys ${shares[3]}`,
    `  with a single event: ${count(keys.one_hit)} keys (${percent(keys.one_hit / keys.distinct)})`,
    `  stored but never read: ${count(keys.never_read.keys)} keys, ${count(keys.never_read.writes)} times`,
    ...(stable === null
      ? []
      : [`  of the 100 busiest keys of the first half, ${stable} are so in the second`]),
    '',
    ...table(['busiest', 'keys', 'share'], rows, style),
    ...list('most bytes moved', keys.by_bytes, bytes),
    ...list('most misses', keys.by_misses, count),
    ...list('most stored', keys.by_writes, count),
    ...(keys.secrets > 1
      ? [
          `  ${style.warn(`hashed with ${keys.secrets} secrets: a key in several profiles counts once for each`)}`,
        ]
      : []),
  ];
}

export function workingSetLines({ working_set }: Analysis, style: ReportStyle): string[] {
  if (working_set.every(({ keys }) => keys === 0)) return [];
  const rows = working_set.map((window) => [
    seconds(window.seconds),
    count(window.keys),
    bytes(window.bytes),
    count(window.keys_max),
    bytes(window.bytes_max),
  ]);
  return [
    style.title('Working set: distinct keys, and their items, touched within'),
    ...table(['', 'keys', 'bytes', 'most keys', 'most bytes'], rows, style),
  ];
}

/** Times to live, and how items ended. */
export function ttlLines({ ttl, lifetimes }: Analysis, style: ReportStyle): string[] {
  const asked = ttl.set + ttl.none + ttl.past;
  if (asked === 0 && lifetimes.stored === 0) return [];
  const lines = [style.title('Times to live')];
  if (asked > 0) {
    lines.push(`  for ever ${percent(ttl.none / asked)}, expired at once ${percent(ttl.past / asked)}`);
  }
  if (ttl.p50 !== null) {
    const row = [ttl.p50, ttl.p90, ttl.p99, ttl.p999, ttl.max].map((value) => seconds(value!));
    lines.push(...table(['', 'p50', 'p90', 'p99', 'p99.9', 'max'], [['requested', ...row]], style));
  }
  const { age_at_hit_ms: age, stored } = lifetimes;
  if (age.p50 !== null) {
    const row = [age.p50, age.p90, age.p99, age.p999, age.max].map((value) => seconds(value! / 1000));
    lines.push(...table(['', 'p50', 'p90', 'p99', 'p99.9', 'max'], [['age when hit', ...row]], style));
  }
  if (stored > 0) {
    const part = (n: number) => percent(n / stored);
    const text =
      `of ${count(stored)} items stored, ${part(lifetimes.overwritten_unread)} were overwritten unread, ` +
      `${part(lifetimes.expired_unread)} expired unread, ${part(lifetimes.deleted_unread)} were deleted unread`;
    lines.push(...wrap(text, 2, 4));
  }
  return lines;
}
