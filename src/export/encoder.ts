import type { Batch } from './batch.js';
import type { EventShape } from './shapes.js';

/** Turns batches of events into the bytes of a file. */
export interface Encoder {
  /** Bytes before the first event. */
  start(): Uint8Array;
  /**
   * Bytes of a batch; they are good until the next call.
   *
   * @param shapes of the numbers in the batch; it only grows from call to call
   */
  encode(batch: Batch, shapes: readonly EventShape[]): Uint8Array;
  /** Bytes behind the last event. */
  end(): Uint8Array;
  /** What had to be said otherwise than it was recorded, and how often. */
  readonly changed: Readonly<Record<string, number>>;
}

export const NOTHING = new Uint8Array(0);

/** What follows from each shape, made once. */
export class ByShape<Made> {
  readonly #make: (shape: EventShape) => Made;
  readonly #made: Made[] = [];

  constructor(make: (shape: EventShape) => Made) {
    this.#make = make;
  }

  /** By the numbers of the shapes, which only grow in number from call to call. */
  of(shapes: readonly EventShape[]): readonly Made[] {
    while (this.#made.length < shapes.length) this.#made.push(this.#make(shapes[this.#made.length]!));
    return this.#made;
  }
}

/** A buffer for rows of bounded length that grows where a batch needs more. */
export class RowBuffer {
  bytes = new Uint8Array(1 << 20);

  /** Where what is written up to `at` leaves no room for so much, the buffer becomes larger. */
  reserve(at: number, room: number): Uint8Array {
    if (at + room > this.bytes.length) {
      const larger = new Uint8Array(2 * this.bytes.length + room);
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
    }
    return this.bytes;
  }
}
