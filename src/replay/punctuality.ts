/** Whether the sender was late, second by second: a short time that it spoiled must not hide behind a long one. */
import { performance } from 'node:perf_hooks';

/** Lateness up to this is not felt, milliseconds; and up to this share of a latency it does not spoil it. */
export const LATENESS_FINE = 1;
export const LATENESS_SHARE = 0.1;
/** A second is spoiled where this share of its latencies is: its 99th percentile says nothing about the server then. */
export const SPOILED_SHARE = 0.01;
/** Spoiled seconds that are remembered. */
const SECONDS_MAX = 10_000;

/** Milliseconds since 1970 of performance.now() = 0. */
const { timeOrigin } = performance;

/** As what can be sent to another thread. */
export interface PunctualityData {
  answered: number;
  spoiled: [second: number, requests: number][];
}

/** Counts the answers of every second, and those whose latency is the sender's. */
export class Punctuality {
  /** Requests that were answered. */
  answered = 0;
  /** Spoiled seconds since 1970, and requests that were late in them. */
  readonly #spoiled = new Map<number, number>();
  /** The second at hand. */
  #second = 0;
  #answered = 0;
  #late = 0;

  /**
   * A request was answered.
   *
   * @param now milliseconds of performance.now()
   * @param isLate whether its latency was spoiled
   */
  answer(now: number, isLate: boolean): void {
    const second = Math.floor((timeOrigin + now) / 1000);
    if (second !== this.#second) {
      this.#judge();
      this.#second = second;
    }
    this.answered++;
    this.#answered++;
    if (isLate) this.#late++;
  }

  /** Requests that were late in spoiled seconds. */
  get requests(): number {
    this.#judge();
    let requests = 0;
    for (const late of this.#spoiled.values()) requests += late;
    return requests;
  }

  /** Spoiled seconds, as far as they are remembered. */
  get seconds(): number {
    this.#judge();
    return this.#spoiled.size;
  }

  /** The first spoiled second since 1970; null where there is none. */
  get first(): number | null {
    return this.seconds === 0 ? null : Math.min(...this.#spoiled.keys());
  }

  merge({ answered, spoiled }: PunctualityData): void {
    this.answered += answered;
    for (const [second, requests] of spoiled) this.#add(second, requests);
  }

  toData(): PunctualityData {
    this.#judge();
    return { answered: this.answered, spoiled: [...this.#spoiled] };
  }

  /** Judges the second at hand, as far as it has come. */
  #judge(): void {
    if (this.#late > SPOILED_SHARE * this.#answered) this.#add(this.#second, this.#late);
    this.#answered = 0;
    this.#late = 0;
  }

  #add(second: number, requests: number): void {
    const known = this.#spoiled.get(second);
    if (known !== undefined || this.#spoiled.size < SECONDS_MAX)
      this.#spoiled.set(second, (known ?? 0) + requests);
  }
}
