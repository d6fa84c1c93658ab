import { hintOf } from '../event/hint.js';
import { type Payload, payloadOf } from '../event/payload.js';
import { hashText } from '../event/values.js';
import type { Block } from '../profile/block.js';
import { decodeColumns, decodeKeys, presentBit } from '../profile/columns.js';
import { ConnNumbers } from '../profile/conn-numbers.js';
import { addCounts } from '../profile/counts.js';
import { ProfileReader } from '../profile/reader.js';
import { Histogram, type Percentiles } from './histogram.js';
import { KeyCounts } from './key-counts.js';
import { analyzeLoss, type LossAnalysis } from './loss.js';
import { type OpAnalysis, OpTally } from './op-tally.js';
import { zipfAlpha } from './zipf.js';

export type { LossAnalysis } from './loss.js';
export type { OpAnalysis } from './op-tally.js';

/** Result of an analysis, as `analyze --json` prints it. */
export interface Analysis {
  /** Number of events, one for each key: a 5-key get counts 5. */
  events: number;
  requests: number;
  /** Connections with at least one request. */
  connections: number;
  /** One in this many connections was recorded, and is counted; 1: all. Null where the profiles differ. */
  sample: number | null;
  /** Time from the first to the last request, seconds. */
  duration_s: number;
  /** Times of the first and last request, Unix nanoseconds; null where there is no event. */
  first_ts_ns: string | null;
  last_ts_ns: string | null;
  /** By command, most frequent first. */
  ops: Record<string, OpAnalysis>;
  /** Hits among hits and misses of get, gets, gat, gats and mg; null where there are none. */
  hit_ratio: number | null;
  keys: {
    distinct: number;
    /** Exponent of the Zipf law, see zipf.ts; null where it cannot be estimated. */
    zipf_alpha: number | null;
    /** The 20 most frequent keys, ties in order of the hash. */
    top: { key: string; count: number }[];
    /** Number of secrets with which keys were hashed. With several, a key counts once for each. */
    secrets: number;
  };
  /** Sizes of keys, one for each event, bytes. */
  key_size: Percentiles;
  loss: LossAnalysis;
  /** Payload by what became of it, bytes. */
  payload: Payload;
  /**
   * Incidents during the recording, in order, for example an interface that went down or a worker that was
   * replaced.
   */
  notes: { at_ns: string; what: string }[];
  /** False only where blocks or the footer are missing. */
  complete: boolean;
  /** The likely cause where little of the traffic was understood, and what to do; else null. */
  hint: string | null;
}

const TOP_KEYS = 20;
const COLUMNS = ['conn', 'key', 'value_size', 'latency'] as const;

/**
 * Decodes all needed columns of a block before any is counted, so that a damaged block is not counted at all.
 */
function decode(block: Block) {
  return { block, keys: decodeKeys(block), ...decodeColumns(block, COLUMNS) };
}

type Decoded = ReturnType<typeof decode>;

class Analyzer {
  readonly #ops = new Map<string, OpTally>();
  readonly #keys = new KeyCounts();
  readonly #keySize = new Histogram();
  readonly #counts: Record<string, number> = {};
  readonly #secrets = new Set<string>();
  readonly #samples = new Set<number>();
  /** Recorded server ports, by their written form. */
  readonly #ports = new Map<string, readonly [number, number]>();
  #events = 0;
  #requests = 0;
  /** By recording, because a connection may span several files of a recording. */
  readonly #conns = new Map<string, ConnNumbers>();
  #firstNs: bigint | null = null;
  #lastNs: bigint | null = null;
  readonly #notes: { atNs: bigint; what: string }[] = [];
  #missing = 0;
  #damaged = 0;
  #complete = true;

  add(path: string): void {
    using reader = new ProfileReader(path);
    this.#secrets.add(reader.header.keyId);
    this.#samples.add(reader.header.sample);
    for (const range of reader.header.ports) this.#ports.set(range.join('-'), range);
    const conns = this.#connsOf(reader.header.run);
    for (const entry of reader.blocks) {
      const decoded = reader.read(entry, decode);
      if (decoded !== null && entry.events > 0) this.#addBlock(decoded, conns);
    }
    addCounts(this.#counts, reader.counts());
    for (const { atNs, what } of reader.notes) this.#notes.push({ atNs, what });
    this.#missing += reader.missing().length;
    for (const { bytes, unfinished } of reader.damage) if (!unfinished) this.#damaged += bytes;
    if (!reader.complete) this.#complete = false;
  }

  #connsOf(run: string): ConnNumbers {
    let conns = this.#conns.get(run);
    if (conns === undefined) {
      conns = new ConnNumbers();
      this.#conns.set(run, conns);
    }
    return conns;
  }

  #addBlock(
    { block, keys, shape, shapeEvents, conn, key, value_size, latency }: Decoded,
    conns: ConnNumbers,
  ): void {
    this.#events += block.events;
    this.#requests += block.requests;
    if (this.#firstNs === null || block.minNs < this.#firstNs) this.#firstNs = block.minNs;
    if (this.#lastNs === null || block.maxNs > this.#lastNs) this.#lastNs = block.maxNs;
    this.#addShapes(block, shapeEvents);
    this.#addValues(block, shape, value_size, 'value_size', 1);
    this.#addValues(block, shape, latency, 'latency', block.unit);
    conns.add(block.worker, conn);
    this.#addKeys(block, shape, key, keys);
  }

  #tally(op: string): OpTally {
    let tally = this.#ops.get(op);
    if (tally === undefined) {
      tally = new OpTally(op);
      this.#ops.set(op, tally);
    }
    return tally;
  }

  /** Counts what all events of a shape have in common, from their number alone. */
  #addShapes({ shapes }: Block, events: Uint32Array): void {
    shapes.forEach((shape, i) => {
      if (events[i]! > 0) this.#tally(shape.op).add(shape, events[i]!);
    });
  }

  /** Adds a column to the histograms of the commands. */
  #addValues(
    block: Block,
    shape: Uint32Array,
    values: Uint32Array | Float64Array,
    column: 'value_size' | 'latency',
    unit: number,
  ): void {
    const bit = presentBit(block.names, column);
    const histograms = block.shapes.map((found) => {
      if ((found.present & bit) === 0) return null;
      const tally = this.#tally(found.op);
      return column === 'latency' ? tally.latency : tally.valueSize;
    });
    for (let i = 0; i < shape.length; i++) histograms[shape[i]!]?.record(values[i]! * unit);
  }

  /** Counts by dictionary entry first, so that the table of all keys is visited only once for each entry. */
  #addKeys(block: Block, shape: Uint32Array, key: Uint32Array, keys: Decoded['keys']): void {
    const bit = presentBit(block.names, 'key');
    const has = Uint8Array.from(block.shapes, ({ present }) => (present & bit ? 1 : 0));
    const counts = new Uint32Array(block.keys);
    for (let i = 0; i < shape.length; i++) if (has[shape[i]!]) counts[key[i]!]!++;
    const words = new Uint32Array(keys.hash.buffer);
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] === 0) continue;
      this.#keys.add(words[2 * i]!, words[2 * i + 1]!, counts[i]!);
      this.#keySize.record(keys.size[i]!, counts[i]);
    }
  }

  result(): Analysis {
    const tallies = [...this.#ops].sort(
      ([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1),
    );
    let hits = 0;
    let misses = 0;
    for (const [, tally] of tallies) {
      if (!tally.isRetrieval) continue;
      hits += tally.hits;
      misses += tally.misses;
    }
    return {
      events: this.#events,
      requests: this.#requests,
      sample: this.#samples.size === 1 ? [...this.#samples][0]! : null,
      connections: [...this.#conns.values()].reduce((sum, { size }) => sum + size, 0),
      duration_s: this.#firstNs === null ? 0 : Number(this.#lastNs! - this.#firstNs) / 1e9,
      first_ts_ns: this.#firstNs?.toString() ?? null,
      last_ts_ns: this.#lastNs?.toString() ?? null,
      ops: Object.fromEntries(tallies.map(([op, tally]) => [op, tally.analysis()])),
      hit_ratio: hits + misses > 0 ? hits / (hits + misses) : null,
      keys: {
        distinct: this.#keys.size,
        zipf_alpha: zipfAlpha(this.#keys.byRank()),
        top: this.#keys.top(TOP_KEYS).map(({ hash, count }) => ({ key: hashText(hash), count })),
        secrets: this.#secrets.size,
      },
      key_size: this.#keySize.percentiles(),
      loss: analyzeLoss(this.#counts, this.#missing, this.#damaged),
      payload: payloadOf(this.#counts),
      notes: this.#notes
        .sort((one, other) => (one.atNs < other.atNs ? -1 : Number(one.atNs > other.atNs)))
        .map(({ atNs, what }) => ({ at_ns: atNs.toString(), what })),
      complete: this.#complete,
      // The last blocks may be present while their counts, in the footer, are not.
      hint: hintOf({ ...this.#counts, requests: this.#requests }, [...this.#ports.values()]),
    };
  }
}

/**
 * Describes the workload in one or more profiles. The connections of several recordings are added up; one
 * that spans several files of a recording counts once. Keys are the same across recordings made with the same
 * key file. Damaged blocks are left out, and `loss` and `complete` tell.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export function analyze(paths: readonly string[]): Analysis {
  const analyzer = new Analyzer();
  for (const path of paths) analyzer.add(path);
  return analyzer.result();
}
