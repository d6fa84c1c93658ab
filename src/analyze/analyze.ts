import { hintOf } from '../event/hint.js';
import { type Payload, payloadOf } from '../event/payload.js';
import { hashText } from '../event/values.js';
import { type Batch, batchOf } from './batch.js';
import { Commands } from './collect/commands.js';
import { KeySizes } from './collect/key-sizes.js';
import { Totals } from './collect/totals.js';
import type { Collector } from './collector.js';
import type { Percentiles } from './histogram.js';
import { KeyTable } from './key-table.js';
import { analyzeLoss, type LossAnalysis } from './loss.js';
import type { OpAnalysis } from './op-tally.js';
import { Pass } from './pass.js';
import { sourcesOf } from './sources.js';
import { zipfAlpha } from './zipf.js';

export type { LossAnalysis } from './loss.js';
export type { OpAnalysis } from './op-tally.js';

/** The shape of `analyze --json`. */
export interface Analysis {
  /** Keys asked for: a 5-key get counts 5. */
  events: number;
  requests: number;
  /** Connections that carried a request. */
  connections: number;
  /** All counts are of one of so many connections; 1: of all. Null where the profiles differ in it. */
  sample: number | null;
  /** First to last request. */
  duration_s: number;
  /** Unix nanoseconds; null where there is no event. */
  first_ts_ns: string | null;
  last_ts_ns: string | null;
  /** By command, the most frequent first. */
  ops: Record<string, OpAnalysis>;
  /** Hits among hits and misses of get, gets, gat, gats and mg; null where there are none. */
  hit_ratio: number | null;
  keys: {
    distinct: number;
    /** See zipf.ts; null where there is nothing to tell. */
    zipf_alpha: number | null;
    /** The 20 most frequent, ties by hash. */
    top: { key: string; count: number }[];
    /** Secrets the keys were hashed with. Where there are several, a key counts once for each. */
    secrets: number;
  };
  /** Bytes, of every key asked for. */
  key_size: Percentiles;
  loss: LossAnalysis;
  /** What became of the payload, in bytes. */
  payload: Payload;
  /** What happened while recording, in order: an interface that went down, a worker that was replaced. */
  notes: { at_ns: string; what: string }[];
  /** False only where blocks or the footer are missing. */
  complete: boolean;
  /** Where little was understood: the likely cause, and what to do; else null. */
  hint: string | null;
}

const TOP_KEYS = 20;

/** Fills in the numbers of a batch's keys, and counts them: once for each key of a block, not for each event. */
function numberKeys(batch: Batch, words: Uint32Array, table: KeyTable): void {
  const { entryRows, ids } = batch;
  for (let i = 0; i < ids.length; i++) {
    ids[i] = entryRows[i] === 0 ? -1 : table.idOf(words[2 * i]!, words[2 * i + 1]!);
    if (ids[i]! >= 0) table.counts.values[ids[i]!]! += entryRows[i]!;
  }
}

class Analyzer {
  readonly #table = new KeyTable();
  readonly #totals = new Totals();
  readonly #commands = new Commands();
  readonly #keySizes = new KeySizes();
  readonly #collectors: readonly Collector[] = [this.#totals, this.#commands, this.#keySizes];

  run(pass: Pass): Analysis {
    const originNs = pass.range?.firstNs ?? 0n;
    for (const { decoded, worker } of pass.blocks(false)) {
      if (decoded.block.events === 0) continue;
      const batch = batchOf(decoded, originNs, null);
      this.#totals.conns.add(worker, batch.conn.subarray(0, batch.rows));
      numberKeys(batch, new Uint32Array(decoded.keys.hash.buffer), this.#table);
      for (const collector of this.#collectors) collector.add(batch);
      this.#table.limit();
    }
    return this.#result(pass);
  }

  #result({ readers }: Pass): Analysis {
    const { events, requests, firstNs, lastNs, conns } = this.#totals;
    const { ops, hits, misses } = this.#commands.result();
    const sources = sourcesOf(readers);
    const table = this.#table;
    return {
      events,
      requests,
      sample: sources.samples.size === 1 ? [...sources.samples][0]! : null,
      connections: conns.size,
      duration_s: firstNs === null ? 0 : Number(lastNs! - firstNs) / 1e9,
      first_ts_ns: firstNs?.toString() ?? null,
      last_ts_ns: lastNs?.toString() ?? null,
      ops,
      hit_ratio: hits + misses > 0 ? hits / (hits + misses) : null,
      keys: {
        distinct: table.distinct,
        zipf_alpha: zipfAlpha(table.byRank()),
        top: table
          .largest(table.counts, TOP_KEYS)
          .map((id) => ({ key: hashText(table.hashOf(id)), count: table.counts.values[id]! })),
        secrets: sources.secrets.size,
      },
      key_size: this.#keySizes.result(),
      loss: analyzeLoss(sources.counts, sources.missing, sources.damaged),
      payload: payloadOf(sources.counts),
      notes: sources.notes
        .sort((one, other) => (one.atNs < other.atNs ? -1 : Number(one.atNs > other.atNs)))
        .map(({ atNs, what }) => ({ at_ns: atNs.toString(), what })),
      complete: sources.complete,
      // The last blocks may be here and their counts, with the footer, not.
      hint: hintOf({ ...sources.counts, requests }, [...sources.ports.values()]),
    };
  }
}

/**
 * Says what the workload in one or more profiles is. Connections of several recordings are added up, those
 * that span several files of one count once; keys
 * are the same where the profiles were recorded with the same key file. Damaged blocks are left out, and
 * `loss` and `complete` say so.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export function analyze(paths: readonly string[]): Analysis {
  using pass = new Pass(paths);
  return new Analyzer().run(pass);
}
