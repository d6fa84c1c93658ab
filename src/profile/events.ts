import type { CacheEvent } from '../event/event.js';
import { hashText } from '../event/values.js';
import type { Mark, Op, Proto, Status, Transport } from '../layout/generated.js';
import { EventNumbers } from './event-numbers.js';
import { createRows, EventOrder, type Waiting, waitingBlocks } from './event-order.js';
import type { ProfileReader } from './reader.js';
import { type EventShape, HAS, ShapeTable } from './shapes.js';
import { ALL_COLUMNS, type SortedBlock, sortBlock } from './sorted-block.js';
import { toBigInt } from './words.js';

/** Events that are put in order at a time. */
const ROWS = 4096;
/** Fields that an event has only where they have a value, and whether they are signed. */
const OPTIONAL = [
  ['initial', false],
  ['cas_new', false],
  ['vivify', true],
  ['recache', true],
  ['ttl_left', true],
] as const;

/**
 * Yields every event of the good blocks in the total order of FORMAT.md, with connections and requests
 * numbered by first appearance. Only the blocks whose time ranges contain the current time are in memory, as
 * columns. At the end every block has been checked, including those without events.
 */
export function* readEvents(reader: ProfileReader): Generator<CacheEvent> {
  const table = new ShapeTable();
  const order = new EventOrder(waitingBlocks([reader]));
  const numbers = new EventNumbers();
  const rows = {
    ...createRows(ROWS),
    conn: new Uint32Array(ROWS),
    request: new Float64Array(ROWS),
  };
  const texts = new KeyTexts();
  do {
    order.begin(rows);
    for (let block = order.fill(rows); block !== null; block = order.fill(rows))
      order.open(read(block, table));
    numbers.number(rows);
    for (let i = 0; i < rows.rows; i++) {
      const block = rows.blocks[rows.block[i]!]!;
      const row = rows.row[i]!;
      yield eventAt(
        { block, row, shape: table.shapes[block.shape[row]!]!, texts },
        rows.conn[i]!,
        rows.request[i]!,
      );
    }
  } while (rows.rows > 0);
  checkEmpty(reader);
}

/** Reads the blocks without events, of which, too, it is to be known whether they are good. */
export function checkEmpty(reader: ProfileReader): void {
  for (const entry of reader.blocks) if (entry.events === 0) reader.read(entry, (block) => block);
}

function read({ reader, entry, ...owner }: Waiting, table: ShapeTable): SortedBlock | null {
  return reader.read(entry, (block) =>
    sortBlock({ block, owner, wanted: ALL_COLUMNS, numbers: table.numbersOf(block) }),
  );
}

/** The texts of keys, made once for each entry of a block's dictionary. */
class KeyTexts {
  readonly #texts = new WeakMap<SortedBlock, string[]>();
  #block: SortedBlock | undefined;
  #ofBlock: string[] = [];

  of(block: SortedBlock, key: number): string {
    if (block !== this.#block) {
      this.#block = block;
      this.#ofBlock = this.#texts.get(block) ?? [];
      this.#texts.set(block, this.#ofBlock);
    }
    this.#ofBlock[key] ??= hashText(toBigInt(block.keyHash[2 * key]!, block.keyHash[2 * key + 1]!));
    return this.#ofBlock[key];
  }
}

interface Place {
  block: SortedBlock;
  row: number;
  shape: EventShape;
  texts: KeyTexts;
}

/** A row as an event. */
function eventAt({ block, row, shape, texts }: Place, conn: number, request: number): CacheEvent {
  const { has } = shape;
  const wide = (name: keyof SortedBlock['wide'], isSigned: boolean) => {
    if (!(has & HAS[name])) return null;
    const words = block.wide[name]!;
    return exact(words[2 * row]!, words[2 * row + 1]!, isSigned);
  };
  const key = has & HAS.key ? block.key[row]! : -1;
  const event: CacheEvent = {
    ts_ns: toBigInt(block.time[2 * row]!, block.time[2 * row + 1]!).toString(),
    conn,
    request,
    // Names of later versions are passed through.
    proto: shape.proto as Proto,
    transport: shape.transport as Transport,
    op: shape.op as Op,
    key: key < 0 ? null : texts.of(block, key),
    key_size: key < 0 ? null : block.keySize[key]!,
    value_size: has & HAS.value_size ? block.valueSize[row]! : null,
    mode: shape.mode,
    flags: wide('flags', false),
    ttl: wide('ttl', true),
    delta: wide('delta', false),
    cas: shape.cas,
    quiet: shape.quiet,
    status: shape.status as Status,
    latency_ns: has & HAS.latency ? block.latency[row]! : null,
  };
  if (shape.metaFlags) event.meta_flags = shape.metaFlags;
  if (shape.marks.length > 0) event.marks = [...shape.marks] as Mark[];
  for (const [name, isSigned] of OPTIONAL) {
    const value = wide(name, isSigned);
    if (value !== null) event[name] = value;
  }
  return event;
}

/** A number of two words, or its decimal digits as a string where a double would round it. */
function exact(low: number, high: number, isSigned: boolean): number | string {
  const value = (isSigned ? high | 0 : high) * 2 ** 32 + low;
  if (Number.isSafeInteger(value)) return value;
  const bits = toBigInt(low, high);
  return (isSigned ? BigInt.asIntN(64, bits) : bits).toString();
}
