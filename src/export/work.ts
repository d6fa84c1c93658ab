import { setImmediate as turn } from 'node:timers/promises';
import type { EventShape } from '../profile/shapes.js';
import { type SortedBlock, type SortTask, sortBlock } from '../profile/sorted-block.js';
import type { Batch } from './batch.js';
import { type Encoded, type Encoder, OutputBuffer } from './encoder.js';

/** The parts of an export that can be done on other threads. */
export interface Work {
  /** Decodes and sorts a block. @throws BlockError where it is damaged in a way its checksum does not show */
  decode(task: SortTask): Promise<SortedBlock>;
  /** Encodes a batch. */
  encode(batch: Batch, shapes: readonly EventShape[]): Promise<Encoded>;
  /** Does a task that no thread has begun on this one. Returns false where there is none. */
  help(): boolean;
  /** Takes back the memory of a block or of encoded bytes. */
  recycle(memory: ArrayBufferLike): void;
  stop(): Promise<void>;
}

/** Waits for a promise that depends on tasks, and does tasks meanwhile. */
export async function helping<T>(work: Work, awaited: Promise<T>): Promise<T> {
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  awaited.then(done, done);
  do {
    // Messages from threads arrive between tasks.
    await turn();
  } while (!isDone && work.help());
  return awaited;
}

/** Does all work on this thread. */
export class WorkHere implements Work {
  readonly #encoder: Encoder;
  readonly #output = new OutputBuffer();

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
  }

  async decode(task: SortTask): Promise<SortedBlock> {
    return sortBlock(task);
  }

  async encode(batch: Batch, shapes: readonly EventShape[]): Promise<Encoded> {
    return this.#encoder.encode(batch, shapes, this.#output);
  }

  help(): boolean {
    return false;
  }

  recycle(): void {}

  async stop(): Promise<void> {}
}
