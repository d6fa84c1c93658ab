import { hashText } from '../event/values.js';
import type { Block } from '../profile/decode-block.js';
import { BlockError } from '../profile/decode-block.js';
import type { Names } from '../profile/header.js';
import { ProfileReader } from '../profile/reader.js';
import { type Rows, readRows } from '../profile/rows.js';
import { Histogram, type Percentiles } from './histogram.js';
import { KeyCounts } from './key-counts.js';
import { zipfAlpha } from './zipf.js';

/** What is known of one command. Counts are per key: a 5-key get counts 5. */
export interface OpAnalysis {
  count: number;
  /** Retrievals that found the key; for delete, incr, decr and touch what found it. */
  hits: number;
  misses: number;
  errors: number;
  unanswered: number;
  /** Nanoseconds. */
  latency_ns: Percentiles;
  /** Bytes. */
  value_size: Percentiles;
}

/** What could not be seen, and why. */
export interface LossAnalysis {
  lost: Record<string, number>;
  skipped: Record<string, number>;
  gaps: number;
  unsynced_bytes: number;
  /** Limits that were hit, by name. */
  bounds: Record<string, number>;
  missing_blocks: number;
  damaged_bytes: number;
}

/** The shape of `analyze --json`. */
export interface Analysis {
  events: number;
  requests: number;
  connections: number;
  /** First to last request. */
  duration_s: number;
  first_ts_ns: string | null;
  last_ts_ns: string | null;
  ops: Record<string, OpAnalysis>;
  /** Over all retrievals that were answered with a hit or a miss. */
  hit_ratio: number | null;
  keys: { distinct: number; zipf_alpha: number | null; top: { key: string; count: number }[] };
  key_size: Percentiles;
  loss: LossAnalysis;
  /** False where blocks or the footer are missing. */
  complete: boolean;
}

const RETRIEVALS = new Set(['get', 'gets', 'gat', 'gats', 'mg']);
const HITS = new Set(['hit', 'deleted', 'touched', 'value']);
const MISSES = new Set(['miss', 'not_found']);
const TOP_KEYS = 20;

interface OpTally {
  count: number;
  hits: number;
  misses: number;
  errors: number;
  unanswered: number;
  latency: Histogram;
  valueSize: Histogram;
}

class Analyzer {
  readonly #ops = new Map<string, OpTally>();
  readonly #keys = new KeyCounts();
  readonly #keySize = new Histogram();
  #events = 0;
  #requests = 0;
  #connections = 0;
  #minNs: bigint | null = null;
  #maxNs: bigint | null = null;
  #counts: Record<string, number> = {};
  #missing = 0;
  #damaged = 0;
  #complete = true;

  add(path: string): void {
    using reader = new ProfileReader(path);
    const { names } = reader.header;
    const conns = new Map<number, Uint8Array>();
    for (const entry of reader.blocks) {
      try {
        this.#addBlock(reader.block(entry), names, conns);
      } catch (error) {
        if (!(error instanceof BlockError)) throw error;
        this.#missing++;
        this.#complete = false;
      }
    }
    for (const seen of conns.values()) this.#connections += seen.reduce((a, b) => a + b, 0);
    for (const [name, value] of Object.entries(reader.counts())) this.#counts[name] = (this.#counts[name] ?? 0) + value;
    this.#missing += reader.missing().length;
    this.#damaged += reader.damage.reduce((sum, { bytes }) => sum + bytes, 0);
    if (!reader.complete) this.#complete = false;
  }

  #tally(op: string): OpTally {
    let tally = this.#ops.get(op);
    if (tally === undefined) {
      tally = {
        count: 0,
        hits: 0,
        misses: 0,
        errors: 0,
        unanswered: 0,
        latency: new Histogram(),
        valueSize: new Histogram(),
      };
      this.#ops.set(op, tally);
    }
    return tally;
  }

  #addBlock(block: Block, names: Names, conns: Map<number, Uint8Array>): void {
    if (block.events === 0) return;
    const rows = readRows(block, names);
    const tallies = block.shapes.map((shape) => this.#tally(names.op[shape.op]!));
    const byShape = new Float64Array(tallies.length);
    const { shape, latency, valueSize, keyIndex, conn } = rows;
    let requests = 0;
    let maxConn = 0;
    for (let i = 0; i < block.events; i++) {
      const index = shape[i]!;
      byShape[index]!++;
      const tally = tallies[index]!;
      const time = latency[i]!;
      if (time === time) tally.latency.record(time * block.unit);
      const size = valueSize[i]!;
      if (size === size) tally.valueSize.record(size);
      if (keyIndex[i] === 0) requests++;
      if (conn[i]! > maxConn) maxConn = conn[i]!;
    }
    this.#events += block.events;
    this.#requests += requests;
    this.#addShapes(block, names, tallies, byShape);
    this.#addKeys(rows, block);
    let seen = conns.get(block.worker) ?? new Uint8Array(0);
    if (seen.length <= maxConn) {
      const grown = new Uint8Array(Math.max(maxConn + 1, seen.length * 2));
      grown.set(seen);
      seen = grown;
      conns.set(block.worker, seen);
    }
    for (let i = 0; i < block.events; i++) seen[conn[i]!] = 1;
    if (this.#minNs === null || block.minNs < this.#minNs) this.#minNs = block.minNs;
    if (this.#maxNs === null || block.maxNs > this.#maxNs) this.#maxNs = block.maxNs;
  }

  #addShapes(block: Block, names: Names, tallies: OpTally[], byShape: Float64Array): void {
    block.shapes.forEach((shape, i) => {
      const status = names.status[shape.status]!;
      const tally = tallies[i]!;
      const n = byShape[i]!;
      tally.count += n;
      if (HITS.has(status)) tally.hits += n;
      else if (MISSES.has(status)) tally.misses += n;
      else if (status === 'error') tally.errors += n;
      else if (status === 'unanswered') tally.unanswered += n;
    });
  }

  /** Counts by dictionary entry first: the table of all keys is visited once for each key of a block. */
  #addKeys(rows: Rows, block: Block): void {
    const counts = new Uint32Array(block.keys);
    for (let i = 0; i < block.events; i++) {
      const key = rows.key[i]!;
      if (key < 0) continue;
      counts[key]!++;
      this.#keySize.record(rows.keySizes[key]!);
    }
    for (let key = 0; key < counts.length; key++) {
      this.#keys.add(rows.hashes[key * 2]!, rows.hashes[key * 2 + 1]!, counts[key]!);
    }
  }

  result(): Analysis {
    let hits = 0;
    let misses = 0;
    const ops: Record<string, OpAnalysis> = {};
    for (const [op, tally] of [...this.#ops].sort((a, b) => b[1].count - a[1].count)) {
      if (tally.count === 0) continue;
      if (RETRIEVALS.has(op)) {
        hits += tally.hits;
        misses += tally.misses;
      }
      const { latency, valueSize, ...counts } = tally;
      ops[op] = { ...counts, latency_ns: latency.percentiles(), value_size: valueSize.percentiles() };
    }
    const some = this.#minNs !== null && this.#maxNs !== null;
    return {
      events: this.#events,
      requests: this.#requests,
      connections: this.#connections,
      duration_s: some ? Number(this.#maxNs! - this.#minNs!) / 1e9 : 0,
      first_ts_ns: this.#minNs?.toString() ?? null,
      last_ts_ns: this.#maxNs?.toString() ?? null,
      ops,
      hit_ratio: hits + misses > 0 ? hits / (hits + misses) : null,
      keys: {
        distinct: this.#keys.size,
        zipf_alpha: zipfAlpha(this.#keys.sorted()),
        top: this.#keys.top(TOP_KEYS).map(({ hash, count }) => ({ key: hashText(hash), count })),
      },
      key_size: this.#keySize.percentiles(),
      loss: this.#loss(),
      complete: this.#complete,
    };
  }

  #loss(): LossAnalysis {
    const named = (prefix: string) =>
      Object.fromEntries(
        Object.entries(this.#counts)
          .filter(([name, value]) => name.startsWith(prefix) && value > 0)
          .map(([name, value]) => [name.slice(prefix.length), value]),
      );
    return {
      lost: named('lost_'),
      skipped: named('skipped_'),
      gaps: this.#counts.gaps ?? 0,
      unsynced_bytes: this.#counts.unsynced_bytes ?? 0,
      bounds: named('bound_'),
      missing_blocks: this.#missing,
      damaged_bytes: this.#damaged,
    };
  }
}

/**
 * Says what the workload in one or more profiles is. Connections of several profiles are added up; keys
 * are the same where the profiles were recorded with the same key file.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export function analyze(paths: readonly string[]): Analysis {
  const analyzer = new Analyzer();
  for (const path of paths) analyzer.add(path);
  return analyzer.result();
}
