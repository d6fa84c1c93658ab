import type { Block } from '../profile/block.js';
import { BlockMemory } from '../profile/block-memory.js';
import type { BlockEntry } from '../profile/footer.js';
import type { ProfileReader } from '../profile/reader.js';
import { type Decoded, decodeBlock } from './batch.js';

/** A profile that is being read, and its blocks that hold events. */
interface Source {
  reader: ProfileReader;
  /** Number of its recording: connections of one recording are the same in all of its files. */
  recording: number;
}

/** One decoded block, and where it comes from. */
export interface Read {
  decoded: Decoded;
  /** Of all recordings: workers number their connections, each its own. */
  worker: number;
  /** Unix nanoseconds before which no event is to come any more; null behind the last block. */
  nextNs: bigint | null;
}

/** Times of the first and the last event by the heads of the blocks, Unix nanoseconds; null where there is none. */
export function rangeOf(readers: readonly ProfileReader[]): { firstNs: bigint; lastNs: bigint } | null {
  let range: { firstNs: bigint; lastNs: bigint } | null = null;
  for (const { events, minNs, maxNs } of readers.flatMap(({ blocks }) => blocks)) {
    if (events === 0) continue;
    range ??= { firstNs: minNs, lastNs: maxNs };
    if (minNs < range.firstNs) range.firstNs = minNs;
    if (maxNs > range.lastNs) range.lastNs = maxNs;
  }
  return range;
}

/** Workers of one recording that can be told apart from those of the next. */
const WORKERS_MAX = 2 ** 20;

/**
 * Profiles opened to be read once, all of their blocks together, by the time of their first event: so what needs
 * events in order has to hold no more than the blocks that overlap.
 */
export class Pass {
  readonly readers: readonly ProfileReader[];
  readonly #blocks: { source: Source; entry: BlockEntry }[];

  /** Closes the readers with itself. */
  constructor(readers: readonly ProfileReader[]) {
    const runs = new Map<string, number>();
    this.readers = readers;
    this.#blocks = this.readers
      .flatMap((reader) => {
        const { run } = reader.header;
        if (!runs.has(run)) runs.set(run, runs.size);
        const source: Source = { reader, recording: runs.get(run)! };
        return reader.blocks.map((entry) => ({ source, entry }));
      })
      .sort(({ entry: a }, { entry: b }) => (a.minNs < b.minNs ? -1 : a.minNs > b.minNs ? 1 : 0));
  }

  /** Events of all blocks, by their heads. */
  get events(): number {
    return this.#blocks.reduce((sum, { entry }) => sum + entry.events, 0);
  }

  /**
   * The good blocks whose times are wanted, each once: until the next one is asked for, which takes its memory. What is
   * damaged is known to the readers behind it.
   */
  *blocks(isWanted: (minNs: bigint, maxNs: bigint) => boolean = () => true): Generator<Read> {
    const memory = new BlockMemory();
    const decode = (block: Block) => decodeBlock(block, memory.allocate);
    for (let i = 0; i < this.#blocks.length; i++) {
      memory.reset();
      const { source, entry } = this.#blocks[i]!;
      if (!isWanted(entry.minNs, entry.maxNs)) continue;
      const decoded = source.reader.read(entry, decode);
      if (decoded === null) continue;
      const worker = source.recording * WORKERS_MAX + entry.worker;
      yield { decoded, worker, nextNs: this.#blocks[i + 1]?.entry.minNs ?? null };
    }
  }

  close(): void {
    for (const reader of this.readers) reader.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
