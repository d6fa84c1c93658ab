/** Rows of several blocks that are put in order together. */
import test from 'ava';
import fc from 'fast-check';
import { RowWindow } from '#src/analyze/row-window.js';

const TIES = ['run', 'ordinal', 'worker', 'conn', 'sub', 'keyIndex'] as const;

const row = fc.record({
  time: fc.oneof(fc.nat(20), fc.constantFrom(2 ** 33, 2 ** 33 + 1, 2 ** 45)),
  ties: fc.tuple(fc.nat(1), fc.nat(3), fc.nat(1), fc.nat(1), fc.nat(1), fc.nat(1)),
});

test('rows come out by time, and those of one time in the order of FORMAT.md', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.array(row, { maxLength: 60 }), { maxLength: 4 }),
      fc.constantFrom(1, 1000),
      fc.nat(25),
      (blocks, unit, border) => {
        const window = new RowWindow();
        const found: string[] = [];
        const take = (before: number) => {
          for (;;) {
            window.findOrder(before, unit);
            if (window.ordered === 0) return;
            for (const at of window.order.subarray(0, window.ordered)) {
              found.push([window.time[at]! / unit, ...TIES.map((name) => window[name][at]!)].join(' '));
            }
            window.remove();
          }
        };
        const isEarly = ({ time }: { time: number }) => time < border;
        for (const block of blocks) {
          window.reserve(block.length);
          for (const { time, ties } of block) {
            window.time[window.rows] = time * unit;
            for (const [i, name] of TIES.entries()) window[name][window.rows] = ties[i]!;
            window.rows++;
          }
        }
        take(border * unit);
        const rows = blocks.flat().map(({ time, ties }) => [time, ...ties]);
        rows.sort((a, b) => a.map((one, i) => one - b[i]!).find((difference) => difference !== 0) ?? 0);
        t.is(found.length, blocks.flat().filter(isEarly).length);
        take(Number.POSITIVE_INFINITY);
        t.deepEqual(
          found,
          rows.map((one) => one.join(' ')),
        );
      },
    ),
  );
});
