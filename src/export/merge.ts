import { ConnNumbers } from '../profile/conn-numbers.js';
import { BlockError } from '../profile/damage.js';
import { BATCH_ROWS, type Batch, type ExportColumn } from './batch.js';
import { type BlockDecoder, HERE } from './block-decoder.js';
import type { Filter, Words } from './filter.js';
import { gather } from './gather.js';
import type { Inputs, Waiting } from './inputs.js';
import { compareRows } from './order.js';
import { ShapeTable } from './shapes.js';
import type { SortedBlock } from './sorted-block.js';

/** Columns without which events cannot be numbered. */
const NUMBERED: ReadonlySet<ExportColumn> = new Set();
/** Blocks that are decoded at a time, the one that is waited for among them. */
const AHEAD = 4;
const NEVER: Words = { high: 2 ** 32, low: 0 };

/**
 * The events of all good blocks of several profiles in the order of request time, as columns. Connections and
 * requests are numbered by first appearance, those that are passed over, too, so that an event has the same
 * numbers whatever else is exported. Holds the blocks whose times overlap where it stands, and a batch.
 */
export class Merger {
  readonly table = new ShapeTable();
  readonly filter: Filter;
  /** Events of good blocks that were looked at or passed over, and requests. */
  seen = 0;
  requests = 0;
  readonly #wanted: ReadonlySet<ExportColumn>;
  readonly #waiting: readonly Waiting[];
  #next = 0;
  /** Blocks that are being decoded, by their place; `later` are those behind all that was asked for. */
  readonly #begun = new Map<number, Promise<SortedBlock | null | 'later'>>();
  readonly #decoder: BlockDecoder;
  #open: SortedBlock[] = [];
  readonly #conns = new ConnNumbers();
  /** By shape, whether its events are exported. */
  #takes = new Uint8Array(0);
  /** Where the rows of the batch at hand are. */
  readonly #block = new Uint32Array(BATCH_ROWS);
  readonly #row = new Uint32Array(BATCH_ROWS);
  #slots: SortedBlock[] = [];
  /** The open blocks with the first and the second next row. */
  #first: SortedBlock | null = null;
  #second: SortedBlock | null = null;
  #before: SortedBlock | null = null;
  #rowBefore = 0;

  constructor(
    inputs: Inputs,
    filter: Filter,
    wanted: ReadonlySet<ExportColumn>,
    decoder: BlockDecoder = HERE,
  ) {
    this.#waiting = inputs.blocks;
    this.filter = filter;
    this.#wanted = wanted;
    this.#decoder = decoder;
  }

  /** Fills a batch with the events that come next. Returns false where there are none left. */
  async fill(batch: Batch): Promise<boolean> {
    batch.rows = 0;
    this.#slots = [];
    while (batch.rows < BATCH_ROWS) {
      this.#findFirst();
      const first = this.#first;
      const next = this.#waiting[this.#next];
      if (next !== undefined && (first === null || !isEarlier(first, next.start))) {
        await this.#openNext();
        continue;
      }
      if (first === null) break;
      if (!this.#isBeforeEnd(first)) {
        this.#skipRest();
        break;
      }
      this.#takeRun(batch, first);
      if (first.taken === first.rows) this.#open = this.#open.filter((block) => block !== first);
    }
    const { rows } = batch;
    gather(batch, { rows, blocks: this.#slots, block: this.#block, row: this.#row }, this.#wanted);
    return rows > 0;
  }

  /** Finds the open blocks with the first and the second next row. */
  #findFirst(): void {
    const open = this.#open;
    let first: SortedBlock | null = null;
    let second: SortedBlock | null = null;
    for (let i = 0; i < open.length; i++) {
      const block = open[i]!;
      if (first === null || isBefore(block, first)) {
        second = first;
        first = block;
      } else if (second === null || isBefore(block, second)) second = block;
    }
    this.#first = first;
    this.#second = second;
  }

  /** Opens the block that begins next, which may have an earlier row than all that are open. */
  async #openNext(): Promise<void> {
    const at = this.#next++;
    for (let ahead = at; ahead < Math.min(at + AHEAD, this.#waiting.length); ahead++) this.#begin(ahead);
    const waiting = this.#waiting[at]!;
    let block = await this.#begun.get(at)!;
    this.#begun.delete(at);
    if (block === 'later') {
      this.#pass(waiting.entry.events);
      return;
    }
    const { from } = this.filter;
    // What a block says of its last event may be wrong.
    if (block !== null && compareWords(waiting.end, from) < 0 && !endsBefore(block, from))
      block = await this.#decode(waiting, this.#wanted);
    if (block !== null) this.#open.push(block);
    const { shapes } = this.table;
    if (shapes.length > this.#takes.length)
      this.#takes = Uint8Array.from(shapes, (shape) => (this.filter.takesShape(shape) ? 1 : 0));
  }

  /** Begins to decode a block, unless that was begun already. */
  #begin(at: number): void {
    if (this.#begun.has(at)) return;
    const waiting = this.#waiting[at]!;
    const { from, to } = this.filter;
    if (to !== null && compareWords(waiting.start, to) >= 0) {
      this.#begun.set(at, Promise.resolve('later'));
      return;
    }
    const isBefore = compareWords(waiting.end, from) < 0;
    const block = this.#decode(waiting, isBefore ? NUMBERED : this.#wanted);
    // It is looked at when its turn comes; until then nobody waits for it.
    block.catch(() => {});
    this.#begun.set(at, block);
  }

  /** A block, decoded and sorted; null where it is damaged, which its reader then knows. */
  async #decode(
    { reader, entry, run, workerKey }: Waiting,
    wanted: ReadonlySet<ExportColumn>,
  ): Promise<SortedBlock | null> {
    const block = reader.read(entry, (found) => found);
    if (block === null) return null;
    const numbers = this.table.numbersOf(block);
    try {
      return await this.#decoder.decode({ block, owner: { run, workerKey }, wanted, numbers });
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      reader.discard(entry, error.message);
      return null;
    }
  }

  #isBeforeEnd(block: SortedBlock): boolean {
    return this.filter.to === null || isEarlier(block, this.filter.to);
  }

  /** Passes over all that is left: it is later than what was asked for. */
  #skipRest(): void {
    for (const { rows, taken } of this.#open) this.#pass(rows - taken);
    this.#open = [];
    for (; this.#next < this.#waiting.length; this.#next++)
      this.#pass(this.#waiting[this.#next]!.entry.events);
  }

  #pass(events: number): void {
    this.seen += events;
    this.filter.skipped.time += events;
  }

  /** Takes the rows of a block up to where another one, open or not, may have the next. */
  #takeRun(batch: Batch, first: SortedBlock): void {
    const { order, time, shape } = first;
    let { high: borderHigh, low: borderLow } = this.#border();
    const second = this.#second;
    if (second !== null) {
      const row = second.order[second.taken]!;
      const low = second.time[2 * row]!;
      const high = second.time[2 * row + 1]!;
      if (high < borderHigh || (high === borderHigh && low < borderLow)) {
        borderHigh = high;
        borderLow = low;
      }
    }
    const takes = this.#takes;
    const skipped = this.filter.skipped;
    const { high: fromHigh, low: fromLow } = this.filter.from;
    const isSampled = this.filter.sample !== 1;
    let slot = -1;
    let { rows } = batch;
    let at = first.taken;
    for (; at < first.rows && rows < BATCH_ROWS; at++) {
      const row = order[at]!;
      const high = time[2 * row + 1]!;
      const low = time[2 * row]!;
      if (high > borderHigh || (high === borderHigh && low >= borderLow)) {
        // The first row is before all others, and may be at the time of the second block's.
        if (at > first.taken) break;
      }
      const conn = this.#number(first, row);
      if (high < fromHigh || (high === fromHigh && low < fromLow)) skipped.time++;
      else if (takes[shape[row]!] === 0) skipped.op++;
      else if (isSampled && !this.filter.takesConn(conn)) skipped.sample++;
      else {
        if (slot < 0) slot = this.#slotOf(first);
        this.#block[rows] = slot;
        this.#row[rows] = row;
        batch.conn[rows] = conn;
        batch.request[rows] = this.requests - 1;
        rows++;
      }
    }
    this.seen += at - first.taken;
    first.taken = at;
    batch.rows = rows;
  }

  /** Where rows of blocks begin that are not open, or what is not asked for any more. */
  #border(): Words {
    const { to } = this.filter;
    const border = this.#waiting[this.#next]?.start ?? NEVER;
    return to !== null && compareWords(to, border) < 0 ? to : border;
  }

  #slotOf(block: SortedBlock): number {
    const slot = this.#slots.lastIndexOf(block);
    return slot >= 0 ? slot : this.#slots.push(block) - 1;
  }

  /** The number of a row's connection; counts its request, unless it is another key of the one before. */
  #number(block: SortedBlock, row: number): number {
    const before = this.#before;
    if (before === null || !isSameRequest(before, this.#rowBefore, block, row)) this.requests++;
    this.#before = block;
    this.#rowBefore = row;
    return this.#conns.numberOf(block.workerKey, block.conn[row]!);
  }
}

function isSameRequest(a: SortedBlock, rowA: number, b: SortedBlock, rowB: number): boolean {
  return (
    a.ordinal[2 * rowA] === b.ordinal[2 * rowB] &&
    a.time[2 * rowA] === b.time[2 * rowB] &&
    a.time[2 * rowA + 1] === b.time[2 * rowB + 1] &&
    a.ordinal[2 * rowA + 1] === b.ordinal[2 * rowB + 1] &&
    a.workerKey === b.workerKey &&
    a.conn[rowA] === b.conn[rowB] &&
    a.sub[rowA] === b.sub[rowB]
  );
}

/** Whether the next row of one block comes before that of another. */
function isBefore(a: SortedBlock, b: SortedBlock): boolean {
  return compareRows(a, a.order[a.taken]!, b, b.order[b.taken]!) < 0;
}

/** Whether the next row of a block is earlier than a time. */
function isEarlier({ order, taken, time }: SortedBlock, { high, low }: Words): boolean {
  const row = order[taken]!;
  return time[2 * row + 1]! < high || (time[2 * row + 1] === high && time[2 * row]! < low);
}

/** Whether the last row of a block is earlier than a time. */
function endsBefore({ order, time, rows }: SortedBlock, { high, low }: Words): boolean {
  const row = order[rows - 1]!;
  return time[2 * row + 1]! < high || (time[2 * row + 1] === high && time[2 * row]! < low);
}

function compareWords(a: Words, b: Words): number {
  return a.high - b.high || a.low - b.low;
}
