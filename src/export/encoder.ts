import type { EventShape } from '../profile/shapes.js';
import type { Batch } from './batch.js';
import type { EncodedColumn } from './group-encoder.js';

/** A batch as bytes of its format. */
export interface Encoded {
  bytes: Uint8Array;
  /** Numbers of values that the format cannot hold as they were recorded, by what was written instead. */
  changed?: Readonly<Record<string, number>>;
  /** Of Parquet: the batch is a row group. */
  columns?: EncodedColumn[];
}

/**
 * Turns batches of events into bytes of a format. Batches do not depend on each other, so that several threads can
 * encode.
 */
export interface Encoder {
  /**
   * @param shapes by number; from call to call, shapes are only added
   * @param out takes the bytes
   */
  encode(batch: Batch, shapes: readonly EventShape[], out: OutputBuffer): Encoded;
}

/** Values derived from shapes, each made once. */
export class ByShape<Made> {
  readonly #make: (shape: EventShape) => Made;
  readonly #made: Made[] = [];

  constructor(make: (shape: EventShape) => Made) {
    this.#make = make;
  }

  /** By the numbers of the shapes. */
  of(shapes: readonly EventShape[]): readonly Made[] {
    while (this.#made.length < shapes.length) this.#made.push(this.#make(shapes[this.#made.length]!));
    return this.#made;
  }
}

/** Memory for encoded rows of bounded length, which grows where a batch needs more. */
export class OutputBuffer {
  view: DataView<SharedArrayBuffer>;

  constructor(memory = new SharedArrayBuffer(1 << 20)) {
    this.view = new DataView(memory);
  }

  get capacity(): number {
    return this.view.byteLength;
  }

  /** The first bytes. */
  bytes(length: number): Uint8Array<SharedArrayBuffer> {
    return new Uint8Array(this.view.buffer, 0, length);
  }

  /** Moves to larger memory: keeps the bytes before `at` and makes room for more. */
  grow(at: number, room: number): DataView<SharedArrayBuffer> {
    const larger = new SharedArrayBuffer(2 * this.capacity + room);
    new Uint8Array(larger).set(this.bytes(at));
    this.view = new DataView(larger);
    return this.view;
  }
}
