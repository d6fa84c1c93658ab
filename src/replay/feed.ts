import type { Blocks } from './blocks.js';
import type { Delivery } from './incoming.js';
import type { ReplayProtocol } from './options.js';
import { connRecordsOf, rowsOf } from './rows.js';

/** Blocks that are decoded before the slowest thread takes them. */
const AHEAD = 3;

/**
 * Decodes the blocks for all threads that send, a few ahead: none of them may stop for the milliseconds that takes. What
 * all have taken is forgotten.
 */
export class Feed {
  readonly #blocks: Blocks;
  readonly #protocol: ReplayProtocol;
  readonly #send: (thread: number, delivery: Delivery) => void;
  /** Loops still to begin. */
  #loops: number;
  #next = 0;
  #ended = false;
  /** By thread, deliveries that were sent and taken. */
  readonly #sent: number[];
  readonly #taken: number[];
  /** Deliveries some thread did not get yet, and the number of the first. */
  readonly #kept: Delivery[] = [];
  #first = 0;

  constructor(blocks: Blocks, options: FeedOptions) {
    this.#blocks = blocks;
    this.#protocol = options.protocol;
    this.#loops = options.loop - 1;
    this.#send = options.send;
    this.#sent = new Array(options.threads).fill(0);
    this.#taken = new Array(options.threads).fill(0);
  }

  /** A thread has taken a delivery. */
  taken(thread: number): void {
    this.#taken[thread]!++;
    this.fill();
  }

  /** Sends every thread what it may have. */
  fill(): void {
    const slowest = Math.min(...this.#taken);
    for (let thread = 0; thread < this.#sent.length; thread++) {
      while (this.#sent[thread]! < slowest + AHEAD) {
        const delivery = this.#at(this.#sent[thread]!);
        if (delivery === null) break;
        this.#send(thread, delivery);
        this.#sent[thread]!++;
      }
    }
    const all = Math.min(...this.#sent);
    this.#kept.splice(0, all - this.#first);
    this.#first = all;
  }

  /** The delivery of a number; null behind the end. */
  #at(number: number): Delivery | null {
    while (this.#first + this.#kept.length <= number && !this.#ended) this.#kept.push(this.#decodeNext());
    return this.#kept[number - this.#first] ?? null;
  }

  #decodeNext(): Delivery {
    for (;;) {
      const waiting = this.#blocks.waiting[this.#next];
      if (waiting === undefined) {
        if (this.#loops > 0 && this.#blocks.events > 0) {
          this.#loops--;
          this.#next = 0;
          return 'loop';
        }
        this.#ended = true;
        return 'end';
      }
      this.#next++;
      const { baseNs } = this.#blocks;
      const owner = { run: waiting.run, workerKey: waiting.workerKey, baseNs, protocol: this.#protocol };
      const found = this.#blocks.read(waiting, (block) => ({
        start: Number(waiting.startNs - baseNs),
        rows: block.events > 0 ? rowsOf(block, owner) : null,
        records: connRecordsOf(block, owner),
      }));
      if (found !== null) return found;
    }
  }
}

export interface FeedOptions {
  protocol: ReplayProtocol;
  loop: number;
  threads: number;
  send(thread: number, delivery: Delivery): void;
}
