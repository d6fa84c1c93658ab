import { analyzeLoss, type LossAnalysis } from '../analyze/loss.js';
import { type Payload, payloadOf } from '../event/payload.js';
import { addCounts } from '../profile/counts.js';
import type { ProfileReader } from '../profile/reader.js';
import type { EventShape } from '../profile/shapes.js';
import { timeOf } from '../profile/sorted-block.js';
import { toBigInt } from '../profile/words.js';
import { version } from '../version.js';
import type { Batch } from './batch.js';
import type { Filter } from './filter.js';
import { operationIn } from './operations.js';
import type { ExportFormat } from './options.js';
import type { Written } from './output.js';

/** What was exported and what was not: the JSON file beside the exported one, and the result of `exportProfiles`. */
export interface ExportSummary {
  tool: string;
  format: ExportFormat;
  /** Path of the file; null where the bytes went elsewhere. */
  file: string | null;
  bytes: number;
  profiles: ExportedProfile[];
  /** Identifies the secret of the keys' hashes; null where profiles differ in it: equal keys may have different hashes. */
  key_id: string | null;
  /** Keys asked for, in all good blocks: events = written + Σ left_out + Σ filtered. */
  events: number;
  requests: number;
  /** Lines, rows or records, without a header. */
  written: number;
  /** Times of the first and the last event written, Unix nanoseconds; null where there is none. */
  first_ts_ns: string | null;
  last_ts_ns: string | null;
  /** Events written, by their command in the profile, and by their operation in the file. */
  ops: Record<string, number>;
  ops_written: Record<string, number>;
  /** Events written under another name: `{"mg":{"get":5}}`. */
  mapped: Record<string, Record<string, number>>;
  /** Values that the format has no place for as they are, and how often: see docs/export.md. */
  changed: Record<string, number>;
  /** Events that have no place in the format. */
  left_out: { ops: Record<string, number>; no_key: number; size_unknown: number };
  /** Events that were not asked for, by the first of these reasons. */
  filtered: { time: number; op: number; sample: number };
  /** One of so many connections is in the file: of those recorded, and of all; null where profiles differ in it. */
  sample: number;
  sample_of_all: number | null;
  /** Whether anything is missing from the profiles: blocks, their footer, or bytes that are damaged. */
  partial: boolean;
  loss: LossAnalysis;
  payload: Payload;
}

export interface ExportedProfile {
  path: string;
  run: string;
  part: number;
  key_id: string;
  source: string;
  sample: number;
  /** Null where there is no footer: it is still written, or was cut short. */
  ended: string | null;
  events: number;
  missing_blocks: number;
  damaged_bytes: number;
}

/** Counts the events that are exported. */
export class ExportTally {
  readonly #rows: number[] = [];
  #first: bigint | null = null;
  #last: bigint | null = null;

  /** Counts the events of a batch by shape, and notes its times. */
  add({ rows, block, row, blocks }: Batch): void {
    const counts = this.#rows;
    for (let i = 0; i < rows; i++) {
      const shape = blocks[block[i]!]!.shape[row[i]!]!;
      while (counts.length <= shape) counts.push(0);
      counts[shape]!++;
    }
    const timeAt = (i: number) => {
      const { high, low } = timeOf(blocks[block[i]!]!, row[i]!);
      return toBigInt(low, high);
    };
    this.#first ??= timeAt(0);
    this.#last = timeAt(rows - 1);
  }

  /** The counts, by operation of a format or by the reason why it has none. */
  sorted(format: ExportFormat, shapes: readonly EventShape[]) {
    const ops: Record<string, number> = {};
    const written: Record<string, number> = {};
    const mapped: Record<string, Record<string, number>> = {};
    const leftOut: Record<string, number> = {};
    let noKey = 0;
    shapes.forEach((shape, i) => {
      const rows = this.#rows[i] ?? 0;
      if (rows === 0) return;
      const name = operationIn(format, shape);
      if (name === null) {
        if (shape.has & 1) addCounts(leftOut, { [shape.op]: rows });
        else noKey += rows;
        return;
      }
      addCounts(ops, { [shape.op]: rows });
      addCounts(written, { [name]: rows });
      if (name.toLowerCase() === shape.op) return;
      mapped[shape.op] ??= {};
      addCounts(mapped[shape.op]!, { [name]: rows });
    });
    return { ops, written, mapped, leftOut, noKey, first: this.#first, last: this.#last };
  }
}

/** Everything the summary is made of. */
export interface SummaryParts {
  format: ExportFormat;
  file: string | null;
  readers: readonly ProfileReader[];
  shapes: readonly EventShape[];
  tally: ExportTally;
  filter: Filter;
  written: Written;
  requests: number;
  seen: number;
}

export function summarize(parts: SummaryParts): ExportSummary {
  const { format, file, readers, shapes, filter, requests, seen } = parts;
  const output = parts.written;
  const { ops, written, mapped, leftOut, noKey, first, last } = parts.tally.sorted(format, shapes);
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
  const profiles = readers.map(describe);
  const counts: Record<string, number> = {};
  for (const reader of readers) addCounts(counts, reader.counts());
  const keyIds = new Set(profiles.map(({ key_id }) => key_id));
  const samples = new Set(profiles.map(({ sample }) => sample));
  const missing = profiles.reduce((all, one) => all + one.missing_blocks, 0);
  const damaged = profiles.reduce((all, one) => all + one.damaged_bytes, 0);
  return {
    tool: `membench ${version}`,
    format,
    file,
    bytes: output.bytes,
    profiles,
    key_id: keyIds.size === 1 ? [...keyIds][0]! : null,
    events: seen,
    requests,
    written: sum(ops) - output.withoutSize,
    first_ts_ns: first?.toString() ?? null,
    last_ts_ns: last?.toString() ?? null,
    ops,
    ops_written: written,
    mapped,
    changed: { ...output.changed },
    left_out: { ops: leftOut, no_key: noKey, size_unknown: output.withoutSize },
    filtered: { ...filter.skipped },
    sample: filter.sample,
    sample_of_all: samples.size === 1 ? filter.sample * [...samples][0]! : null,
    partial: missing > 0 || damaged > 0 || readers.some(({ complete }) => !complete),
    loss: analyzeLoss(counts, missing, damaged),
    payload: payloadOf(counts),
  };
}

function describe(reader: ProfileReader): ExportedProfile {
  const { path, header, footer, damage, blocks } = reader;
  return {
    path,
    run: header.run,
    part: header.part,
    key_id: header.keyId,
    source: header.source,
    sample: header.sample,
    ended: footer?.ended ?? null,
    events: blocks.reduce((sum, { events }) => sum + events, 0),
    missing_blocks: reader.missing().length,
    damaged_bytes: damage.reduce((sum, { bytes, unfinished }) => sum + (unfinished ? 0 : bytes), 0),
  };
}
