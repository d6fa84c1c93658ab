/** What memcached counts in `stats`, by the events of its traffic. */
import type { CacheEvent } from 'membench/decoder';

const STORES = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas', 'ms']);

/**
 * What memcached 1.6 counts for one event: names of its counters. Found out by asking one after another:
 * a retrieval that touches counts as a touch where it hits, and for mg as a get where it does not.
 */
export function countersOf({
  proto,
  op,
  status,
  mode,
  cas,
  initial,
  meta_flags: flags = '',
}: CacheEvent): string[] {
  if (STORES.has(op)) {
    // A binary set that is too large counts nowhere (process_bin_update in proto_bin.c).
    if (status === 'error') return proto === 'binary' ? [] : ['store_too_large'];
    if (!cas) return ['cmd_set'];
    if (status === 'exists') return ['cmd_set', 'cas_badval'];
    return ['cmd_set', status === 'not_found' ? 'cas_misses' : 'cas_hits'];
  }
  if (status === 'error') return [];
  // What a binary delete with another cas finds counts as nothing, and so does what an incr creates.
  if (proto === 'binary' && (status === 'exists' || initial !== undefined)) return [];
  const found = status !== 'miss' && status !== 'not_found';
  switch (op) {
    case 'get':
    case 'gets':
      return ['cmd_get', found ? 'get_hits' : 'get_misses'];
    case 'mg':
      if (flags.includes('T') && found) return ['cmd_touch', 'touch_hits'];
      return ['cmd_get', found ? 'get_hits' : 'get_misses'];
    case 'gat':
    case 'gats':
    case 'touch':
      return ['cmd_touch', found ? 'touch_hits' : 'touch_misses'];
    case 'delete':
    case 'md':
      return [found ? 'delete_hits' : 'delete_misses'];
    case 'incr':
    case 'decr':
      return [`${op}_${found ? 'hits' : 'misses'}`];
    case 'ma':
      return [`${mode === 'decr' ? 'decr' : 'incr'}_${found ? 'hits' : 'misses'}`];
    case 'me':
      return ['cmd_meta'];
    default:
      return [];
  }
}

/** Counters of `stats` the events of a capture tell. */
export const COUNTERS = [
  ...['cmd_get', 'get_hits', 'get_misses', 'cmd_set', 'cmd_touch', 'touch_hits', 'touch_misses', 'cmd_meta'],
  ...['delete_hits', 'delete_misses', 'incr_hits', 'incr_misses', 'decr_hits', 'decr_misses'],
  ...['cas_hits', 'cas_misses', 'cas_badval', 'store_too_large'],
];

/** What an event may have counted as where the wire does not tell: its outcome, and each other it may have had. */
function outcomesOf(event: CacheEvent): string[][] {
  const { proto, op, status, meta_flags: flags = '' } = event;
  const as = (...statuses: string[]) =>
    statuses.map((status) => countersOf({ ...event, initial: undefined, status } as unknown as CacheEvent));
  const isStore = STORES.has(op);
  // Refused for its size, for its end (which is seen after it is counted), or before anything is counted.
  const failed = isStore ? [[], ['cmd_set'], ['store_too_large']] : [[]];
  if (status === 'error') return failed;
  if (op === 'ma' && flags.includes('N') && status !== 'not_found') return [[], ...as(status, 'not_found')];
  // Whether it was there or is created the answer does not tell.
  if (proto === 'binary' && status === 'value') return [[], ...as(status)];
  if (status !== 'silent' && status !== 'unanswered') return [countersOf(event)];
  if (isStore) return [...failed, ...as('stored', 'not_stored', 'exists', 'not_found')];
  return [[], ...as('hit', 'miss')];
}

/** Least and most of each counter that fit these events. */
export function rangesOf(events: Iterable<CacheEvent>): Map<string, [least: number, most: number]> {
  const ranges = new Map(COUNTERS.map((name) => [name, [0, 0] as [number, number]]));
  for (const event of events) {
    const outcomes = outcomesOf(event);
    for (const name of new Set(outcomes.flat())) {
      const range = ranges.get(name)!;
      if (outcomes.every((outcome) => outcome.includes(name))) range[0]++;
      range[1]++;
    }
  }
  return ranges;
}
