import { type Batch, requestsOf } from '../batch.js';
import type { Collector } from '../collector.js';
import { runsOf } from '../runs.js';

/** How bursty the requests are. */
export interface Bursts {
  /** Requests in the busiest second, and when it began; seconds are counted from the first event. */
  busiest: { ts_ns: string; requests: number } | null;
  /** Over the seconds that had requests. */
  median: number;
  /** Seconds with more than twice the median, and the share of all requests in them. */
  burst_seconds: number;
  burst_share: number;
}

/** Most seconds counted: twelve days. Later ones are left out. */
const SECONDS_MAX = 1_048_576;

/** Counts the requests of every second. */
export class BurstCounter implements Collector {
  #counts = new Float64Array(1024);

  add(batch: Batch): void {
    for (const { at, from, to } of runsOf(batch.time, batch.rows, 1e9)) {
      if (at >= this.#counts.length && !this.#grow(at)) continue;
      this.#counts[at]! += requestsOf(batch, from, to);
    }
  }

  #grow(second: number): boolean {
    if (second >= SECONDS_MAX) return false;
    const counts = new Float64Array(Math.min(SECONDS_MAX, Math.max(2 * this.#counts.length, second + 1)));
    counts.set(this.#counts);
    this.#counts = counts;
    return true;
  }

  result(originNs: bigint): Bursts {
    const busy = this.#counts.filter((count) => count > 0).sort();
    const median = busy[Math.floor((busy.length - 1) / 2)] ?? 0;
    const most = busy.at(-1) ?? 0;
    const at = this.#counts.indexOf(most);
    const bursts = busy.filter((count) => count > 2 * median);
    const sum = (counts: Float64Array) => counts.reduce((total, count) => total + count, 0);
    return {
      busiest:
        most > 0 ? { ts_ns: (originNs + BigInt(at) * 1_000_000_000n).toString(), requests: most } : null,
      median,
      burst_seconds: bursts.length,
      burst_share: busy.length > 0 ? sum(bursts) / sum(busy) : 0,
    };
  }
}
