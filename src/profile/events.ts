import type { CacheEvent } from '../event/event.js';
import { ConnNumbers } from './conn-numbers.js';
import type { BlockEntry } from './footer.js';
import type { ProfileReader } from './reader.js';
import { SortedRows } from './sorted-rows.js';

/**
 * Every event of the good blocks in the total order of FORMAT.md, connections and requests numbered by
 * first appearance. Holds only the blocks whose time ranges overlap where it stands, as columns. In the
 * end the reader knows of every block, those without events too, whether it is good.
 */
export function* readEvents(reader: ProfileReader): Generator<CacheEvent> {
  const waiting = reader.blocks.filter((entry) => entry.events > 0).sort(byStart);
  const conns = new ConnNumbers();
  let open: SortedRows[] = [];
  let next = 0;
  let request = -1;
  let before: SortedRows | undefined;
  let rowBefore = 0;
  for (;;) {
    let { first, second } = firstTwo(open);
    // A block not read yet may start at or before the earliest row at hand.
    while (next < waiting.length && (first === undefined || !first.isBefore(waiting[next]!.minNs))) {
      const rows = reader.read(waiting[next++]!, (block) => new SortedRows(block));
      if (rows === null) continue;
      open.push(rows);
      ({ first, second } = firstTwo(open));
    }
    if (first === undefined) break;
    const border = waiting[next]?.minNs;
    // Its rows follow each other up to where another block, open or not, may have the next one.
    do {
      const { row } = first;
      const same = before !== undefined && SortedRows.isSameRequest(before, rowBefore, first, row);
      if (!same) request++;
      before = first;
      rowBefore = row;
      yield first.eventAt(row, conns.numberOf(first.worker, first.connOf(row)), request);
      first.next();
    } while (
      !first.done &&
      (border === undefined || first.isBefore(border)) &&
      (second === undefined || SortedRows.compare(first, first.row, second, second.row) < 0)
    );
    if (first.done) open = open.filter((rows) => rows !== first);
  }
  for (const entry of reader.blocks) if (entry.events === 0) reader.read(entry, (block) => block);
}

function byStart(a: BlockEntry, b: BlockEntry): number {
  return a.minNs < b.minNs ? -1 : a.minNs > b.minNs ? 1 : a.worker - b.worker || a.seq - b.seq;
}

/**
 * The blocks with the first and the second next row. There are about as many as workers: looking at all is
 * quick.
 */
function firstTwo(open: readonly SortedRows[]): {
  first: SortedRows | undefined;
  second: SortedRows | undefined;
} {
  let first: SortedRows | undefined;
  let second: SortedRows | undefined;
  for (const rows of open) {
    if (first === undefined || SortedRows.compare(rows, rows.row, first, first.row) < 0) {
      second = first;
      first = rows;
    } else if (second === undefined || SortedRows.compare(rows, rows.row, second, second.row) < 0)
      second = rows;
  }
  return { first, second };
}
