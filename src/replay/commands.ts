import { mix } from '../profile/mix.js';
import { isSameRequest } from '../profile/order.js';
import { HAS } from '../profile/shapes.js';
import { Command } from './command.js';
import type { Incoming } from './incoming.js';
import { keptHigh, keptLow, ShortKeys } from './keys.js';
import type { ReplayProtocol } from './options.js';
import { type ConnRecord, earliestOf, type Rows, WIDE } from './rows.js';
import { S } from './shapes.js';

/** Which connections are replayed, and by whom. */
export interface Share {
  protocol: ReplayProtocol;
  /** One of so many connections. */
  sample: number;
  /** Connections to fold the recorded ones onto; 0 for none. */
  clients: number;
  threads: number;
  /** The thread this is. */
  thread: number;
  /** Workers of all recordings, which number their connections each for itself. */
  workers: number;
}

/** The next step of the recording; `waiting`: its block is not decoded yet. */
export type Step = 'request' | 'open' | 'close' | 'end' | 'waiting';

/**
 * Goes through the recorded requests, and the openings and closings of connections, in the order of their times. Every
 * thread goes through all of them, so that all agree on times and numbers without messages, and sends those of its own
 * connections. Holds the blocks that overlap in time at its position.
 */
export class Commands {
  /** The current request where `step` is request; valid until `advance`. */
  readonly command = new Command();
  step: Step = 'waiting';
  /** Time of the step, nanoseconds after the first request; grows from loop to loop. */
  at = 0;
  /** The same in the recording. */
  recordedAt = 0;
  /** Number of the connection of the step, the folded one where connections are folded. */
  conn = 0;
  /** Whether the step is on a connection of this thread. */
  mine = false;
  /** Requests before this step that are sent by some thread. */
  requests = 0;
  /** Events of this thread's connections that are not sent, by reason. */
  readonly leftOut = new Map<string, number>();
  readonly shortKeys = new ShortKeys();
  readonly #incoming: Incoming;
  readonly #share: Share;
  #open: Rows[] = [];
  /** Blocks whose last row is in the request at hand. */
  #done: Rows[] = [];
  #records: ConnRecord[] = [];
  /** Time of the last request of this loop, and what is added to times. */
  #last = 0;
  #offset = 0;
  #loopStart = 0;

  constructor(incoming: Incoming, share: Share) {
    this.#incoming = incoming;
    this.#share = share;
  }

  /** Goes to the next step, or looks again where it was waiting. */
  advance(): void {
    if (this.step === 'request') this.requests++;
    for (;;) {
      const first = this.#findFirst();
      // The next block must be there before a request is taken, because it may have more keys of the request.
      if (this.#incoming.next === 'waiting') {
        this.step = 'waiting';
        return;
      }
      const record = this.#records[0];
      if (record !== undefined && (first === null || record.at <= first.at[first.order[first.taken]!]!)) {
        this.#records.shift();
        if (this.#takeRecord(record)) return;
      } else if (first !== null) {
        if (this.#takeRequest(first)) return;
      } else if (this.#incoming.next === 'loop') this.#beginLoop();
      else {
        this.step = 'end';
        return;
      }
    }
  }

  /** The open block with the next row, after opening all that may have an earlier one. */
  #findFirst(): Rows | null {
    for (;;) {
      const first = earliestOf(this.#open);
      const { next } = this.#incoming;
      if (typeof next === 'string') return first;
      if (first !== null && first.at[first.order[first.taken]!]! < next.start) return first;
      this.#incoming.take();
      if (next.rows !== null) this.#open.push(next.rows);
      // Folded connections are neither opened nor closed.
      if (next.records.length > 0 && this.#share.clients === 0)
        this.#records = [...this.#records, ...next.records].sort((a, b) => a.at - b.at);
    }
  }

  /** Starts over: the next loop begins one mean distance of requests after the last request. */
  #beginLoop(): void {
    this.#incoming.take();
    const requests = this.requests - this.#loopStart;
    this.#offset += this.#last + Math.max(1, Math.round(this.#last / Math.max(1, requests)));
    this.#loopStart = this.requests;
  }

  #takeRecord({ workerKey, conn, at, opens }: ConnRecord): boolean {
    if (!this.#isSampled(conn, workerKey)) return false;
    this.step = opens ? 'open' : 'close';
    this.at = Math.max(at, 0) + this.#offset;
    this.conn = conn * this.#share.workers + workerKey;
    this.mine = this.conn % this.#share.threads === this.#share.thread;
    return true;
  }

  /** Puts the keys of the next request together. Returns false where it is not sent. */
  #takeRequest(first: Rows): boolean {
    const { command } = this;
    let rows: Rows | null = first;
    const row = first.order[first.taken]!;
    const conn = first.conn[row]!;
    const { clients, threads, thread } = this.#share;
    const number = conn * this.#share.workers + first.workerKey;
    this.conn = clients > 0 ? number % clients : number;
    this.mine = this.conn % threads === thread;
    const shape = first.shapes[first.shape[row]!]!;
    const isSampled = this.#isSampled(conn, first.workerKey);
    const isTaken = isSampled && shape.leftOut === '';
    if (isTaken) this.#begin(first, row);
    let events = 0;
    for (let next = row; ; ) {
      if (isTaken && this.mine && (shape.has & HAS.key) !== 0) this.#addKey(rows, next);
      events++;
      rows.taken++;
      if (rows.taken === rows.rows) {
        const done: Rows = rows;
        this.#open = this.#open.filter((open) => open !== done);
        this.#done.push(done);
      } else if (isSameRequest(first, row, rows, rows.order[rows.taken]!)) {
        next = rows.order[rows.taken]!;
        continue;
      }
      // A block may end within a request: its other keys are the first rows of the next block, while this one has rows
      // of later requests, which were answered earlier.
      rows = this.#findFirst();
      if (rows === null || !isSameRequest(first, row, rows, rows.order[rows.taken]!)) break;
      next = rows.order[rows.taken]!;
    }
    const at = first.at[row]!;
    this.#last = at;
    // Their memory may be written to from now on.
    for (const done of this.#done) this.#incoming.release(done);
    this.#done.length = 0;
    if (!isTaken) {
      if (isSampled && this.mine) this.#leaveOut(shape.leftOut, events);
      return false;
    }
    this.step = 'request';
    this.recordedAt = at;
    this.at = this.recordedAt + this.#offset;
    command.at = this.at;
    return true;
  }

  #begin(rows: Rows, row: number): void {
    const { command } = this;
    command.shape = rows.shapes[rows.shape[row]!]!;
    command.keys = 0;
    if (!this.mine) return;
    command.conn = this.conn;
    // A column is empty where no row has it.
    command.valueSize = rows.valueSize[row] ?? 0;
    command.latency = rows.latency[row] ?? 0;
    for (const name of WIDE) {
      const words = rows.wide[name];
      if (words === null) continue;
      command.low[name] = words[2 * row]!;
      command.high[name] = words[2 * row + 1]!;
    }
  }

  #addKey(rows: Rows, row: number): void {
    const { command } = this;
    command.growKeys();
    const at = command.keys++;
    const key = rows.key[row]!;
    const shape = rows.shapes[rows.shape[row]!]!;
    const low = rows.keyHash[2 * key]!;
    const high = rows.keyHash[2 * key + 1]!;
    const size = rows.keySize[key]!;
    this.shortKeys.add(low, high, size);
    // From here on, keys that cannot be told apart are the same.
    command.keyLow[at] = keptLow(low, size);
    command.keyHigh[at] = keptHigh(high, size);
    command.keySize[at] = size;
    command.keyStatus[at] = shape.status;
    command.keyValueSize[at] = shape.status === S.hit ? rows.valueSize[row]! : 0;
  }

  #leaveOut(reason: string, events: number): void {
    this.leftOut.set(reason, (this.leftOut.get(reason) ?? 0) + events);
  }

  #isSampled(conn: number, workerKey: number): boolean {
    const { sample } = this.#share;
    return sample === 1 || mix(conn ^ Math.imul(workerKey + 1, 0x9e3779b1)) % sample === 0;
  }
}
