import type { Delivery } from './incoming.js';

/** Blocks that are decoded before the slowest thread takes them. */
const AHEAD = 3;

/**
 * Decodes the blocks for all sending threads, a few ahead, because a thread that decoded them itself would be late by
 * milliseconds. Blocks that all threads have taken are released.
 */
export class Feed {
  readonly #source: () => Delivery;
  readonly #send: (thread: number, delivery: Delivery) => void;
  #ended = false;
  /** By thread, deliveries that were sent and taken. */
  readonly #sent: number[];
  readonly #taken: number[];
  /** Deliveries some thread did not get yet, and the number of the first. */
  readonly #kept: Delivery[] = [];
  #first = 0;

  /**
   * @param source gives what comes next; asked no more after it said `end`
   * @param send sends a delivery to a thread
   */
  constructor(source: () => Delivery, threads: number, send: (thread: number, delivery: Delivery) => void) {
    this.#source = source;
    this.#send = send;
    this.#sent = new Array(threads).fill(0);
    this.#taken = new Array(threads).fill(0);
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
    const delivery = this.#source();
    this.#ended = delivery === 'end';
    return delivery;
  }
}
