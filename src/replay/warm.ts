/** The items to load before a replay, as blocks of rows, so that they are sent as everything else is. */
import type { Delivery } from './incoming.js';
import type { ReplayProtocol } from './options.js';
import type { Rows } from './rows.js';
import { type CommandShape, HAS, OPS, S } from './shapes.js';
import type { WarmItem } from './survey.js';

/** Items of one block. */
const ROWS = 1 << 15;

/**
 * Makes the deliveries of a warm-up. Which item was used last before the recording is not known; one that is used early in
 * it was probably used late before, so that it is loaded late.
 *
 * @param items in the order of their first use
 */
export function warmDeliveries(items: readonly WarmItem[], protocol: ReplayProtocol): () => Delivery {
  let left = items.length;
  return () => {
    if (left === 0) return 'end';
    const end = left;
    left = Math.max(0, left - ROWS);
    return {
      start: items.length - end,
      rows: rowsOfItems(items.slice(left, end).reverse(), items.length - end, protocol),
      records: [],
    };
  };
}

const words = (length: number) => new Uint32Array(new SharedArrayBuffer(4 * length));

/** Rows of sets, one a nanosecond, each on a connection of its own; connections are folded. */
function rowsOfItems(items: readonly WarmItem[], start: number, protocol: ReplayProtocol): Rows {
  const rows = items.length;
  const none = words(rows);
  const made: Rows = {
    ...{ run: 0, worker: 0, workerKey: 0, rows, taken: 0 },
    order: words(rows),
    at: new Float64Array(new SharedArrayBuffer(8 * rows)),
    ordinal: words(2 * rows),
    conn: words(rows),
    ...{ sub: none, keyIndex: none, shape: none },
    shapes: [shapeOf(protocol)],
    key: words(rows),
    keyHash: words(2 * rows),
    keySize: words(rows),
    valueSize: words(rows),
    latency: new Float64Array(new SharedArrayBuffer(8 * rows)),
    wide: {
      flags: words(2 * rows),
      ttl: null,
      delta: null,
      initial: null,
      cas_new: null,
      vivify: null,
      recache: null,
    },
  };
  for (const [i, { low, high, keySize, valueSize, flags }] of items.entries()) {
    made.order[i] = i;
    made.at[i] = start + i;
    made.conn[i] = start + i;
    made.key[i] = i;
    made.keyHash[2 * i] = low;
    made.keyHash[2 * i + 1] = high;
    made.keySize[i] = keySize;
    made.valueSize[i] = valueSize;
    made.wide.flags![2 * i] = flags;
  }
  return made;
}

function shapeOf(protocol: ReplayProtocol): CommandShape {
  return {
    op: OPS.indexOf('set'),
    verb: 'store',
    protocol: protocol === 'as-recorded' ? 'text' : protocol,
    asRecorded: protocol === 'as-recorded' || protocol === 'text',
    mode: 'set',
    ...{ gets: false, cas: false, quiet: false, base64: false, letters: '', changesInPlace: false },
    status: S.stored,
    has: HAS.key | HAS.value_size | HAS.flags,
    leftOut: '',
  };
}
