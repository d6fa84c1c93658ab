/** What the programs say at their end. */
import type { RecordSummary } from '#src/index.js';

/** What memcaslap did. */
export interface LoadResult {
  operations: number;
  /** Operations a second. */
  rate: number;
}

/** Reads memcaslap's last line. @returns null where it has none, which is how it says that it failed */
export function parseMemcaslap(output: string): LoadResult | null {
  const said = /^Run time: [\d.]+s Ops: (\d+) TPS: (\d+)\b/m.exec(output);
  if (said === null || said[2] === '0') return null;
  return { operations: Number(said[1]), rate: Number(said[2]) };
}

/** What a contestant says of itself. */
export interface Outcome {
  /** Packets it took and had the time for. */
  captured: number;
  /** Packets the kernel had no room for; null where it does not tell. */
  dropped: number | null;
  /** All packets it knows it missed, those of the kernel included. */
  lost: number;
  /** How late packets were decoded, nanoseconds; null where that is not known. */
  lag: { p50: number; p99: number; max: number } | null;
}

/** Reads the counts at tcpdump's end. @returns null where they are missing */
export function parseTcpdump(output: string): Outcome | null {
  const count = (what: string) => {
    const said = new RegExp(`^(\\d+) packets? ${what}$`, 'm').exec(output);
    return said === null ? null : Number(said[1]);
  };
  const captured = count('captured');
  const dropped = count('dropped by kernel');
  if (captured === null || dropped === null) return null;
  return { captured, dropped, lost: dropped + (count('dropped by interface') ?? 0), lag: null };
}

/** Reads the summary of `membench record --json`. @returns null where there is none */
export function parseSummary(output: string): Outcome | null {
  if (!output.startsWith('{')) return null;
  const { packets, kernel, lag_ns } = JSON.parse(output) as RecordSummary;
  const lost = Object.values(packets.lost).reduce((sum, n) => sum + n, 0);
  return {
    captured: packets.seen - lost,
    dropped: kernel.dropped,
    lost: Math.max(lost, kernel.dropped ?? 0),
    lag: lag_ns ?? null,
  };
}
