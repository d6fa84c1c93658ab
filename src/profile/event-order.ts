import type { BlockEntry } from './footer.js';
import { compareRows } from './order.js';
import type { ProfileReader } from './reader.js';
import type { Owner, SortedBlock } from './sorted-block.js';
import { compareWords, NEVER, type Words, wordsOf } from './words.js';

/** A block that was not read yet. */
export interface Waiting extends Owner {
  reader: ProfileReader;
  entry: BlockEntry;
  /** Times of its first and last event. */
  start: Words;
  end: Words;
}

/** Blocks with events of several profiles, in the order of their first events. */
export function waitingBlocks(readers: readonly ProfileReader[]): Waiting[] {
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
  return blocks.sort(
    (a, b) =>
      compareWords(a.start, b.start) ||
      a.run - b.run ||
      a.entry.worker - b.entry.worker ||
      a.entry.seq - b.entry.seq,
  );
}

/** The number of a name, by first appearance. */
export function numberOf(numbers: Map<string, number>, name: string): number {
  const number = numbers.get(name) ?? numbers.size;
  numbers.set(name, number);
  return number;
}

/** Rows of several blocks in order: the i-th is row `row[i]` of `blocks[block[i]]`. */
export interface Rows {
  rows: number;
  blocks: SortedBlock[];
  block: Uint32Array;
  /** Its length is how many rows there can be. */
  row: Uint32Array;
}

export function createRows(capacity: number): Rows {
  return { rows: 0, blocks: [], block: new Uint32Array(capacity), row: new Uint32Array(capacity) };
}

/** A block some rows of which are still to come. */
interface Open {
  block: SortedBlock;
  /** Rows taken so far. */
  taken: number;
  /** Number of the block in the rows at hand; -1 where none of them is of it. */
  slot: number;
  /** Time of the next row, as #keyOfTime says. */
  key: number;
}

/**
 * The rows of all blocks in the total order of FORMAT.md: a merge of sorted blocks, of which only those are open
 * whose times contain the current one.
 *
 * It asks for blocks when it needs them, so that they can be decoded here or elsewhere:
 *
 *   for (let block = order.fill(rows); block !== null; block = order.fill(rows)) order.open(decode(block));
 */
export class EventOrder {
  readonly #waiting: readonly Waiting[];
  #next = 0;
  #open: Open[] = [];
  /** Where the order ends: rows of this time and later are not taken. */
  readonly #end: Words;
  readonly #baseHigh: number;
  #first: Open | undefined;
  #second: Open | undefined;

  constructor(waiting: readonly Waiting[], end: Words = NEVER) {
    this.#waiting = waiting;
    this.#end = end;
    this.#baseHigh = waiting[0]?.start.high ?? 0;
  }

  /** Blocks some rows of which were not taken yet. */
  get blocks(): Set<SortedBlock> {
    return new Set(this.#open.map(({ block }) => block));
  }

  /** Rows that were not taken, of open blocks and of those that were not asked for. */
  get left(): number {
    const open = this.#open.reduce((sum, { block, taken }) => sum + block.order.length - taken, 0);
    return this.#waiting.slice(this.#next).reduce((sum, { entry }) => sum + entry.events, open);
  }

  /** Empties `rows` for the next ones. */
  begin(rows: Rows): void {
    rows.rows = 0;
    rows.blocks = [];
    for (const open of this.#open) open.slot = -1;
  }

  /**
   * Adds the next rows, as many as there is room for. Returns the block that must be opened before it can go on; null
   * where the rows are full or there are no more.
   */
  fill(rows: Rows): Waiting | null {
    const next = this.#waiting[this.#next];
    const isLast = next === undefined || compareWords(next.start, this.#end) >= 0;
    this.#take(rows, isLast ? this.#end : next.start);
    if (isLast || rows.rows === rows.row.length) return null;
    this.#next++;
    return next;
  }

  /** Takes in the rows in the order of the block that was asked for; null where it is damaged. */
  open(block: SortedBlock | null): void {
    if (block === null || block.order.length === 0) return;
    this.#open.push({ block, taken: 0, slot: -1, key: this.#keyOf(block, block.order[0]!) });
  }

  /** Leaves out some of the rows that were not taken. */
  keep(isKept: (block: SortedBlock, row: number) => boolean): void {
    const open = this.#open;
    this.#open = [];
    for (const { block, taken } of open) {
      block.order = block.order.subarray(taken).filter((row) => isKept(block, row));
      this.open(block);
    }
  }

  /** Takes rows earlier than the border. */
  #take(rows: Rows, border: Words): void {
    const borderKey = this.#keyOfTime(border.low, border.high);
    while (rows.rows < rows.row.length) {
      this.#findFirst();
      const first = this.#first;
      if (first === undefined || first.key > borderKey) return;
      if (first.key === borderKey && !isBeforeTime(first, border)) return;
      const second = this.#second;
      this.#takeRun(rows, first, second !== undefined && second.key < borderKey ? second.key : borderKey);
      if (first.taken === first.block.order.length) this.#open = this.#open.filter((open) => open !== first);
    }
  }

  /** Finds the blocks with the earliest and the second earliest row: there are about as many as workers. */
  #findFirst(): void {
    const open = this.#open;
    let first = open[0];
    let second: Open | undefined;
    for (let i = 1; i < open.length; i++) {
      const one = open[i]!;
      if (isBefore(one, first!)) {
        second = first;
        first = one;
      } else if (second === undefined || isBefore(one, second)) second = one;
    }
    this.#first = first;
    this.#second = second;
  }

  /** Takes a block's next row, and those behind it whose keys are smaller than another one. */
  #takeRun(rows: Rows, open: Open, limit: number): void {
    const { block: blocks, row: out } = rows;
    const { order, time } = open.block;
    if (open.slot < 0) open.slot = rows.blocks.push(open.block) - 1;
    const { slot } = open;
    const end = Math.min(order.length, open.taken + out.length - rows.rows);
    let at = rows.rows;
    let { taken, key } = open;
    let row = order[taken]!;
    do {
      blocks[at] = slot;
      out[at++] = row;
      if (++taken === order.length) break;
      row = order[taken]!;
      key = this.#keyOfTime(time[2 * row]!, time[2 * row + 1]!);
    } while (taken < end && key < limit);
    rows.rows = at;
    open.taken = taken;
    open.key = key;
  }

  #keyOf({ time }: SortedBlock, row: number): number {
    return this.#keyOfTime(time[2 * row]!, time[2 * row + 1]!);
  }

  /**
   * A time as a double, counted from the first block: one comparison where two words need two. Beyond 104 days it is
   * rounded, so that times in order may have equal keys, but never keys in the other order.
   */
  #keyOfTime(low: number, high: number): number {
    return (high - this.#baseHigh) * 2 ** 32 + low;
  }
}

/** Whether the next row of a block is earlier than a time. */
function isBeforeTime({ block, taken }: Open, { high, low }: Words): boolean {
  const row = block.order[taken]!;
  const rowHigh = block.time[2 * row + 1]!;
  return rowHigh < high || (rowHigh === high && block.time[2 * row]! < low);
}

/** Whether the next row of one block comes before that of another. */
function isBefore(a: Open, b: Open): boolean {
  if (a.key !== b.key) return a.key < b.key;
  return compareRows(a.block, a.block.order[a.taken]!, b.block, b.block.order[b.taken]!) < 0;
}
