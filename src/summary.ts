/** The summary of a recording: its counters in the shape of `record --json`. */
import { hintOf } from './event/hint.js';
import { payloadOf } from './event/payload.js';
import { COUNTER_NAMES, type Counter } from './layout/generated.js';
import type { RecordEnd, RecordSummary } from './record-options.js';
import type { PacketSource } from './source/source.js';

/** All that a summary tells. */
export interface Outcome {
  source: PacketSource;
  counters: Record<Counter, number>;
  /** The counters and those of other ports, as in the footer. */
  counts: Readonly<Record<string, number>>;
  /** Server ports as inclusive ranges. */
  ports: readonly (readonly [first: number, last: number])[];
  /** Wall time of the recording, seconds. */
  elapsed: number;
  /** The files written. */
  writer: RecordSummary['profile'];
  ended: RecordEnd;
  broken: RecordSummary['broken'];
  lag: RecordSummary['lag_ns'];
  /** Packet time of a file, or duration of a live recording, seconds. */
  span: number;
}

export function summarize(outcome: Outcome): RecordSummary {
  const { source, counters, counts, ports, writer } = outcome;
  return {
    source: source.kind,
    packets: {
      seen: counters.packets_seen,
      decoded: counters.packets_decoded,
      skipped: byReason(counters, 'skipped_'),
      lost: byReason(counters, 'lost_'),
    },
    kernel: source.kernel(counters),
    payload: payloadOf(counters),
    requests: counters.requests,
    events: counters.events,
    answered: counters.answered,
    unanswered: counters.unanswered,
    gaps: counters.gaps,
    bytes: counters.bytes,
    elapsed_s: outcome.elapsed,
    profile: { path: writer.path, paths: writer.paths, bytes: writer.bytes, blocks: writer.blocks },
    ended: outcome.ended,
    broken: outcome.broken,
    lag_ns: outcome.lag,
    hint: hintOf(counts, ports),
    span_s: outcome.span,
    counters,
  };
}

/** Counters with a prefix that are not 0, by the rest of their names. */
function byReason(counters: Record<Counter, number>, prefix: string): Record<string, number> {
  return Object.fromEntries(
    COUNTER_NAMES.filter((name) => name.startsWith(prefix) && counters[name] > 0).map((name) => [
      name.slice(prefix.length),
      counters[name],
    ]),
  );
}
