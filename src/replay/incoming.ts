import type { ConnRecord, Rows } from './rows.js';

/** A block as it comes to the threads that send. */
export interface DecodedBlock {
  /** Nanoseconds after the base at which its rows begin. */
  start: number;
  /** Null where it has none. */
  rows: Rows | null;
  records: readonly ConnRecord[];
}

/** A block, that the profiles are gone through again from here, or that there is no more. */
export type Delivery = DecodedBlock | 'loop' | 'end';

/** The decoded blocks that came to a thread and were not taken yet. */
export class Incoming {
  readonly #waiting: Delivery[] = [];
  readonly #onTaken: () => void;
  readonly #onRelease: (memory: number) => void;

  /**
   * @param onTaken told of each delivery that is taken, so that another may come
   * @param onRelease told of memory that is read no more
   */
  constructor(onTaken: () => void, onRelease: (memory: number) => void) {
    this.#onTaken = onTaken;
    this.#onRelease = onRelease;
  }

  /** What comes next; waiting where it did not come yet. */
  get next(): Delivery | 'waiting' {
    return this.#waiting[0] ?? 'waiting';
  }

  put(delivery: Delivery): void {
    this.#waiting.push(delivery);
  }

  take(): void {
    this.#waiting.shift();
    this.#onTaken();
  }

  /** The rows of a block are read no more. */
  release({ memory }: Rows): void {
    if (memory >= 0) this.#onRelease(memory);
  }
}
