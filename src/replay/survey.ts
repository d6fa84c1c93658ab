/** A look through the profiles before a replay: what was there before, and what is changed in place. */

import { createRows, EventOrder, waitingBlocks } from '../profile/event-order.js';
import { HAS } from '../profile/shapes.js';
import type { Blocks } from './blocks.js';
import { hashNumber } from './changed.js';
import { keptHigh, keptLow } from './keys.js';
import { type Rows, rowsOf } from './rows.js';
import { S } from './shapes.js';

/** Everything is looked at. */
const ANY = { protocol: 'as-recorded', udp: true } as const;
/** Rows that are put in order at a time. */
const BATCH = 1 << 14;

/** Keys that are followed at most; what is beyond is counted. */
const KEYS_MAX = 1 << 22;

/** An item that was there before the recording: its first use was a hit. */
export interface WarmItem {
  low: number;
  high: number;
  keySize: number;
  valueSize: number;
  flags: number;
}

export interface Survey {
  /** In the order of first use. */
  warm: WarmItem[];
  /** Hashes, as `hashNumber` makes them, of keys whose values are changed in place, by arithmetic for example. */
  changed: Set<number>;
  /** Whether there were more keys than are followed. */
  overflowed: boolean;
}

/** Goes through all events in their order. Memory grows with the keys, up to a bound. */
export function survey(blocks: Blocks): Survey {
  const found: Survey = { warm: [], changed: new Set(), overflowed: false };
  const seen = new Set<number>();
  for (const [rows, row] of rowsInOrder(blocks)) {
    const shape = rows.shapes[rows.shape[row]!]!;
    if (shape.op < 0 || !(shape.has & HAS.key)) continue;
    const key = rows.key[row]!;
    const keySize = rows.keySize[key]!;
    const low = keptLow(rows.keyHash[2 * key]!, keySize);
    const high = keptHigh(rows.keyHash[2 * key + 1]!, keySize);
    const name = hashNumber(low, high);
    if (shape.changesInPlace) {
      if (found.changed.size < KEYS_MAX) found.changed.add(name);
      else found.overflowed = true;
    }
    if (seen.has(name)) continue;
    if (seen.size >= KEYS_MAX) {
      found.overflowed = true;
      continue;
    }
    // A miss, too, says what was there before: nothing. A request whose outcome is not known says neither.
    if (shape.status === S.silent || shape.status === S.unanswered) continue;
    seen.add(name);
    if (shape.status !== S.hit || !(shape.has & HAS.value_size)) continue;
    const flags = shape.has & HAS.flags ? (rows.wide.flags?.[2 * row] ?? 0) : 0;
    found.warm.push({ low, high, keySize, valueSize: rows.valueSize[row]!, flags });
  }
  return found;
}

/** The rows of all good blocks in their order. */
function* rowsInOrder(blocks: Blocks): Generator<[Rows, number]> {
  const { baseNs } = blocks;
  const order = new EventOrder(waitingBlocks(blocks.readers));
  const rows = createRows(BATCH);
  do {
    order.begin(rows);
    for (let next = order.fill(rows); next !== null; next = order.fill(rows)) {
      const owner = { run: next.run, workerKey: next.workerKey, baseNs, target: ANY };
      order.open(blocks.read(next, (block) => rowsOf(block, owner)));
    }
    for (let i = 0; i < rows.rows; i++) yield [rows.blocks[rows.block[i]!] as Rows, rows.row[i]!];
  } while (rows.rows > 0);
}
