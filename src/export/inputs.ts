import type { BlockEntry } from '../profile/footer.js';
import { openAll } from '../profile/open-all.js';
import type { ProfileReader } from '../profile/reader.js';
import { type Words, wordsOf } from './filter.js';

/** A block that was not read yet. */
export interface Waiting {
  reader: ProfileReader;
  entry: BlockEntry;
  run: number;
  workerKey: number;
  /** Times of its first and last event. */
  start: Words;
  end: Words;
}

/** The profiles that are exported, opened. */
export class Inputs {
  readonly readers: readonly ProfileReader[];
  /** Blocks with events, the earliest first. */
  readonly blocks: readonly Waiting[];
  /** Events in all blocks, the damaged ones included. */
  readonly events: number;

  /** @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE */
  constructor(paths: readonly string[]) {
    const readers = openAll(paths);
    this.readers = readers;
    const runs = new Map<string, number>();
    const workers = new Map<string, number>();
    const blocks = readers.flatMap((reader) => {
      const run = numberOf(runs, reader.header.run);
      return reader.blocks
        .filter(({ events }) => events > 0)
        .map((entry) => ({
          reader,
          entry,
          run,
          workerKey: numberOf(workers, `${run} ${entry.worker}`),
          start: wordsOf(entry.minNs),
          end: wordsOf(entry.maxNs),
        }));
    });
    this.blocks = blocks.sort(byStart);
    this.events = blocks.reduce((sum, { entry }) => sum + entry.events, 0);
  }

  /** Time of the first event there is; null where there is none. */
  get firstNs(): bigint | null {
    return this.blocks[0]?.entry.minNs ?? null;
  }

  close(): void {
    for (const reader of this.readers) reader.close();
  }
}

function numberOf(numbers: Map<string, number>, name: string): number {
  const number = numbers.get(name) ?? numbers.size;
  numbers.set(name, number);
  return number;
}

function byStart(a: Waiting, b: Waiting): number {
  return (
    a.start.high - b.start.high ||
    a.start.low - b.start.low ||
    a.run - b.run ||
    a.entry.worker - b.entry.worker ||
    a.entry.seq - b.entry.seq
  );
}
