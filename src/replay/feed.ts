import type { Delivery } from './incoming.js';

/** Blocks that are decoded before the slowest thread takes them. */
const AHEAD = 2;

/** Where deliveries come from. */
export interface Source {
  /** What comes next; asked no more after it said `end`. */
  next(): Delivery;
  /** No thread reads the columns in a memory any more. */
  free(memory: number): void;
}

/**
 * Decodes the blocks for all sending threads, a few ahead, because a thread that decoded them itself would be late by
 * milliseconds. The memory of blocks that all threads are done with goes back to the source.
 */
export class Feed {
  readonly #source: Source;
  readonly #send: (thread: number, delivery: Delivery) => void;
  #ended = false;
  /** By thread, deliveries that were sent and taken. */
  readonly #sent: number[];
  readonly #taken: number[];
  /** Deliveries some thread did not get yet, and the number of the first. */
  readonly #kept: Delivery[] = [];
  #first = 0;
  /** Threads that are not done with a memory, by its number. */
  readonly #readers: number[] = [];

  /** @param send sends a delivery to a thread */
  constructor(source: Source, threads: number, send: (thread: number, delivery: Delivery) => void) {
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

  /** A thread reads a memory no more. */
  released(memory: number): void {
    if (--this.#readers[memory]! === 0) this.#source.free(memory);
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
    const delivery = this.#source.next();
    this.#ended = delivery === 'end';
    const memory = typeof delivery === 'string' ? -1 : (delivery.rows?.memory ?? -1);
    if (memory >= 0) this.#readers[memory] = this.#sent.length;
    return delivery;
  }
}
