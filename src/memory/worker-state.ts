import { COUNTER_NAMES, PHASE_NAMES, type Phase, WORKER_STATE } from '../layout/generated.js';
import { type MemoryMap, regionAddress } from './map.js';

/** Outcomes a packet gets only when its flow is decoded. */
const DECODED = ['packets_decoded', 'skipped_tls', 'skipped_stray'] as const;
const indexOf = (name: (typeof COUNTER_NAMES)[number]) => COUNTER_NAMES.indexOf(name);
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

/**
 * What one worker is at, told in the shared memory: so whoever comes after one that trapped, hung or died
 * can go on, and knows what was lost.
 */
export class WorkerState {
  /** By enum counter: as they are, and as they were told with the last block. */
  readonly counters: BigUint64Array;
  readonly sealed: BigUint64Array;
  readonly #words: Int32Array;
  readonly #longs: BigUint64Array;

  constructor(buffer: ArrayBufferLike, map: MemoryMap, worker: number) {
    const base = regionAddress(map, worker);
    const { counters, sealedCounters, state } = map.region;
    this.counters = new BigUint64Array(buffer, base + counters.at, COUNTER_NAMES.length);
    this.sealed = new BigUint64Array(buffer, base + sealedCounters.at, COUNTER_NAMES.length);
    this.#words = new Int32Array(buffer, base + state.at, WORKER_STATE.SIZE / 4);
    this.#longs = new BigUint64Array(buffer, base + state.at, WORKER_STATE.SIZE / 8);
  }

  /** A batch is begun. */
  begin(phase: Exclude<Phase, 'waiting'>): void {
    this.#longs[WORKER_STATE.batch_seen / 8] = this.counters[SEEN]!;
    this.#longs[WORKER_STATE.batch_done / 8] = this.#done();
    this.#enter(phase);
  }

  /** It is over. */
  end(): void {
    this.#enter('waiting');
  }

  get phase(): Phase {
    return PHASE_NAMES[Atomics.load(this.#words, WORKER_STATE.phase / 4)]!;
  }

  /** A number that changes as long as the worker gets on. */
  get beat(): number {
    return Atomics.load(this.#words, WORKER_STATE.beat / 4);
  }

  /** Slots of the batch ring it is done with. */
  get position(): number {
    return this.#words[WORKER_STATE.position / 4]!;
  }

  set position(slots: number) {
    this.#words[WORKER_STATE.position / 4] = slots;
  }

  /** Blocks sent so far. */
  get blocks(): number {
    return Atomics.load(this.#words, WORKER_STATE.blocks / 4);
  }

  set blocks(count: number) {
    Atomics.store(this.#words, WORKER_STATE.blocks / 4, count);
  }

  /** Packets taken from the batch at hand: those of a ring count as seen where they are decoded. */
  get seenInBatch(): number {
    return Number(this.counters[SEEN]! - this.#longs[WORKER_STATE.batch_seen / 8]!);
  }

  /** Packets of the batch at hand whose flow was decoded. */
  get decodedInBatch(): number {
    return Number(this.#done() - this.#longs[WORKER_STATE.batch_done / 8]!);
  }

  /** Packets taken that came to no end; where whoever counts a packet as seen also decodes it. */
  get unfinished(): number {
    return Number(this.counters[SEEN]! - outcomes.reduce((sum, i) => sum + this.counters[i]!, 0n));
  }

  /**
   * Forgets what was not sealed: its events are gone, and so are the packets they came from, besides
   * `unfinished` ones. What was skipped before its flow was known stays counted.
   */
  loseUnsealed(unfinished: number): void {
    const { counters, sealed } = this;
    const lost = decoded.reduce((sum, i) => sum + counters[i]! - sealed[i]!, BigInt(unfinished));
    for (let i = 0; i < counters.length; i++) {
      if (i === SEEN || (outcomes.includes(i) && !decoded.includes(i))) continue;
      counters[i] = sealed[i]!;
    }
    counters[LOST]! += lost;
    // Payload that waited for its turn or its proof when the block was sealed is given up with its parser.
    const named = payloadClasses.reduce((sum, i) => sum + counters[i]!, 0n);
    counters[PAYLOAD_GAP]! += counters[PAYLOAD_SEEN]! - named;
  }

  #done(): bigint {
    return decoded.reduce((sum, i) => sum + this.counters[i]!, 0n);
  }

  #enter(phase: Phase): void {
    Atomics.store(this.#words, WORKER_STATE.phase / 4, PHASE_NAMES.indexOf(phase));
    Atomics.add(this.#words, WORKER_STATE.beat / 4, 1);
  }
}
