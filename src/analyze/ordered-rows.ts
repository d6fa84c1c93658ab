import { createRows, EventOrder, type Waiting, waitingBlocks } from '../profile/event-order.js';
import type { ProfileReader } from '../profile/reader.js';
import { type DataColumn, type SortedBlock, sortBlock } from '../profile/sorted-block.js';
import { type EventKind, EventKinds } from './event-kinds.js';
import type { KeyTable } from './key-table.js';
import { isSelected, type Selection } from './selection.js';
import { createSequence, HIT, MISS, type OrderedCollector, READ, type Sequence } from './sequence.js';

/** Events that are put in order at a time. */
const ROWS = 8192;
const WANTED: ReadonlySet<DataColumn> = new Set(['key', 'value_size', 'ttl']);

/**
 * What is known of an entry of a block's dictionary: the number of its key, -1 where that is not of the sample; for how many
 * keys it stands; and its bytes.
 */
const ENTRY = 4;
const [ID, WEIGHT, KEY_SIZE] = [0, 1, 2] as const;

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
  /** What `take` asks of a kind, by its number. */
  #facts = factsOf([], null);
  /** The keys of the blocks at hand, by entry of their dictionaries: see ENTRY. */
  readonly #keys = new Map<SortedBlock, Float64Array>();

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
    for (const collector of this.#collectors) collector.add(this.#sequence);
    this.#sweep();
    this.#limit();
    return rows.rows > 0;
  }

  #read({ reader, entry, end, ...owner }: Waiting): SortedBlock | null {
    this.done += entry.events;
    return reader.read(entry, (block) => {
      const numbers = this.#kinds.numbersOf(block);
      this.#facts = factsOf(this.#kinds.kinds, this.#selection?.ops ?? null);
      const choose = (sorted: SortedBlock) => {
        const last = this.#selection === null ? this.#relative(end.high, end.low) : this.#lastOf(sorted);
        this.end = Math.max(this.end, last);
        return this.#choose(sorted);
      };
      return sortBlock({ block, owner, wanted: WANTED, numbers, choose });
    });
  }

  /** The rows whose key is of the sample. The others only count, which needs no order. */
  #choose(block: SortedBlock): Uint32Array {
    const { rows, shape, key, keySize, time } = block;
    const { takes, hasKey } = this.#facts;
    const selection = this.#selection;
    const chosen = new Uint32Array(rows);
    const events = new Uint32Array(keySize.length);
    const kinds = new Uint32Array(takes.length);
    let keyed = 0;
    for (let i = 0; i < rows; i++) {
      const kind = shape[i]!;
      if (takes[kind] === 0) continue;
      if (selection !== null && !isSelected(selection, this.#timeOf(time, i))) continue;
      kinds[kind]!++;
      if (hasKey[kind] === 0) continue;
      events[key[i]!]!++;
      chosen[keyed++] = i;
    }
    this.#count(kinds);
    const keys = this.#number(block, events);
    let at = 0;
    for (let i = 0; i < keyed; i++) {
      const row = chosen[i]!;
      if (keys[ENTRY * key[row]! + ID]! >= 0) chosen[at++] = row;
    }
    return chosen.subarray(0, at);
  }

  /** Counts hits and misses of commands that ask for a value, by their kinds. */
  #count(kinds: Uint32Array): void {
    for (const [i, { act, outcome }] of this.#kinds.kinds.entries()) {
      if (act !== READ) continue;
      if (outcome === HIT) this.hits += kinds[i]!;
      else if (outcome === MISS) this.misses += kinds[i]!;
    }
  }

  /** Time of the last selected event of a block; 0 where there is none. */
  #lastOf({ rows, shape, time }: SortedBlock): number {
    const { takes } = this.#facts;
    const selection = this.#selection!;
    let last = 0;
    for (let i = 0; i < rows; i++) {
      const now = this.#timeOf(time, i);
      if (now > last && takes[shape[i]!] === 1 && isSelected(selection, now)) last = now;
    }
    return last;
  }

  /** Numbers the keys of a block, and counts them: once for each key, not for each event. */
  #number(block: SortedBlock, events: Uint32Array): Float64Array {
    const { keyHash, keySize } = block;
    const table = this.#table;
    const keys = new Float64Array(ENTRY * events.length);
    for (let i = 0; i < events.length; i++) {
      const id = events[i] === 0 ? -1 : table.idOf(keyHash[2 * i]!, keyHash[2 * i + 1]!);
      keys[ENTRY * i + ID] = id;
      if (id < 0) continue;
      keys[ENTRY * i + WEIGHT] = table.weightOf(id);
      keys[ENTRY * i + KEY_SIZE] = keySize[i]!;
      table.counts.values[id]! += events[i]!;
    }
    this.#keys.set(block, keys);
    return keys;
  }

  /** Nanoseconds since the first event of all. */
  #timeOf(time: Uint32Array, row: number): number {
    return this.#relative(time[2 * row + 1]!, time[2 * row]!);
  }

  #relative(high: number, low: number): number {
    return (high - this.#originHigh) * 2 ** 32 + (low - this.#originLow);
  }

  /** Makes the rows at hand a sequence, without those whose key has left the sample. */
  #take(): void {
    const { rows, blocks, block: slots, row: places } = this.#rows;
    const { time, id, act, outcome, itemSize, ttl, weight } = this.#sequence;
    const facts = this.#facts;
    const keysOf = blocks.map((block) => this.#keys.get(block)!);
    let at = 0;
    for (let i = 0; i < rows; i++) {
      const slot = slots[i]!;
      const block = blocks[slot]!;
      const row = places[i]!;
      const keys = keysOf[slot]!;
      const entry = ENTRY * block.key[row]!;
      const key = keys[entry + ID]!;
      if (key < 0) continue;
      const kind = block.shape[row]!;
      const overhead = facts.overhead[kind]!;
      time[at] = this.#timeOf(block.time, row);
      id[at] = key;
      act[at] = facts.act[kind]!;
      outcome[at] = facts.outcome[kind]!;
      itemSize[at] = overhead < 0 ? -1 : overhead + keys[entry + KEY_SIZE]! + block.valueSize[row]!;
      ttl[at] = facts.hasTtl[kind] === 1 ? signed(block.wide.ttl!, row) : Number.NaN;
      weight[at] = keys[entry + WEIGHT]!;
      at++;
    }
    this.#sequence.rows = at;
  }

  /** Forgets the blocks all rows of which were taken. */
  #sweep(): void {
    const open = this.#order.blocks;
    for (const block of this.#keys.keys()) if (!open.has(block)) this.#keys.delete(block);
  }

  #limit(): void {
    const renumbered = this.#table.limit();
    if (renumbered === null) return;
    for (const collector of this.#collectors) collector.renumber?.(renumbered);
    for (const keys of this.#keys.values()) {
      for (let entry = 0; entry < keys.length; entry += ENTRY) {
        const before = keys[entry + ID]!;
        const id = before < 0 ? -1 : renumbered[before]!;
        keys[entry + ID] = id;
        if (id >= 0) keys[entry + WEIGHT] = this.#table.weightOf(id);
      }
    }
  }
}

/** @param ops selected commands; null: all */
function factsOf(kinds: readonly EventKind[], ops: ReadonlySet<string> | null) {
  return {
    takes: Uint8Array.from(kinds, ({ op }) => Number(ops === null || ops.has(op))),
    hasKey: Uint8Array.from(kinds, ({ hasKey }) => Number(hasKey)),
    hasTtl: Uint8Array.from(kinds, ({ hasTtl }) => Number(hasTtl)),
    act: Uint8Array.from(kinds, ({ act }) => act),
    outcome: Uint8Array.from(kinds, ({ outcome }) => outcome),
    overhead: Int32Array.from(kinds, ({ overhead }) => overhead),
  };
}

/** A signed number of two words, as a double. */
function signed(words: Uint32Array, row: number): number {
  return (words[2 * row + 1]! | 0) * 2 ** 32 + words[2 * row]!;
}
