import test from 'ava';
import fc from 'fast-check';
import { InFlight } from '#src/analyze/in-flight.js';
import { RowSorter } from '#src/analyze/sort-rows.js';

/** Times that are near each other, or far apart. */
const time = fc.oneof(fc.nat(50), fc.nat(2 ** 32), fc.maxSafeNat());

test('rows before a time are sorted, and keep their order where it is the same', (t) => {
  // One for all, as its memory is.
  const sorter = new RowSorter();
  fc.assert(
    fc.property(fc.array(time), time, fc.nat(3), (times, border, more) => {
      // What lies behind the rows is not looked at.
      const column = Float64Array.from([...times, ...Array<number>(more).fill(0)]);
      const due = times.map((at, row) => ({ at, row })).filter(({ at }) => at < border);
      const wanted = due.sort((a, b) => a.at - b.at || a.row - b.row).map(({ row }) => row);
      t.deepEqual([...sorter.sortBefore(border, column, times.length)], wanted);
    }),
  );
});

test('requests are in flight until their answers', (t) => {
  const requests = fc.array(fc.tuple(fc.nat(1000), fc.nat(200)), { maxLength: 3000 });
  fc.assert(
    fc.property(requests, (all) => {
      const sorted = all.sort(([a], [b]) => a - b);
      const inFlight = new InFlight();
      for (const [i, [start, latency]] of sorted.entries()) {
        inFlight.add(start + latency);
        const pending = sorted.slice(0, i + 1).filter(([from, took]) => from + took > start);
        t.is(inFlight.at(start), pending.length);
      }
    }),
    { numRuns: 30 },
  );
});
