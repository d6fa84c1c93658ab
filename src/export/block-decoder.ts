import { Worker } from 'node:worker_threads';
import type { Block } from '../profile/block.js';
import { BlockError } from '../profile/damage.js';
import type { ExportColumn } from './batch.js';
import { type Owner, type SortedBlock, sortBlock, zeros } from './sorted-block.js';

/** What is to be done with a block. */
export interface BlockTask {
  block: Block;
  owner: Owner;
  wanted: ReadonlySet<ExportColumn>;
  /** Numbers of its shapes. */
  numbers: Uint32Array;
}

/** Decodes and sorts blocks. */
export interface BlockDecoder {
  /** @throws BlockError where the block is damaged in a way its checksum does not show */
  decode(task: BlockTask): Promise<SortedBlock>;
  stop(): Promise<void>;
}

/** Decodes on the thread that asks. */
export const HERE: BlockDecoder = {
  decode: async ({ block, owner, wanted, numbers }) => sortBlock(block, owner, wanted, numbers),
  stop: async () => {},
};

/** What the thread answers: the columns, where `sub` and `keyIndex` are null for zeros; or why there are none. */
export type Decoded =
  | {
      id: number;
      sorted: Omit<SortedBlock, 'sub' | 'keyIndex'> & Record<'sub' | 'keyIndex', Uint32Array | null>;
    }
  | { id: number; damage: string };

interface Waiting {
  resolve(block: SortedBlock): void;
  reject(error: unknown): void;
}

/** Decodes on a thread of its own, one block after another. */
export class ThreadDecoder implements BlockDecoder {
  readonly #worker = new Worker(new URL('./decode-thread.js', import.meta.url));
  readonly #waiting = new Map<number, Waiting>();
  #tasks = 0;
  #failure: { error: unknown } | undefined;

  constructor() {
    this.#worker.on('message', (message: Decoded) => this.#onMessage(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the thread that decodes ended')));
  }

  decode(task: BlockTask): Promise<SortedBlock> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure.error;
      const id = this.#tasks++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...task, id });
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #onMessage(message: Decoded): void {
    const { resolve, reject } = this.#waiting.get(message.id)!;
    this.#waiting.delete(message.id);
    if ('damage' in message) {
      reject(new BlockError(message.damage));
      return;
    }
    const { sorted } = message;
    const { rows, sub, keyIndex } = sorted;
    resolve({ ...sorted, sub: sub ?? zeros(rows), keyIndex: keyIndex ?? zeros(rows) });
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { reject } of this.#waiting.values()) reject(this.#failure.error);
    this.#waiting.clear();
  }
}
