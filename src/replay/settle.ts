/** What becomes of requests: each is answered, silent, or failed, once. */

import { hashNumber } from './changed.js';
import type { KeyQueue, PendingQueue } from './pending.js';
import { LATENESS_SHARE } from './punctuality.js';
import { FILL, OPS, S } from './shapes.js';
import type { Failure, Tally } from './tally.js';
import type { ValueChecker } from './verify.js';

/** Unique values that are remembered for cas commands, the latest. */
const CAS_MAX = 1 << 16;

/** Told of keys and requests as they end, by the connections of a thread. */
export class Settler {
  tally: Tally;
  /** Milliseconds of performance.now() of the answers that are being read. */
  now = 0;
  /** Requests that were sent and are not settled. */
  underWay = 0;
  /** Requests, and their bytes, that were encoded and are not sent. */
  waiting = 0;
  waitingBytes = 0;
  /** Told of keys that were not there, where they are to be filled. */
  onMiss: ((keys: KeyQueue, at: number) => void) | null = null;
  /** Whether the values that come back are checked, and against what. */
  checker: ValueChecker | null = null;
  /** Unique values of items by the hash of their keys, the latest last. */
  readonly #cas = new Map<number, string>();

  constructor(tally: Tally) {
    this.tally = tally;
  }

  /** The first request that was not sent is sent now, or given up: either way it counts. */
  begin(queue: PendingQueue): void {
    const { tally } = this;
    const at = queue.sent & queue.mask;
    const keys = queue.keys[at]!;
    const op = tally.op(queue.op[at]!);
    if (queue.begins[at] !== 0) {
      tally.requests++;
      op.requests++;
    }
    // A request without key counts one, unless it only ends those of a multiget.
    const count = keys > 0 ? keys : queue.begins[at]!;
    if (queue.op[at] === FILL) op.requests++;
    else tally.commands += count;
    op.count += count;
    op.bytesOut += queue.bytes[at]!;
    const { keyQueue } = queue;
    for (let i = 0; i < keys; i++) {
      const recorded = keyQueue.status[queue.sentKeys++ & keyQueue.mask]!;
      if (recorded === S.hit) tally.recordedHits++;
      else if (recorded === S.miss) tally.recordedMisses++;
    }
    queue.sent++;
    this.underWay++;
    this.waiting--;
    this.waitingBytes -= queue.bytes[at]!;
  }

  /** One key of the first request has its outcome. `index` counts the keys of the request. */
  key(queue: PendingQueue, index: number, status: number, size = 0): void {
    const { keyQueue } = queue;
    const op = this.tally.op(queue.op[queue.head & queue.mask]!);
    if (status === S.hit) {
      op.hits++;
      op.bytesIn += size;
    } else if (status === S.miss) op.misses++;
    const at = (keyQueue.head + index) & keyQueue.mask;
    this.tally.compare(keyQueue.status[at]!, status);
    if (status === S.miss && this.onMiss !== null && GETS.has(queue.op[queue.head & queue.mask]!))
      this.onMiss(keyQueue, at);
  }

  /** The first request was answered; its keys are settled already. */
  done(queue: PendingQueue): void {
    const at = queue.head & queue.mask;
    // Of a multiget that was made of quiet requests only the last tells how long it took.
    if (queue.quiet[at] !== 2) {
      const op = this.tally.op(queue.op[at]!);
      op.latency.record(nanoseconds(this.now - queue.intended[at]!));
      op.service.record(nanoseconds(this.now - queue.sentAt[at]!));
      this.tally.punctuality.answer(this.now, queue.late[at] !== 0 && this.#isSpoiled(queue, at));
    }
    this.underWay--;
    queue.shift();
  }

  /** Whether its lateness is a large part of the latency of a request. */
  #isSpoiled({ intended, sentAt }: PendingQueue, at: number): boolean {
    return sentAt[at]! - intended[at]! > LATENESS_SHARE * (this.now - intended[at]!);
  }

  /** The first request got no answer, by the rules of its protocol. */
  silent(queue: PendingQueue): void {
    const at = queue.head & queue.mask;
    const op = queue.op[at]!;
    const isGet = queue.quiet[at] !== 0 && GETS.has(op);
    for (let i = 0; i < queue.keys[at]!; i++) this.key(queue, i, isGet ? S.miss : S.silent);
    this.underWay--;
    queue.shift();
  }

  /** The first request failed. */
  fail(queue: PendingQueue, reason: Failure): void {
    const { keyQueue } = queue;
    const at = queue.head & queue.mask;
    const keys = queue.keys[at]!;
    let news = Math.max(1, keys);
    for (let i = 0; i < keys; i++) {
      const recorded = keyQueue.status[(keyQueue.head + i) & keyQueue.mask]!;
      this.tally.compare(recorded, S.error);
      // What failed in the recording, too, is a faithful replay.
      if (recorded === S.error) news--;
    }
    if (news > 0) this.tally.fail(queue.op[at]!, news, reason);
    this.underWay--;
    queue.shift();
  }

  /** An answer told the unique value of an item. */
  learnCas(low: number, high: number, unique: string): void {
    const name = hashNumber(low, high);
    this.#cas.delete(name);
    this.#cas.set(name, unique);
    if (this.#cas.size > CAS_MAX) this.#cas.delete(this.#cas.keys().next().value!);
  }

  /** The unique value last told of an item. */
  casOf(low: number, high: number): string | undefined {
    return this.#cas.get(hashNumber(low, high));
  }
}

/** Whole nanoseconds from milliseconds, never negative. */
export function nanoseconds(ms: number): number {
  return ms > 0 ? Math.round(ms * 1e6) : 0;
}

/** Commands whose silence, where they were quiet, means that the key was not there. */
const GETS: ReadonlySet<number> = new Set(
  ['get', 'gets', 'gat', 'gats', 'mg'].map((name) => OPS.indexOf(name as (typeof OPS)[number])),
);
