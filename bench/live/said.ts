/** Reads the final output of programs. */
import type { CountReport, RecordSummary } from '#src/index.js';

/** Result of memcaslap. */
export interface LoadResult {
  operations: number;
  /** Operations a second. */
  rate: number;
}

/** Reads memcaslap's last line. @returns null where it is missing, which means that it failed */
export function parseMemcaslap(output: string): LoadResult | null {
  const said = /^Run time: [\d.]+s Ops: (\d+) TPS: (\d+)\b/m.exec(output);
  if (said === null || said[2] === '0') return null;
  return { operations: Number(said[1]), rate: Number(said[2]) };
}

/** Result of a contestant by its own output. */
export interface Outcome {
  /** Packets that it captured and processed. */
  captured: number;
  /** Packets dropped by the kernel; null where it does not tell. */
  dropped: number | null;
  /** All packets that it reports as lost, those of the kernel included. */
  lost: number;
  /** Lag of packets, ns; null where it is unknown. */
  lag: { p50: number; p99: number; max: number } | null;
  /** Bytes that the kernel handed over in rings; null where it is unknown. */
  ringBytes: number | null;
}

/** Reads the final counts of tcpdump. @returns null where they are missing */
export function parseTcpdump(output: string): Outcome | null {
  const count = (what: string) => {
    const said = new RegExp(`^(\\d+) packets? ${what}$`, 'm').exec(output);
    return said === null ? null : Number(said[1]);
  };
  const captured = count('captured');
  const dropped = count('dropped by kernel');
  if (captured === null || dropped === null) return null;
  return {
    captured,
    dropped,
    lost: dropped + (count('dropped by interface') ?? 0),
    lag: null,
    ringBytes: null,
  };
}

/** Reads the summary of `membench record --json`. @returns null where it is missing */
export function parseSummary(output: string): Outcome | null {
  if (!output.startsWith('{')) return null;
  const { packets, kernel, lag_ns, counters } = JSON.parse(output) as RecordSummary;
  const lost = Object.values(packets.lost).reduce((sum, n) => sum + n, 0);
  return {
    captured: packets.seen - lost,
    dropped: kernel.dropped,
    lost: Math.max(lost, kernel.dropped ?? 0),
    lag: lag_ns ?? null,
    ringBytes: counters.ring_bytes || null,
  };
}

/** Reads the last report of `membench count --json`. @returns null where there is none */
export function parseCounts(output: string): Outcome | null {
  const last = output.trimEnd().split('\n').at(-1)!;
  if (!last.startsWith('{')) return null;
  const { total } = JSON.parse(last) as CountReport;
  const { repeated = 0, ...skipped } = total.skipped;
  const lost = Object.values(skipped).reduce((sum, n) => sum + n, 0);
  return { captured: total.packets - repeated - lost, dropped: 0, lost, lag: null, ringBytes: null };
}
