/** The items to load before a replay, as blocks of rows, so that they are sent as everything else is. */
import { HAS } from '../profile/shapes.js';
import type { Source } from './feed.js';
import { makeRows } from './made-rows.js';
import type { ReplayProtocol } from './options.js';
import type { Rows } from './rows.js';
import { type CommandShape, OPS, S, shapeOf } from './shapes.js';
import type { WarmItem } from './survey.js';

/** Items of one block. */
const ROWS = 1 << 15;

/**
 * The deliveries of a warm-up. Which item was used last before the recording is not known; one that is used early in
 * it was probably used late before, so that it is loaded late.
 *
 * @param items in the order of their first use
 */
export function warmDeliveries(items: readonly WarmItem[], protocol: ReplayProtocol): Source {
  let left = items.length;
  return {
    next() {
      if (left === 0) return 'end';
      const end = left;
      left = Math.max(0, left - ROWS);
      const start = items.length - end;
      return { start, rows: rowsOfItems(items.slice(left, end).reverse(), start, protocol), records: [] };
    },
    free() {},
  };
}

/** Rows of sets, one a nanosecond, each on a connection of its own; connections are folded. */
function rowsOfItems(items: readonly WarmItem[], start: number, protocol: ReplayProtocol): Rows {
  const made = makeRows(items.length, [shapeFor(protocol)]);
  for (const [i, { low, high, keySize, valueSize, flags }] of items.entries()) {
    made.at[i] = start + i;
    made.time[2 * i] = start + i;
    made.conn[i] = start + i;
    made.keyHash[2 * i] = low;
    made.keyHash[2 * i + 1] = high;
    made.keySize[i] = keySize;
    made.valueSize[i] = valueSize;
    made.wide.flags![2 * i] = flags;
  }
  return made;
}

function shapeFor(protocol: ReplayProtocol): CommandShape {
  const isText = protocol === 'as-recorded' || protocol === 'text';
  return shapeOf({
    ...{ op: OPS.indexOf('set'), verb: 'store', protocol: isText ? 'text' : protocol, asRecorded: isText },
    ...{ mode: 'set', status: S.stored, has: HAS.key | HAS.value_size | HAS.flags },
  });
}
