import { ConnNumbers } from '../profile/conn-numbers.js';
import { openAll } from '../profile/open-all.js';
import { batchOf } from './batch.js';
import type { SlowRequest } from './collect/latencies.js';
import { Pass, rangeOf } from './pass.js';

/** One complete event of the Trace Event Format, which Chrome and Perfetto read; times in microseconds. */
export interface TraceEvent {
  name: string;
  cat: 'slow' | 'neighbour';
  ph: 'X';
  ts: number;
  dur: number;
  pid: 1;
  /** The connection. */
  tid: number;
  args: { status: string; value_size: number | null; in_flight?: number };
}

/** Neighbours of a slow request that are kept: the first ones in the profile. */
const NEIGHBOURS_MAX = 100;

/**
 * Finds what was under way at the same time as slow requests, in a second look at the profiles: only blocks that
 * overlap one of them are decoded.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export function traceOf(
  paths: readonly string[],
  slow: readonly SlowRequest[],
): { traceEvents: TraceEvent[] } {
  using pass = new Pass(openAll(paths));
  const originNs = rangeOf(pass.readers)?.firstNs ?? 0n;
  const windows = slow
    .map(({ ts_ns, latency_ns, in_flight }) => {
      const start = Number(BigInt(ts_ns) - originNs);
      return { start, end: start + latency_ns, in_flight, neighbours: 0 };
    })
    .sort((a, b) => a.start - b.start);
  // The latest end of a window and all before it: where to stop looking back.
  const ends = new Float64Array(windows.length);
  for (let i = 0; i < windows.length; i++) ends[i] = Math.max(ends[i - 1] ?? 0, windows[i]!.end);
  const conns = new ConnNumbers();
  const traceEvents: TraceEvent[] = [];
  const isNear = (minNs: bigint, maxNs: bigint) => {
    // Requests of the block may last into a window, but not longer than the slowest.
    const longest = windows.reduce((most, { start, end }) => Math.max(most, end - start), 0);
    const first = Number(minNs - originNs);
    const last = Number(maxNs - originNs) + longest;
    return windows.some(({ start, end }) => start <= last && end >= first);
  };
  for (const { decoded, worker } of pass.blocks(isNear)) {
    const { kinds, rows, kind, time, latency, index, conn, valueSize } = batchOf(decoded, originNs, null);
    for (let i = 0; i < rows; i++) {
      const of = kinds[kind[i]!]!;
      if (index[i] !== 0 || !of.hasLatency) continue;
      const start = time[i]!;
      const end = start + latency[i]!;
      let own: (typeof windows)[number] | undefined;
      let near = false;
      for (let at = lastBefore(windows, end); at >= 0 && ends[at]! >= start; at--) {
        const window = windows[at]!;
        if (window.start === start && window.end === end) own = window;
        else if (window.end >= start && window.neighbours < NEIGHBOURS_MAX) {
          window.neighbours++;
          near = true;
        }
      }
      if (own === undefined && !near) continue;
      traceEvents.push({
        name: of.op,
        cat: own === undefined ? 'neighbour' : 'slow',
        ph: 'X',
        ts: start / 1000,
        dur: latency[i]! / 1000,
        pid: 1,
        tid: conns.numberOf(worker, conn[i]!),
        args: {
          status: of.shape.status,
          value_size: of.hasValue ? valueSize[i]! : null,
          ...(own !== undefined && { in_flight: own.in_flight }),
        },
      });
    }
  }
  return { traceEvents };
}

/** The last window that begins at or before a time, -1 where there is none. */
function lastBefore(windows: readonly { start: number }[], time: number): number {
  let low = 0;
  let high = windows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (windows[middle]!.start <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
