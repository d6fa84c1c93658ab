import { COUNTER_NAMES, type Counter, PHASE_NAMES, type Phase, WORKER_STATE } from '../layout/generated.js';
import { KernelCounts } from './kernel-counts.js';
import { type MemoryMap, regionAddress } from './map.js';

/** Outcomes a packet gets only when its flow is decoded. */
const DECODED = ['packets_decoded', 'skipped_tls', 'skipped_stray'] as const;
const indexOf = (name: Counter) => COUNTER_NAMES.indexOf(name);
const decoded = DECODED.map(indexOf);
const SEEN = indexOf('packets_seen');
const LOST = indexOf('lost_worker_failed');
/** Every packet ends in exactly one of these. */
const outcomes = COUNTER_NAMES.map((name, i) =>
  /^(packets_decoded|skipped_|lost_)/.test(name) ? i : -1,
).filter((i) => i >= 0);
const PAYLOAD_SEEN = indexOf('payload_seen');
const PAYLOAD_GAP = indexOf('payload_gap');
/** Every byte of payload ends in exactly one of these. */
const payloadClasses = COUNTER_NAMES.map((name, i) =>
  /^payload_(recorded|repeated|gap|unsynced_|skipped_)/.test(name) ? i : -1,
).filter((i) => i >= 0);

/** What a recovery makes of the packets a worker was at. */
export interface Loss {
  /** Packets taken that came to no end. */
  unfinished: number;
  /** Packets that were walked but not yet counted as seen. */
  unseen: number;
}

/**
 * What one worker is at, told in the shared memory: so whoever comes after one that trapped, hung or died
 * can go on, and knows what was lost.
 *
 * A thread may be ended between any two of its steps. So everything here is written in an order in which
 * each single store leaves something that can be gone on from; what is derived is not stored.
 */
export class WorkerState {
  /** By enum counter: as they are, and as they and the kernel's were told with the last block. */
  readonly counters: BigUint64Array;
  readonly sealed: BigUint64Array;
  /** What the kernel counted. */
  readonly kernel: KernelCounts;
  readonly #words: Int32Array;
  readonly #longs: BigUint64Array;

  constructor(buffer: ArrayBufferLike, map: MemoryMap, worker: number) {
    const base = regionAddress(map, worker);
    const { counters, sealedCounters, state } = map.region;
    this.counters = new BigUint64Array(buffer, base + counters.at, COUNTER_NAMES.length);
    this.sealed = new BigUint64Array(buffer, base + sealedCounters.at, COUNTER_NAMES.length);
    this.kernel = new KernelCounts(buffer, base + state.at);
    this.#words = new Int32Array(buffer, base + state.at, WORKER_STATE.SIZE / 4);
    this.#longs = new BigUint64Array(buffer, base + state.at, WORKER_STATE.SIZE / 8);
  }

  /**
   * A batch is begun.
   *
   * @param batch what tells it from the one before: see worker_state in the schema
   * @param fragments before a slot is indexed: fragments of any worker's that wait for the rest of their datagram
   */
  begin(phase: Exclude<Phase, 'waiting'>, batch: bigint, fragments = 0n): void {
    const done = phase === 'indexing' ? this.#sum(outcomes) + fragments : this.#sum(decoded);
    this.#setLong(WORKER_STATE.batch, batch);
    this.#setLong(WORKER_STATE.batch_seen, this.counters[SEEN]!);
    this.#setLong(WORKER_STATE.batch_done, done);
    this.#enter(phase);
  }

  /** It is over. */
  end(): void {
    this.#setWord(WORKER_STATE.recovering, 0);
    this.#setWord(WORKER_STATE.writing, 0);
    this.#enter('waiting');
  }

  get phase(): Phase {
    return PHASE_NAMES[this.#word(WORKER_STATE.phase)]!;
  }

  /** A number that changes as long as the worker gets on. */
  get beat(): number {
    return this.#word(WORKER_STATE.beat);
  }

  /**
   * Whether it has something to do that has an end. One that waits, for packets, for the writer or for a disk, may
   * wait for ever.
   */
  get works(): boolean {
    const { phase } = this;
    return phase !== 'waiting' && phase !== 'reading' && this.#word(WORKER_STATE.writing) === 0;
  }

  /** Whether it waits for the writer, in the middle of what it is at. */
  set writing(waits: boolean) {
    this.#setWord(WORKER_STATE.writing, waits ? 1 : 0);
    this.#beat();
  }

  /** The batch at hand; see worker_state in the schema. */
  get batch(): bigint {
    return Atomics.load(this.#longs, WORKER_STATE.batch / 8);
  }

  /** Slots of the batch ring it is done with; of a packet ring, the block it takes next. */
  get position(): number {
    return this.#word(WORKER_STATE.position);
  }

  set position(position: number) {
    this.#setWord(WORKER_STATE.position, position);
  }

  /** Blocks sent so far. */
  get blocks(): number {
    return this.#word(WORKER_STATE.blocks);
  }

  /** What was counted so far, the kernel's part included. */
  totals(): BigUint64Array {
    const totals = this.counters.slice();
    this.kernel.addTo(totals);
    return totals;
  }

  /**
   * So many blocks were sent in all, and these are the totals their counts add up to: said by the worker
   * itself once one is away, and by whoever received them when the worker is gone.
   */
  told(blocks: number, totals: BigUint64Array): void {
    totals.forEach((total, i) => {
      Atomics.store(this.sealed, i, total);
    });
    this.#setWord(WORKER_STATE.blocks, blocks);
    this.#beat();
  }

  /** Packets taken from the batch at hand: those of a ring count as seen where they are decoded. */
  get seenInBatch(): number {
    return Number(this.counters[SEEN]! - this.#long(WORKER_STATE.batch_seen));
  }

  /** Packets of the batch at hand whose flow was decoded. */
  get decodedInBatch(): number {
    return Number(this.#sum(decoded) - this.#long(WORKER_STATE.batch_done));
  }

  /** Packets taken that came to no end; where whoever counts a packet as seen also decodes it. */
  get unfinished(): number {
    return Number(this.counters[SEEN]! - this.#sum(outcomes));
  }

  /**
   * What the walk over a slot leaves that is given up, with all fragments that wait.
   *
   * @param listed packets on the workers' lists
   * @param fragments that wait now
   */
  lostInWalk(listed: bigint, fragments: bigint): Loss {
    const seen = this.counters[SEEN]! - this.#long(WORKER_STATE.batch_seen);
    const done = this.#sum(outcomes) - this.#long(WORKER_STATE.batch_done);
    // The walk counts what it has seen at its end.
    const walked = done + listed + fragments;
    const unseen = walked > seen ? walked - seen : 0n;
    return { unfinished: Number(seen + unseen - done), unseen: Number(unseen) };
  }

  /**
   * Decides what a recovery will count: the events that are in no sealed block are gone, and so are the packets
   * they came from, besides those of the batch. Does nothing where a recovery before had decided, and was cut short.
   */
  planLoss(loss: () => Loss): void {
    if (this.#word(WORKER_STATE.recovering) !== 0) return;
    const { unfinished, unseen } = loss();
    const lost = decoded.reduce(
      (sum, i) => sum + this.counters[i]! - this.sealed[i]!,
      BigInt(Math.max(unfinished, 0)),
    );
    this.#setLong(WORKER_STATE.seen_after, this.counters[SEEN]! + BigInt(unseen));
    this.#setLong(WORKER_STATE.lost_after, this.counters[LOST]! + lost);
    this.#setWord(WORKER_STATE.recovering, 1);
  }

  /** Forgets what was not sealed, as was decided. What was skipped before its flow was known stays counted. */
  loseUnsealed(): void {
    const { counters, sealed } = this;
    for (let i = 0; i < counters.length; i++) {
      if (i === SEEN || (outcomes.includes(i) && !decoded.includes(i))) continue;
      Atomics.store(counters, i, sealed[i]!);
    }
    Atomics.store(counters, SEEN, this.#long(WORKER_STATE.seen_after));
    Atomics.store(counters, LOST, this.#long(WORKER_STATE.lost_after));
    // Payload that waited for its turn or its proof when the block was sealed is given up with its parser.
    const nowhere = sealed[PAYLOAD_SEEN]! - payloadClasses.reduce((sum, i) => sum + sealed[i]!, 0n);
    Atomics.store(counters, PAYLOAD_GAP, sealed[PAYLOAD_GAP]! + nowhere);
  }

  #sum(which: readonly number[]): bigint {
    return which.reduce((sum, i) => sum + this.counters[i]!, 0n);
  }

  #enter(phase: Phase): void {
    this.#setWord(WORKER_STATE.phase, PHASE_NAMES.indexOf(phase));
    this.#beat();
  }

  #beat(): void {
    Atomics.add(this.#words, WORKER_STATE.beat / 4, 1);
  }

  #word(offset: number): number {
    return Atomics.load(this.#words, offset / 4);
  }

  #setWord(offset: number, value: number): void {
    Atomics.store(this.#words, offset / 4, value);
  }

  #long(offset: number): bigint {
    return Atomics.load(this.#longs, offset / 8);
  }

  #setLong(offset: number, value: bigint): void {
    Atomics.store(this.#longs, offset / 8, value);
  }
}
