/** The blocks of the profiles to replay, in the order of their times. */
import type { Block } from '../profile/block.js';
import { numberOf } from '../profile/event-order.js';
import type { BlockEntry } from '../profile/footer.js';
import { openAll } from '../profile/open-all.js';
import type { ProfileReader } from '../profile/reader.js';
import { BlockMemory } from './block-memory.js';
import type { Source } from './feed.js';
import { connRecordsOf, type Owner, type Rows, rowsBytes, rowsOf } from './rows.js';
import type { Target } from './shapes.js';

/** A block that was not read yet. */
export interface WaitingBlock {
  reader: ProfileReader;
  entry: BlockEntry;
  run: number;
  /** Numbers the workers of all recordings. */
  workerKey: number;
  /** Unix nanoseconds of its first event; for one with records of connections only, of the last event before it. */
  startNs: bigint;
}

/** Decodes the blocks one after another, as often as they are gone through. */
export function deliveries(blocks: Blocks, target: Target, loop: number): Source {
  const { waiting, baseNs, events } = blocks;
  const memory = new BlockMemory();
  let at = 0;
  let loops = loop;
  return {
    next() {
      while (at < waiting.length) {
        const { run, workerKey, startNs } = waiting[at]!;
        const owner = { run, workerKey, baseNs, target };
        const found = blocks.read(waiting[at++]!, (block) => {
          const rows = block.events > 0 ? rowsIn(memory, block, owner) : null;
          return { start: Number(startNs - baseNs), rows, records: connRecordsOf(block, owner, rows) };
        });
        if (found !== null) return found;
      }
      if (--loops <= 0 || events === 0) return 'end';
      at = 0;
      return 'loop';
    },
    free: (number) => memory.give(number),
  };
}

/** @throws BlockError */
function rowsIn(memory: BlockMemory, block: Block, owner: Owner): Rows {
  const number = memory.take(rowsBytes(block, owner));
  try {
    return rowsOf(block, owner, memory.allocator(number), number);
  } catch (error) {
    memory.give(number);
    throw error;
  }
}

/** Several profiles, opened. */
export class Blocks {
  readonly readers: readonly ProfileReader[];
  readonly waiting: readonly WaitingBlock[];
  /** Workers of all recordings. */
  readonly workers: number;
  /** Unix nanoseconds of the first event; 0 where there is none. */
  readonly baseNs: bigint;
  /** Events in all blocks, the damaged ones included. */
  readonly events: number;

  /** @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE */
  constructor(paths: readonly string[]) {
    this.readers = openAll(paths);
    const runs = new Map<string, number>();
    const workers = new Map<string, number>();
    const all: WaitingBlock[] = [];
    for (const reader of this.readers) {
      const run = numberOf(runs, reader.header.run);
      const ends = new Map<number, bigint>();
      for (const entry of [...reader.blocks].sort((a, b) => a.worker - b.worker || a.seq - b.seq)) {
        const startNs = entry.events > 0 ? entry.minNs : (ends.get(entry.worker) ?? 0n);
        if (entry.events > 0) ends.set(entry.worker, entry.maxNs);
        all.push({
          reader,
          entry,
          run,
          workerKey: numberOf(workers, `${run} ${entry.worker}`),
          startNs,
        });
      }
    }
    this.waiting = all.sort(
      (a, b) => Number(a.startNs > b.startNs) - Number(a.startNs < b.startNs) || a.entry.seq - b.entry.seq,
    );
    this.workers = Math.max(1, workers.size);
    this.events = all.reduce((sum, { entry }) => sum + entry.events, 0);
    this.baseNs = all.find(({ entry }) => entry.events > 0)?.startNs ?? 0n;
  }

  /** Reads and decodes a block; null where it is damaged, which its reader then knows. */
  read<T>({ reader, entry }: Pick<WaitingBlock, 'reader' | 'entry'>, decode: (block: Block) => T): T | null {
    return reader.read(entry, decode);
  }

  /** Whether every block that was written is present and, as far as was read, good. */
  get complete(): boolean {
    return this.readers.every(({ complete }) => complete);
  }

  close(): void {
    for (const reader of this.readers) reader.close();
  }
}
