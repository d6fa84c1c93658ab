import { createRows, EventOrder, type Waiting, waitingBlocks } from '../profile/event-order.js';
import type { ProfileReader } from '../profile/reader.js';
import { type DataColumn, type SortedBlock, sortBlock } from '../profile/sorted-block.js';
import { EventKinds } from './event-kinds.js';
import type { KeyTable } from './key-table.js';
import { isSelected, type Selection } from './selection.js';
import { createSequence, HIT, MISS, type OrderedCollector, READ, type Sequence } from './sequence.js';

/** Events that are put in order at a time. */
const ROWS = 8192;
const WANTED: ReadonlySet<DataColumn> = new Set(['key', 'value_size', 'ttl']);

/** Hands the events of all good blocks to collectors in the total order of FORMAT.md: those with a key of the sample. */
export class OrderedRows {
  /** Events that were taken or passed over. */
  done = 0;
  /** Hits and misses of commands that ask for a value, whether their keys are of the sample or not. */
  hits = 0;
  misses = 0;
  /** Time of the last selected event, nanoseconds since the first of all. */
  end = 0;
  readonly #table: KeyTable;
  readonly #collectors: readonly OrderedCollector[];
  readonly #selection: Selection | null;
  /** The time that others are told from, as two words of 32 bits. */
  readonly #originHigh: number;
  readonly #originLow: number;
  readonly #order: EventOrder;
  readonly #rows = createRows(ROWS);
  readonly #sequence: Sequence = createSequence(ROWS);
  readonly #kinds = new EventKinds();
  /** By number of the kind, whether its command is selected. */
  #takes: boolean[] = [];
  /** Numbers of the keys of the blocks at hand, by entry of their dictionaries; -1: not of the sample. */
  readonly #ids = new Map<SortedBlock, Int32Array>();

  /** @param table of the sample, its own: the keys' numbers mean the same to all `collectors` */
  constructor(
    readers: readonly ProfileReader[],
    table: KeyTable,
    collectors: readonly OrderedCollector[],
    selection: Selection | null,
  ) {
    const waiting = waitingBlocks(readers);
    this.#order = new EventOrder(waiting);
    this.#originHigh = waiting[0]?.start.high ?? 0;
    this.#originLow = waiting[0]?.start.low ?? 0;
    this.#table = table;
    this.#collectors = collectors;
    this.#selection = selection;
  }

  /** Hands on the next events. Returns false where there are none left. */
  next(): boolean {
    const rows = this.#rows;
    this.#order.begin(rows);
    for (let block = this.#order.fill(rows); block !== null; block = this.#order.fill(rows)) {
      this.#order.open(this.#read(block));
    }
    this.#take();
    this.done += rows.rows;
    for (const collector of this.#collectors) collector.add(this.#sequence);
    this.#sweep();
    this.#limit();
    return rows.rows > 0;
  }

  #read({ reader, entry, ...owner }: Waiting): SortedBlock | null {
    const sorted = reader.read(entry, (block) =>
      sortBlock({ block, owner, wanted: WANTED, numbers: this.#kinds.numbersOf(block) }),
    );
    if (sorted === null) {
      this.done += entry.events;
      return null;
    }
    const ops = this.#selection?.ops ?? null;
    this.#takes = this.#kinds.kinds.map(({ op }) => ops === null || ops.has(op));
    this.#ids.set(sorted, this.#number(sorted));
    return sorted;
  }

  /** Numbers the keys of a block, and counts them: once for each key, not for each event. */
  #number(block: SortedBlock): Int32Array {
    const { rows, shape, key, keyHash, keySize, time } = block;
    const { kinds } = this.#kinds;
    const counted = kinds.map(({ hasKey }, i) => (hasKey && this.#takes[i] ? 1 : 0));
    const events = new Uint32Array(keySize.length);
    const selection = this.#selection;
    for (let i = 0; i < rows; i++) {
      if (counted[shape[i]!] === 0) continue;
      if (selection !== null && !isSelected(selection, this.#timeOf(time, i))) continue;
      events[key[i]!]!++;
    }
    const ids = new Int32Array(keySize.length).fill(-1);
    for (let i = 0; i < ids.length; i++) {
      if (events[i] === 0) continue;
      const id = this.#table.idOf(keyHash[2 * i]!, keyHash[2 * i + 1]!);
      ids[i] = id;
      if (id >= 0) this.#table.counts.values[id]! += events[i]!;
    }
    return ids;
  }

  /** Nanoseconds since the first event of all. */
  #timeOf(time: Uint32Array, row: number): number {
    return (time[2 * row + 1]! - this.#originHigh) * 2 ** 32 + (time[2 * row]! - this.#originLow);
  }

  /** Makes the rows at hand a sequence, without those that are not selected or have no key of the sample. */
  #take(): void {
    const { rows, blocks, block: slots, row: places } = this.#rows;
    const { time, id, act, outcome, itemSize, ttl, weight } = this.#sequence;
    const { kinds } = this.#kinds;
    const takes = this.#takes;
    const selection = this.#selection;
    const idsOf = blocks.map((block) => this.#ids.get(block)!);
    let at = 0;
    for (let i = 0; i < rows; i++) {
      const slot = slots[i]!;
      const block = blocks[slot]!;
      const row = places[i]!;
      const number = block.shape[row]!;
      const now = this.#timeOf(block.time, row);
      if (!takes[number] || (selection !== null && !isSelected(selection, now))) continue;
      const kind = kinds[number]!;
      this.end = now;
      if (kind.act === READ) {
        if (kind.outcome === HIT) this.hits++;
        else if (kind.outcome === MISS) this.misses++;
      }
      if (!kind.hasKey) continue;
      const entry = block.key[row]!;
      const key = idsOf[slot]![entry]!;
      if (key < 0) continue;
      time[at] = now;
      id[at] = key;
      act[at] = kind.act;
      outcome[at] = kind.outcome;
      itemSize[at] = kind.overhead < 0 ? -1 : kind.overhead + block.keySize[entry]! + block.valueSize[row]!;
      ttl[at] = kind.hasTtl ? signed(block.wide.ttl!, row) : Number.NaN;
      weight[at] = this.#table.weightOf(key);
      at++;
    }
    this.#sequence.rows = at;
  }

  /** Forgets the blocks all rows of which were taken. */
  #sweep(): void {
    const open = this.#order.blocks;
    for (const block of this.#ids.keys()) if (!open.has(block)) this.#ids.delete(block);
  }

  #limit(): void {
    const renumbered = this.#table.limit();
    if (renumbered === null) return;
    for (const collector of this.#collectors) collector.renumber?.(renumbered);
    for (const ids of this.#ids.values()) {
      for (let i = 0; i < ids.length; i++) if (ids[i]! >= 0) ids[i] = renumbered[ids[i]!]!;
    }
  }
}

/** A signed number of two words, as a double. */
function signed(words: Uint32Array, row: number): number {
  return (words[2 * row + 1]! | 0) * 2 ** 32 + words[2 * row]!;
}
