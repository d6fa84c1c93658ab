/** What a memcached says of itself, beside what a profile says of it. */
import type { Analysis, RecordSummary } from 'membench';

type Stats = Record<string, number>;

/** Gets and sets by the server's own counters. */
export function byServer(before: Stats, after: Stats) {
  const delta = (name: string) => after[name]! - before[name]!;
  return {
    gets: delta('cmd_get'),
    hits: delta('get_hits'),
    misses: delta('get_misses'),
    sets: delta('cmd_set'),
  };
}

/** The same by a profile. */
export function byProfile({ ops }: Analysis) {
  const sum = (names: string[], field: 'count' | 'hits' | 'misses') =>
    names.reduce((total, name) => total + (ops[name]?.[field] ?? 0), 0);
  return {
    gets: sum(['get', 'gets', 'mg'], 'count'),
    hits: sum(['get', 'gets', 'mg'], 'hits'),
    misses: sum(['get', 'gets', 'mg'], 'misses'),
    sets: sum(['set', 'ms'], 'count'),
  };
}

/** Packets that are neither decoded, nor skipped, nor lost for a reason: 0, always. */
export function unaccounted({ packets }: RecordSummary): number {
  const sum = (reasons: Record<string, number>) => Object.values(reasons).reduce((a, b) => a + b, 0);
  return packets.seen - packets.decoded - sum(packets.skipped) - sum(packets.lost);
}
