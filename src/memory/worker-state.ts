import { COUNTER_NAMES, type Counter, PHASE_NAMES, type Phase, WORKER_STATE } from '../layout/generated.js';
import { KernelCounts } from './kernel-counts.js';
import { type MemoryMap, regionAddress } from './map.js';

/** Outcomes that a packet gets only when its flow is decoded. */
const DECODED = ['packets_decoded', 'skipped_tls', 'skipped_stray'] as const;
const indexOf = (name: Counter) => COUNTER_NAMES.indexOf(name);
const decoded = DECODED.map(indexOf);
const SEEN = indexOf('packets_seen');
const LOST = indexOf('lost_worker_failed');
/** Counters of outcomes: every packet is counted in exactly one. */
const outcomes = COUNTER_NAMES.map((name, i) =>
  /^(packets_decoded|skipped_|lost_)/.test(name) ? i : -1,
).filter((i) => i >= 0);
const PAYLOAD_SEEN = indexOf('payload_seen');
const PAYLOAD_GAP = indexOf('payload_gap');
/** Counters of payload bytes by outcome: every byte is counted in exactly one. */
const payloadClasses = COUNTER_NAMES.map((name, i) =>
  /^payload_(recorded|repeated|gap|unsynced_|skipped_)/.test(name) ? i : -1,
).filter((i) => i >= 0);

/** Packets that a worker was working on when it failed. */
export interface Loss {
  /** Packets that were begun and have no outcome. */
  unfinished: number;
  /** Packets that were walked but not yet counted as seen. */
  unseen: number;
}

/**
 * The state of one worker in the shared memory, so that the successor of a thread that trapped, hung or died
 * can go on and knows what was lost.
 *
 * A thread may be ended between any two steps. So the stores here are ordered such that after each single one
 * the state is consistent, and nothing is stored that can be calculated.
 */
export class WorkerState {
  /** Current counters of the parser, by enum counter. */
  readonly counters: BigUint64Array;
  /** Totals at the last block sent, those of the kernel included, by enum counter. */
  readonly sealed: BigUint64Array;
  /** The kernel's counters. */
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
   * Begins a batch.
   *
   * @param batch identifies the batch: see worker_state in the schema
   * @param fragments where a slot is indexed: fragments, of all workers, that wait for the rest of their
   *   datagrams
   */
  begin(phase: Exclude<Phase, 'waiting'>, batch: bigint, fragments = 0n): void {
    const done = phase === 'indexing' ? this.#sum(outcomes) + fragments : this.#sum(decoded);
    this.#setLong(WORKER_STATE.batch, batch);
    this.#setLong(WORKER_STATE.batch_seen, this.counters[SEEN]!);
    this.#setLong(WORKER_STATE.batch_done, done);
    this.#enter(phase);
  }

  /** Ends the batch. */
  end(): void {
    this.#setWord(WORKER_STATE.recovering, 0);
    this.#setWord(WORKER_STATE.writing, 0);
    this.#enter('waiting');
  }

  get phase(): Phase {
    return PHASE_NAMES[this.#word(WORKER_STATE.phase)]!;
  }

  /** A number that changes as long as the worker makes progress. */
  get beat(): number {
    return this.#word(WORKER_STATE.beat);
  }

  /**
   * Whether it is working. A worker that waits for packets, for the writer or for a disk may wait for ever.
   */
  get works(): boolean {
    const { phase } = this;
    return phase !== 'waiting' && phase !== 'reading' && this.#word(WORKER_STATE.writing) === 0;
  }

  /** Whether it waits for the writer, in any phase. */
  set writing(waits: boolean) {
    this.#setWord(WORKER_STATE.writing, waits ? 1 : 0);
    this.#beat();
  }

  /** The current batch; see worker_state in the schema. */
  get batch(): bigint {
    return Atomics.load(this.#longs, WORKER_STATE.batch / 8);
  }

  /** Number of the slot of the batch ring, or block of the packet ring, that it decodes next. */
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

  /** Current totals, the kernel's counters included, by enum counter. */
  totals(): BigUint64Array {
    const totals = this.counters.slice();
    this.kernel.addTo(totals);
    return totals;
  }

  /**
   * Stores the number of blocks sent, and the totals that their counts add up to. The worker calls it after
   * sending a block; after its end, the receiver of the blocks does.
   */
  setSent(blocks: number, totals: BigUint64Array): void {
    totals.forEach((total, i) => {
      Atomics.store(this.sealed, i, total);
    });
    this.#setWord(WORKER_STATE.blocks, blocks);
    this.#beat();
  }

  /** Packets seen since the current batch began; those of a ring count as seen where they are decoded. */
  get seenInBatch(): number {
    return Number(this.counters[SEEN]! - this.#long(WORKER_STATE.batch_seen));
  }

  /** Packets of the current batch that were decoded. */
  get decodedInBatch(): number {
    return Number(this.#sum(decoded) - this.#long(WORKER_STATE.batch_done));
  }

  /**
   * Packets seen that have no outcome; valid where the worker that counts a packet as seen also decodes it.
   */
  get unfinished(): number {
    return Number(this.counters[SEEN]! - this.#sum(outcomes));
  }

  /**
   * Packets lost with a slot whose walk is given up, and all waiting fragments.
   *
   * @param listed packets on the workers' lists
   * @param fragments that wait now
   */
  lostInWalk(listed: bigint, fragments: bigint): Loss {
    const seen = this.counters[SEEN]! - this.#long(WORKER_STATE.batch_seen);
    const done = this.#sum(outcomes) - this.#long(WORKER_STATE.batch_done);
    // The walk adds to packets_seen only at its end.
    const walked = done + listed + fragments;
    const unseen = walked > seen ? walked - seen : 0n;
    return { unfinished: Number(seen + unseen - done), unseen: Number(unseen) };
  }

  /**
   * Calculates what a recovery will count as lost: the packets of the batch, and those of all events that are
   * in no sealed block. Does nothing where an earlier recovery has calculated it and was ended.
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

  /**
   * Resets the counters to those sealed, and counts the loss as planned. Packets skipped before their flow
   * was known stay counted.
   */
  loseUnsealed(): void {
    const { counters, sealed } = this;
    for (let i = 0; i < counters.length; i++) {
      if (i === SEEN || (outcomes.includes(i) && !decoded.includes(i))) continue;
      Atomics.store(counters, i, sealed[i]!);
    }
    Atomics.store(counters, SEEN, this.#long(WORKER_STATE.seen_after));
    Atomics.store(counters, LOST, this.#long(WORKER_STATE.lost_after));
    // Payload that was still waiting when the block was sealed is given up with its parser.
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
