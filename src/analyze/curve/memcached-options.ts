import { MembenchError } from '../../errors.js';
import { PAGE, SLAB_DEFAULTS } from '../slabs.js';
import type { MemcachedOptions } from './segmented.js';

const DEFAULTS: MemcachedOptions = {
  ...SLAB_DEFAULTS,
  hotPercent: 20,
  warmPercent: 40,
  hotFactor: 0.2,
  warmFactor: 2,
  segmented: true,
};

/** Options of -o that change which item is evicted. */
const EXTENDED: Readonly<Record<string, keyof MemcachedOptions>> = {
  hot_lru_pct: 'hotPercent',
  warm_lru_pct: 'warmPercent',
  hot_max_factor: 'hotFactor',
  warm_max_factor: 'warmFactor',
};
/** Options of memcached that do not affect the simulation, and whether they take a value. */
const OTHERS: Readonly<Record<string, boolean>> = {
  p: true,
  U: true,
  l: true,
  s: true,
  a: true,
  u: true,
  c: true,
  t: true,
  R: true,
  b: true,
  B: true,
  P: true,
  D: true,
  L: false,
  d: false,
  k: false,
  v: false,
  vv: false,
  r: false,
  S: false,
  Z: false,
  F: false,
  A: false,
};

function fail(why: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', `--memcached: ${why}`, "memcached's options: -f 1.08 -I 2m");
}

function numberOf(option: string, text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || text === '' || !(value > 0)) throw fail(`${option} wants a number`);
  return value;
}

/**
 * Parses options of memcached's command line, given as one string: `-f 1.08 -I 2m -o hot_lru_pct=10`. Options that do
 * not change which item is evicted are ignored.
 *
 * @throws ERR_MEMBENCH_USAGE
 */
export function readMemcachedOptions(text: string): { options: MemcachedOptions; megabytes: number | null } {
  const options = { ...DEFAULTS };
  let megabytes: number | null = null;
  const words = text.split(/\s+/).filter((word) => word !== '');
  while (words.length > 0) {
    const word = words.shift()!;
    const [, name, attached] = /^-([a-zA-Z])(.*)$/.exec(word) ?? [];
    if (name === undefined) throw fail(`${word} is no option`);
    const value = () => (attached ? attached : words.shift());
    if (name === 'm') megabytes = numberOf('-m', value());
    else if (name === 'f') options.factor = numberOf('-f', value());
    else if (name === 'n') options.least = numberOf('-n', value());
    else if (name === 'C') options.cas = false;
    else if (name === 'I') options.itemMax = sizeOf(value());
    else if (name === 'o') extend(options, value() ?? '');
    else if (name === 'M') throw fail('with -M nothing is evicted');
    else if (OTHERS[name] === undefined) throw fail(`-${name} is not known`);
    else if (OTHERS[name] && value() === undefined) throw fail(`-${name} wants a value`);
  }
  if (options.factor <= 1) throw fail('-f must be above 1');
  return { options, megabytes };
}

function sizeOf(text: string | undefined): number {
  const match = /^(\d+)([km]?)$/i.exec(text ?? '');
  if (match === null) throw fail('-I wants a size such as 2m');
  const bytes = Number(match[1]) * { '': 1, k: 1024, m: PAGE }[match[2]!.toLowerCase() as '' | 'k' | 'm'];
  if (bytes < 1024) throw fail('-I is at least 1k');
  return bytes;
}

function extend(options: MemcachedOptions, list: string): void {
  for (const part of list.split(',')) {
    const [name = '', text] = part.split('=');
    if (name === 'no_lru_maintainer') options.segmented = false;
    const field = EXTENDED[name];
    if (field !== undefined) Object.assign(options, { [field]: numberOf(name, text) });
  }
}
