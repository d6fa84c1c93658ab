import type { CacheEvent } from '../event/event.js';
import { exact, flagLetters, hashText } from '../event/values.js';
import type { Mark, Op, Proto, Status, Transport } from '../layout/generated.js';
import type { Block, Shape } from './block.js';
import {
  decodeColumns,
  decodeKeys,
  EVENT_COLUMNS,
  type EventColumn,
  type EventColumns,
  type KeyColumns,
  presentBit,
} from './columns.js';
import { BlockError } from './damage.js';

type BigColumn = 'flags' | 'ttl' | 'delta';

/** Fields that an event has only where they have a value. */
const OPTIONAL = ['initial', 'cas_new', 'vivify', 'recache', 'ttl_left'] as const;

/** A shape, with the fields that are the same in all its events prepared once. */
interface EventShape extends Shape {
  cas: boolean;
  quiet: boolean;
  flagLetters: string;
}

/** The rows of a block in the total order of FORMAT.md, with a position. */
export class SortedRows {
  readonly #block: Block;
  readonly #unit: bigint;
  readonly #columns: EventColumns;
  readonly #keys: KeyColumns;
  readonly #keyTexts: string[] = [];
  readonly #shapes: EventShape[];
  readonly #bits: Record<EventColumn, number>;
  /** `time` and `ordinal` as pairs of 32-bit words, low first, so that comparing them makes no bigints. */
  readonly #times: Uint32Array;
  readonly #ordinals: Uint32Array;
  readonly #order: Uint32Array;
  #taken = 0;

  /** @throws BlockError where the block contradicts itself, with a right checksum */
  constructor(block: Block) {
    this.#block = block;
    this.#unit = BigInt(block.unit);
    this.#columns = decodeColumns(block, EVENT_COLUMNS);
    this.#keys = decodeKeys(block);
    this.#shapes = block.shapes.map((shape) => ({
      ...shape,
      cas: shape.traits.includes('cas'),
      quiet: shape.traits.includes('quiet'),
      flagLetters: flagLetters(shape.metaFlags),
    }));
    const bits = EVENT_COLUMNS.map((name) => [name, presentBit(block.names, name)]);
    this.#bits = Object.fromEntries(bits) as Record<EventColumn, number>;
    this.#times = new Uint32Array(this.#columns.time.buffer);
    this.#ordinals = new Uint32Array(this.#columns.ordinal.buffer);
    this.#order = Uint32Array.from({ length: block.events }, (_, row) => row);
    this.#order.sort((a, b) => SortedRows.compare(this, a, this, b));
    if (this.#columns.time[this.row]! * this.#unit !== block.minNs) {
      throw new BlockError('the time of its first event is not the one it declares');
    }
  }

  get worker(): number {
    return this.#block.worker;
  }

  /** Whether all rows are taken. */
  get done(): boolean {
    return this.#taken === this.#order.length;
  }

  /** The next row. */
  get row(): number {
    return this.#order[this.#taken]!;
  }

  /** Takes the next row. */
  next(): void {
    this.#taken++;
  }

  /** Whether the next row is earlier than a time in Unix nanoseconds. */
  isBefore(ns: bigint): boolean {
    return this.#columns.time[this.row]! * this.#unit < ns;
  }

  /** Connection of a row, as numbered within the worker. */
  connOf(row: number): number {
    return this.#columns.conn[row]!;
  }

  /** Negative where row `a` of one block comes before row `b` of another, or the same, in the total order. */
  static compare(a: SortedRows, rowA: number, b: SortedRows, rowB: number): number {
    return (
      a.#times[2 * rowA + 1]! - b.#times[2 * rowB + 1]! ||
      a.#times[2 * rowA]! - b.#times[2 * rowB]! ||
      a.#ordinals[2 * rowA + 1]! - b.#ordinals[2 * rowB + 1]! ||
      a.#ordinals[2 * rowA]! - b.#ordinals[2 * rowB]! ||
      a.worker - b.worker ||
      a.#columns.conn[rowA]! - b.#columns.conn[rowB]! ||
      a.#columns.sub[rowA]! - b.#columns.sub[rowB]! ||
      a.#columns.key_index[rowA]! - b.#columns.key_index[rowB]!
    );
  }

  /** Whether two rows are keys of the same request. */
  static isSameRequest(a: SortedRows, rowA: number, b: SortedRows, rowB: number): boolean {
    return (
      a.#times[2 * rowA] === b.#times[2 * rowB] &&
      a.#times[2 * rowA + 1] === b.#times[2 * rowB + 1] &&
      a.#ordinals[2 * rowA] === b.#ordinals[2 * rowB] &&
      a.#ordinals[2 * rowA + 1] === b.#ordinals[2 * rowB + 1] &&
      a.worker === b.worker &&
      a.#columns.conn[rowA] === b.#columns.conn[rowB] &&
      a.#columns.sub[rowA] === b.#columns.sub[rowB]
    );
  }

  /** A row as an event. */
  eventAt(row: number, conn: number, request: number): CacheEvent {
    const columns = this.#columns;
    const shape = this.#shapes[columns.shape[row]!]!;
    const { present } = shape;
    const bits = this.#bits;
    const big = (name: BigColumn) => (present & bits[name] ? exact(columns[name][row]!) : null);
    const key = present & bits.key ? columns.key[row]! : -1;
    const event: CacheEvent = {
      ts_ns: (columns.time[row]! * this.#unit).toString(),
      conn,
      request,
      // Names of later versions are passed through.
      proto: shape.proto as Proto,
      transport: shape.transport as Transport,
      op: shape.op as Op,
      key: key < 0 ? null : this.#keyText(key),
      key_size: key < 0 ? null : this.#keys.size[key]!,
      value_size: present & bits.value_size ? columns.value_size[row]! : null,
      mode: shape.mode,
      flags: big('flags'),
      ttl: big('ttl'),
      delta: big('delta'),
      cas: shape.cas,
      quiet: shape.quiet,
      status: shape.status as Status,
      latency_ns: present & bits.latency ? columns.latency[row]! * this.#block.unit : null,
    };
    if (shape.flagLetters) event.meta_flags = shape.flagLetters;
    if (shape.marks.length > 0) event.marks = shape.marks as Mark[];
    for (const name of OPTIONAL) if (present & bits[name]) event[name] = exact(columns[name][row]!);
    return event;
  }

  #keyText(key: number): string {
    this.#keyTexts[key] ??= hashText(this.#keys.hash[key]!);
    return this.#keyTexts[key];
  }
}
