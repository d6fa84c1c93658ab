/** The merge of blocks, some rows of which are left out while others were taken already. */
import test from 'ava';
import fc from 'fast-check';
import { createRows, EventOrder, type Waiting } from '#src/profile/event-order.js';
import { orderRows } from '#src/profile/order.js';
import type { SortedBlock } from '#src/profile/sorted-block.js';

/** A block of rows with these times, which says nothing else about them. */
function blockOf(times: readonly number[], worker: number): SortedBlock {
  const none = new Uint32Array(times.length);
  const block = {
    ...{ run: 0, worker, workerKey: worker, rows: times.length, conn: none, sub: null, keyIndex: null },
    time: Uint32Array.from(times.flatMap((time) => [time, 0])),
    ordinal: Uint32Array.from(times.flatMap((_, row) => [row, 0])),
    order: Uint32Array.from(times.keys()),
  } as unknown as SortedBlock;
  orderRows(block.order, block);
  return block;
}

test('rows that are left out do not come, and the others come in order', (t) => {
  const times = fc.array(fc.nat(50), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(times, { minLength: 1, maxLength: 3 }), fc.nat(40), (blocks, taken) => {
      const start = { high: 0, low: 0 };
      const order = new EventOrder(blocks.map((_, worker) => ({ start, workerKey: worker }) as Waiting));
      const rows = createRows(taken);
      const found: [time: number, worker: number, row: number][] = [];
      const take = (into: typeof rows) => {
        order.begin(into);
        for (let next = order.fill(into); next !== null; next = order.fill(into))
          order.open(blockOf(blocks[next.workerKey]!, next.workerKey));
        for (let i = 0; i < into.rows; i++) {
          const { worker, time } = into.blocks[into.block[i]!]!;
          const row = into.row[i]!;
          found.push([time[2 * row]!, worker, row]);
        }
      };
      take(rows);
      const early = found.length;
      const isKept = (worker: number, row: number) => (worker + row) % 3 !== 0;
      // Before the first row is taken there is no block.
      if (taken > 0) order.keep(({ worker }, row) => isKept(worker, row));
      take(createRows(200));
      const all = blocks
        .flatMap((times, worker) => times.map((time, row): [number, number, number] => [time, worker, row]))
        .sort(([timeA, workerA, rowA], [timeB, workerB, rowB]) => {
          return timeA - timeB || rowA - rowB || workerA - workerB;
        });
      const late = all.slice(early).filter(([, worker, row]) => taken === 0 || isKept(worker, row));
      t.deepEqual(found, [...all.slice(0, early), ...late]);
    }),
  );
});
