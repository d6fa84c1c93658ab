import { BlockError } from '../profile/damage.js';
import { EventNumbers } from '../profile/event-numbers.js';
import { EventOrder, type Waiting, waitingBlocks } from '../profile/event-order.js';
import type { ProfileReader } from '../profile/reader.js';
import { ShapeTable } from '../profile/shapes.js';
import type { DataColumn, SortedBlock } from '../profile/sorted-block.js';
import { compareWords } from '../profile/words.js';
import type { Batch } from './batch.js';
import type { Filter } from './filter.js';
import { helping, type Work } from './work.js';

/** Blocks that end before `from` are decoded only as far as connections and requests need it for their numbers. */
const NONE: ReadonlySet<DataColumn> = new Set();
/** Blocks that are being decoded, including the one that is needed next. */
const AHEAD = 4;
/** After so many events that did not pass the filter, a batch is not filled further: it keeps its blocks in memory. */
const PASSED_MAX = 1 << 18;

/**
 * The events of all good blocks of several profiles that pass a filter, in the order of request time. Connections and
 * requests have the numbers that they have among all events.
 */
export class EventSource {
  readonly table = new ShapeTable();
  /** Events in all blocks, the damaged ones included. */
  readonly events: number;
  /** Events of good blocks so far, whether they passed the filter or not. */
  seen = 0;
  readonly #filter: Filter;
  readonly #wanted: ReadonlySet<DataColumn>;
  readonly #work: Work;
  readonly #waiting: readonly Waiting[];
  readonly #order: EventOrder;
  readonly #numbers = new EventNumbers();
  /** Blocks that are being decoded, in the order in which they are needed, and how many were begun. */
  readonly #begun: Promise<SortedBlock | null>[] = [];
  #next = 0;
  /** Blocks in memory, and how many batches have events of each. */
  readonly #blocks = new Map<SortedBlock, number>();
  /** By shape, whether its events are exported. */
  #takes = new Uint8Array(0);

  constructor(
    readers: readonly ProfileReader[],
    filter: Filter,
    wanted: ReadonlySet<DataColumn>,
    work: Work,
  ) {
    this.#waiting = waitingBlocks(readers);
    this.events = this.#waiting.reduce((sum, { entry }) => sum + entry.events, 0);
    this.#filter = filter;
    this.#wanted = wanted;
    this.#work = work;
    this.#order = new EventOrder(this.#waiting, filter.to);
  }

  /** Requests in good blocks so far. */
  get requests(): number {
    return this.#numbers.requests;
  }

  /** Fills a batch with the events that come next. Returns false where there are none left. */
  async fill(batch: Batch): Promise<boolean> {
    const { length } = batch.row;
    let passed = 0;
    this.#order.begin(batch);
    for (;;) {
      const from = batch.rows;
      const waiting = this.#order.fill(batch);
      const found = batch.rows - from;
      this.#numbers.number(batch, from);
      this.seen += found;
      this.#select(batch, from);
      passed += from + found - batch.rows;
      if (waiting !== null) this.#order.open(await this.#nextBlock());
      else if (found === 0 || batch.rows === length) break;
      if (passed < PASSED_MAX) continue;
      if (batch.rows > 0) break;
      this.#order.begin(batch);
      this.#sweep();
      passed = 0;
    }
    for (const block of batch.blocks) this.#blocks.set(block, this.#blocks.get(block)! + 1);
    this.#sweep();
    if (batch.rows > 0) return true;
    this.#passRest();
    return false;
  }

  /** The events of a batch are not needed any more. */
  release({ blocks }: Batch): void {
    for (const block of blocks) this.#blocks.set(block, this.#blocks.get(block)! - 1);
  }

  /** Gives back the memory of blocks without further use; not while a batch is filled, whose blocks are not counted. */
  #sweep(): void {
    const open = this.#order.blocks;
    for (const [block, batches] of this.#blocks) {
      if (batches > 0 || open.has(block)) continue;
      this.#blocks.delete(block);
      this.#work.recycle(block.time.buffer);
    }
  }

  /** The block that is needed next. Begins to decode the ones after it. */
  async #nextBlock(): Promise<SortedBlock | null> {
    while (this.#begun.length < AHEAD && this.#next < this.#waiting.length) {
      const waiting = this.#waiting[this.#next]!;
      if (compareWords(waiting.start, this.#filter.to) >= 0) break;
      this.#next++;
      const block = this.#decode(waiting);
      // A failure is thrown where the block is needed.
      block.catch(() => {});
      this.#begun.push(block);
    }
    const block = await helping(this.#work, this.#begun.shift()!);
    if (block !== null) this.#blocks.set(block, 0);
    const { shapes } = this.table;
    if (shapes.length > this.#takes.length)
      this.#takes = Uint8Array.from(shapes, (shape) => (this.#filter.takesShape(shape) ? 1 : 0));
    return block;
  }

  /** A block, decoded and sorted; null where it is damaged, which its reader is told. */
  async #decode({ reader, entry, end, ...owner }: Waiting): Promise<SortedBlock | null> {
    const block = reader.read(entry, (found) => found);
    if (block === null) return null;
    const numbers = this.table.numbersOf(block);
    const wanted = compareWords(end, this.#filter.from) < 0 ? NONE : this.#wanted;
    try {
      return await this.#work.decode({ block, owner, wanted, numbers });
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      reader.discard(entry, error.message);
      return null;
    }
  }

  /** Removes events that do not pass the filter from a batch, from the row `from` on. */
  #select(batch: Batch, from: number): void {
    const { from: start, sample, skipped } = this.#filter;
    if (start.high === 0 && start.low === 0 && sample === 1 && this.#takes.every((takes) => takes === 1))
      return;
    const takes = this.#takes;
    const { rows, blocks, block: slots, row: places, conn, request } = batch;
    let kept = from;
    for (let i = from; i < rows; i++) {
      const block = blocks[slots[i]!]!;
      const row = places[i]!;
      const high = block.time[2 * row + 1]!;
      if (high < start.high || (high === start.high && block.time[2 * row]! < start.low)) skipped.time++;
      else if (takes[block.shape[row]!] === 0) skipped.op++;
      else if (!this.#filter.takesConn(conn[i]!)) skipped.sample++;
      else {
        slots[kept] = slots[i]!;
        places[kept] = row;
        conn[kept] = conn[i]!;
        request[kept] = request[i]!;
        kept++;
      }
    }
    batch.rows = kept;
  }

  /** Counts the events that are left: they are later than `to`. */
  #passRest(): void {
    const { left } = this.#order;
    this.seen += left;
    this.#filter.skipped.time += left;
  }
}
