/** How alike the times of two recordings are. */
import { openProfile, readEvents } from '#src/profile.js';

/** Nanoseconds between the requests of each connection, by the order in which connections appear. */
function intervalsOf(path: string): number[][] {
  const last = new Map<number, { request: number; at: number }>();
  const intervals: number[][] = [];
  const numbers = new Map<number, number>();
  using profile = openProfile(path);
  let base: bigint | undefined;
  for (const { conn, request, ts_ns, op } of readEvents(profile)) {
    // The question before a replay is no part of it.
    if (op === 'stats') continue;
    base ??= BigInt(ts_ns);
    const at = Number(BigInt(ts_ns) - base);
    const before = last.get(conn);
    if (before?.request === request) continue;
    last.set(conn, { request, at });
    if (!numbers.has(conn)) numbers.set(conn, numbers.size);
    const number = numbers.get(conn)!;
    intervals[number] ??= [];
    if (before !== undefined) intervals[number].push(at - before.at);
  }
  return intervals;
}

/** The largest difference of two empirical distributions (Kolmogorov and Smirnov). */
export function ksDistance(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [[...one].sort((x, y) => x - y), [...other].sort((x, y) => x - y)];
  let [i, j, most] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const at = Math.min(a[i]!, b[j]!);
    while (i < a.length && a[i]! <= at) i++;
    while (j < b.length && b[j]! <= at) j++;
    most = Math.max(most, Math.abs(i / a.length - j / b.length));
  }
  return most;
}

/**
 * The distances of all connections, in ascending order; null where the recordings do not have the same connections with as
 * many requests.
 */
export function arrivalDistances(recorded: string, replayed: string): number[] | null {
  const [before, after] = [intervalsOf(recorded), intervalsOf(replayed)];
  const isSame =
    before.length === after.length && before.every(({ length }, i) => length === after[i]!.length);
  if (!isSame) return null;
  return before.map((intervals, i) => ksDistance(intervals, after[i]!)).sort((a, b) => a - b);
}
