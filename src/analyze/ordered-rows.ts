import { BlockMemory } from '../profile/block-memory.js';
import { createRows, EventOrder, type Waiting, waitingBlocks } from '../profile/event-order.js';
import { orderRows } from '../profile/order.js';
import type { ProfileReader } from '../profile/reader.js';
import { type DataColumn, decodeRows, type SortedBlock } from '../profile/sorted-block.js';
import { type EventKind, EventKinds } from './event-kinds.js';
import type { KeyTable } from './key-table.js';
import { isSelected, type Selection } from './selection.js';
import { createSequence, HIT, MISS, type OrderedCollector, READ, type Sequence } from './sequence.js';

/** Rows that collectors get at a time. */
const ROWS = 8192;
const WANTED: ReadonlySet<DataColumn> = new Set(['key', 'value_size', 'ttl']);

/**
 * What is known of an entry of a block's dictionary: the number of its key, -1 where that is not of the
 * sample; for how many keys it stands, a power of two; and its bytes. Exact in 32 bits, so that a dictionary stays in the
 * processor's cache.
 */
const ENTRY = 4;
const [ID, WEIGHT, KEY_SIZE] = [0, 1, 2] as const;

/** A block some rows of which are still to come. */
interface Open {
  memory: BlockMemory;
  /** By entry of its dictionary: see ENTRY. */
  keys: Float32Array;
}

/**
 * Hands the events of all good blocks to collectors in the total order of FORMAT.md: those with a key of
 * the sample.
 */
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
  readonly #order: EventOrder;
  readonly #rows = createRows(ROWS);
  readonly #open = new Map<SortedBlock, Open>();
  /** Memory of blocks that are done. */
  readonly #free: BlockMemory[] = [];
  /** The time that others are told from, as two words of 32 bits. */
  readonly #originHigh: number;
  readonly #originLow: number;
  readonly #sequence: Sequence = createSequence(ROWS);
  readonly #kinds = new EventKinds();
  /** What rows ask of their kind, by its number. */
  #facts = factsOf([], null);

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

  /**
   * Hands on the next rows, up to those that a block may have earlier ones than, and then reads that. False where there
   * are no more.
   */
  next(): boolean {
    const rows = this.#rows;
    this.#order.begin(rows);
    const wanted = this.#order.fill(rows);
    if (rows.rows > 0) {
      this.#take();
      for (const collector of this.#collectors) collector.add(this.#sequence);
    }
    if (wanted === null) return rows.rows > 0;
    this.#close();
    this.#read(wanted);
    return true;
  }

  /** Takes back the memory of blocks that have no more rows. */
  #close(): void {
    const { blocks } = this.#order;
    for (const [block, { memory }] of this.#open) {
      if (blocks.has(block)) continue;
      this.#open.delete(block);
      this.#free.push(memory);
    }
  }

  #read({ reader, entry, end, ...owner }: Waiting): void {
    this.done += entry.events;
    const memory = this.#free.pop() ?? new BlockMemory();
    memory.reset();
    const block = reader.read(entry, (encoded) => {
      const numbers = this.#kinds.numbersOf(encoded);
      return decodeRows({ block: encoded, owner, wanted: WANTED, numbers }, memory.allocate);
    });
    if (block === null) {
      this.#free.push(memory);
      return;
    }
    this.#facts = factsOf(this.#kinds.kinds, this.#selection?.ops ?? null);
    const last = this.#selection === null ? this.#relative(end.high, end.low) : this.#lastOf(block);
    this.end = Math.max(this.end, last);
    const chosen = words(memory, block.rows);
    const keyed = this.#choose(block, chosen, memory);
    block.order = chosen.subarray(0, keyed);
    orderRows(block.order, block, reader.header.unit);
    this.#order.open(block);
  }

  /** Finds the rows whose key is of the sample, and numbers the keys. The others only count, which needs no order. */
  #choose(block: SortedBlock, chosen: Uint32Array, memory: BlockMemory): number {
    const { rows, shape, key, keySize, time } = block;
    const { takes, hasKey } = this.#facts;
    const selection = this.#selection;
    const events = words(memory, keySize.length).fill(0);
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
    const keys = this.#number(block, events, memory);
    this.#open.set(block, { memory, keys });
    this.#limit();
    let found = 0;
    for (let i = 0; i < keyed; i++) {
      const row = chosen[i]!;
      if (keys[ENTRY * key[row]! + ID]! >= 0) chosen[found++] = row;
    }
    return found;
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
  #number({ keyHash, keySize }: SortedBlock, events: Uint32Array, memory: BlockMemory): Float32Array {
    const table = this.#table;
    const keys = floats(memory, ENTRY * events.length);
    for (let i = 0; i < events.length; i++) {
      const id = events[i] === 0 ? -1 : table.idOf(keyHash[2 * i]!, keyHash[2 * i + 1]!);
      keys[ENTRY * i + ID] = id;
      if (id < 0) continue;
      keys[ENTRY * i + WEIGHT] = table.weightOf(id);
      keys[ENTRY * i + KEY_SIZE] = keySize[i]!;
      table.counts.values[id]! += events[i]!;
    }
    return keys;
  }

  /** Nanoseconds since the first event of all. */
  #timeOf(time: Uint32Array, row: number): number {
    return this.#relative(time[2 * row + 1]!, time[2 * row]!);
  }

  #relative(high: number, low: number): number {
    return (high - this.#originHigh) * 2 ** 32 + (low - this.#originLow);
  }

  /** Makes the rows at hand a sequence. */
  #take(): void {
    const { rows, blocks } = this.#rows;
    for (const [slot, block] of blocks.entries()) this.#takeOf(block, slot);
    this.#sequence.rows = rows;
  }

  /** Puts the rows of one block into their places. */
  #takeOf(block: SortedBlock, slot: number): void {
    const { rows, row: order, block: slots } = this.#rows;
    const keys = this.#open.get(block)!.keys;
    const { shape, key, time: times, valueSize } = block;
    const { time, id, act, outcome, itemSize, ttl, weight } = this.#sequence;
    const { act: acts, outcome: outcomes, overhead, hasTtl } = this.#facts;
    const ttls = block.wide.ttl ?? times;
    const high = this.#originHigh;
    const low = this.#originLow;
    for (let i = 0; i < rows; i++) {
      if (slots[i] !== slot) continue;
      const row = order[i]!;
      const entry = ENTRY * key[row]!;
      const kind = shape[row]!;
      const beside = overhead[kind]!;
      id[i] = keys[entry + ID]!;
      time[i] = (times[2 * row + 1]! - high) * 2 ** 32 + (times[2 * row]! - low);
      act[i] = acts[kind]!;
      outcome[i] = outcomes[kind]!;
      itemSize[i] = beside < 0 ? -1 : beside + keys[entry + KEY_SIZE]! + valueSize[row]!;
      ttl[i] = hasTtl[kind] === 1 ? signed(ttls, row) : Number.NaN;
      weight[i] = keys[entry + WEIGHT]!;
    }
  }

  #limit(): void {
    const renumbered = this.#table.limit();
    if (renumbered === null) return;
    for (const collector of this.#collectors) collector.renumber?.(renumbered);
    for (const { keys } of this.#open.values()) {
      for (let at = 0; at < keys.length; at += ENTRY) {
        const before = keys[at + ID]!;
        const id = before < 0 ? -1 : renumbered[before]!;
        keys[at + ID] = id;
        if (id >= 0) keys[at + WEIGHT] = this.#table.weightOf(id);
      }
    }
    this.#order.keep((block, row) => this.#open.get(block)!.keys[ENTRY * block.key[row]! + ID]! >= 0);
  }
}

function words(memory: BlockMemory, length: number): Uint32Array {
  const { buffer, offset } = memory.allocate(4 * length);
  return new Uint32Array(buffer, offset, length);
}

function floats(memory: BlockMemory, length: number): Float32Array {
  const { buffer, offset } = memory.allocate(4 * length);
  return new Float32Array(buffer, offset, length);
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
