import { MembenchError } from '../errors.js';
import { hintOf } from '../event/hint.js';
import { payloadOf } from '../event/payload.js';
import type { ProfileReader } from '../profile/reader.js';
import type { Analysis } from './analysis.js';
import { batchOf, recordTimes } from './batch.js';
import { caveatsOf } from './caveats.js';
import { BurstCounter } from './collect/bursts.js';
import { Commands } from './collect/commands.js';
import { ConnectionCounter } from './collect/connections.js';
import { GroupCounter } from './collect/groups.js';
import { KeyTally } from './collect/key-tally.js';
import { LatencyCounter } from './collect/latencies.js';
import { popularityOf } from './collect/popularity.js';
import { Series } from './collect/series.js';
import { sizesOf } from './collect/sizes.js';
import { Totals } from './collect/totals.js';
import { TtlCounter } from './collect/ttls.js';
import type { Collector } from './collector.js';
import { analyzeLoss } from './loss.js';
import { type AnalyzeOptions, type Plan, planOf } from './options.js';
import { analyzeOrder, needsOrder, type OrderedAnalysis, type Watch } from './ordered-analysis.js';
import { Pass, type Read, rangeOf } from './pass.js';
import { sourcesOf } from './sources.js';
import { INTERVAL, nextTurn } from './turn.js';

export type { Analysis } from './analysis.js';
export type { LossAnalysis } from './loss.js';
export type { OpAnalysis } from './op-tally.js';
export type { AnalyzeOptions } from './options.js';

/** Events for each key, as a guess: room is made before it is needed. */
const EVENTS_A_KEY = 16;
/** Fewest events for which a second thread pays. */
const ELSEWHERE_MIN = 200_000;

/** Everything that is asked of one pass over profiles, in whatever order their blocks have the events. */
class Analyzer {
  readonly #plan: Plan;
  readonly #originNs: bigint;
  readonly #totals = new Totals();
  readonly #commands = new Commands();
  readonly #keys: KeyTally;
  readonly #series: Series;
  readonly #bursts = new BurstCounter();
  readonly #ttls: TtlCounter;
  readonly #connections = new ConnectionCounter();
  readonly #groups: GroupCounter | null;
  readonly #latencies: LatencyCounter | null;
  readonly #collectors: readonly Collector[];

  /** @param events about so many, by the heads of the blocks */
  constructor(plan: Plan, originNs: bigint, events: number) {
    this.#plan = plan;
    this.#originNs = originNs;
    const origin = Number(originNs);
    this.#keys = new KeyTally((plan.start + plan.end) / 2, events / EVENTS_A_KEY);
    this.#series = new Series(plan.interval);
    this.#ttls = new TtlCounter(origin);
    this.#groups = plan.by === null ? null : new GroupCounter(plan.by);
    this.#latencies = plan.slowest === 0 ? null : new LatencyCounter(plan.slowest, originNs);
    const { wants } = plan;
    this.#collectors = [
      this.#totals,
      this.#commands,
      ...(wants('keys') || wants('sizes') ? [this.#keys] : []),
      ...(wants('time') ? [this.#series, this.#bursts] : []),
      ...(wants('ttl') ? [this.#ttls] : []),
      ...(wants('connections') ? [this.#connections] : []),
      ...(this.#groups === null ? [] : [this.#groups]),
    ];
  }

  add({ decoded, worker, nextNs }: Read): void {
    const { block } = decoded;
    if (block.conns > 0) this.#addRecords(decoded, worker);
    if (block.events > 0) {
      const batch = batchOf(decoded, this.#originNs, this.#plan.selection);
      this.#totals.numberConns(batch, worker);
      for (const collector of this.#collectors) collector.add(batch);
      const border = nextNs === null ? Number.POSITIVE_INFINITY : Number(nextNs - this.#originNs);
      this.#latencies?.add(batch, border);
    }
  }

  #addRecords({ block, conns }: Read['decoded'], worker: number): void {
    const numbers = Uint32Array.from(conns.id, (id) => this.#totals.conns.numberOf(worker, id));
    const times = recordTimes(conns, block.unit, this.#originNs);
    this.#connections.addRecords(conns, block.names.conn_kind, times, numbers);
    this.#groups?.addRecords(conns, numbers);
  }

  result({ readers }: Pass, ordered: OrderedAnalysis): Analysis {
    const { events, requests, firstNs, lastNs, connections } = this.#totals;
    const { ops, hits, misses } = this.#commands.result();
    const sources = sourcesOf(readers);
    const sample = sources.samples.size === 1 ? [...sources.samples][0]! : null;
    const keys = popularityOf(this.#keys, this.#plan.top, sources.secrets.size);
    const loss = analyzeLoss(sources.counts, sources.missing, sources.damaged);
    const payload = payloadOf(sources.counts);
    const sizes = sizesOf(this.#keys, this.#commands.valueSizes('write'), this.#commands.valueSizes('read'));
    const connectionUse = this.#connections.result(connections);
    return {
      events,
      requests,
      sample,
      connections,
      duration_s: firstNs === null ? 0 : Number(lastNs! - firstNs) / 1e9,
      first_ts_ns: firstNs?.toString() ?? null,
      last_ts_ns: lastNs?.toString() ?? null,
      ops,
      hit_ratio: hits + misses > 0 ? hits / (hits + misses) : null,
      keys,
      key_size: this.#keys.sizes.percentiles(),
      loss,
      payload,
      interval_s: this.#plan.interval,
      series: this.#series.result(this.#originNs),
      bursts: this.#bursts.result(this.#originNs),
      sizes,
      ttl: this.#ttls.result(),
      lifetimes: ordered.lifetimes,
      working_set: ordered.working_set,
      mrc: ordered.mrc,
      latency: this.#latencies?.result() ?? null,
      connection_use: connectionUse,
      by: this.#plan.by,
      groups: this.#groups?.result() ?? null,
      caveats: caveatsOf({
        loss,
        payload,
        complete: sources.complete,
        sample,
        secrets: sources.secrets.size,
        keysSampled: this.#keys.table.rate,
        orderSampled: ordered.sampled,
        connections,
        toldApart: connectionUse.told_apart,
        keys: keys.distinct,
        sizesUnknown: sizes.items.unknown,
        unanswered: Object.values(ops).reduce((sum, { unanswered }) => sum + unanswered, 0),
        events,
      }),
      notes: sources.notes
        .sort((one, other) => (one.atNs < other.atNs ? -1 : Number(one.atNs > other.atNs)))
        .map(({ atNs, what }) => ({ at_ns: atNs.toString(), what })),
      complete: sources.complete,
      // The last blocks may be here and their counts, with the footer, not.
      hint: hintOf({ ...sources.counts, requests }, [...sources.ports.values()]),
    };
  }
}

/** Answers what depends on the order of events: analyzeOrder, here or on a thread. */
export type AnalyzeOrder = (watch: Watch) => Promise<OrderedAnalysis>;

/**
 * Says what the workload in one or more profiles is, and closes them. Connections of several recordings are added up,
 * those that span several files of one count once; keys are the same where the profiles were recorded with the same
 * key file. Damaged blocks are left out, and `loss` and `complete` say so.
 *
 * @param elsewhere answers what depends on the order of events meanwhile, where that pays; else it is done here, afterwards
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_USAGE, ERR_MEMBENCH_ABORTED
 */
export async function analyzeReaders(
  readers: readonly ProfileReader[],
  options: AnalyzeOptions = {},
  elsewhere?: AnalyzeOrder,
): Promise<Analysis> {
  using pass = new Pass(readers);
  const { events } = pass;
  const range = rangeOf(readers);
  const originNs = range?.firstNs ?? 0n;
  const plan = planOf(options, range);
  const analyzer = new Analyzer(plan, originNs, events);
  const passes = needsOrder(plan) ? 2 : 1;
  const done = [0, 0];
  const { signal } = options;
  const tell = () => options.onProgress?.(Math.floor((done[0]! + done[1]!) / passes), events);
  // Ends the other thread, too, where this one fails.
  const stopping = new AbortController();
  signal?.addEventListener('abort', () => stopping.abort(), { signal: stopping.signal });
  const watch: Watch = {
    signal: stopping.signal,
    onProgress: (ordered) => {
      done[1] = ordered;
      tell();
    },
  };
  const ordered = passes === 2 && events >= ELSEWHERE_MIN ? elsewhere?.(watch) : undefined;
  // A failure is thrown below, unless this thread fails first.
  ordered?.catch(() => {});
  try {
    let told = performance.now();
    for (const read of pass.blocks()) {
      if (signal?.aborted) throw new MembenchError('ERR_MEMBENCH_ABORTED', 'analysis was stopped');
      analyzer.add(read);
      done[0]! += read.decoded.block.events;
      if (performance.now() - told < INTERVAL) continue;
      await nextTurn();
      tell();
      told = performance.now();
    }
    return analyzer.result(pass, await (ordered ?? analyzeOrder(readers, plan, originNs, watch)));
  } finally {
    stopping.abort();
  }
}
