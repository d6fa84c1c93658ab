import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { Histogram } from '../histogram.js';
import { type OpAnalysis, OpTally } from '../op-tally.js';
import { type Act, actOfOp } from '../shape-kind.js';

/** Counts, sizes and latencies by command. */
export class Commands implements Collector {
  readonly #tallies = new Map<string, OpTally>();

  add({ kinds, kindRows, rows, kind, valueSize, latency }: Batch): void {
    const tallies = kinds.map(({ op }) => this.#tally(op));
    // What all events of a shape have in common is counted once, by their number.
    for (let i = 0; i < kinds.length; i++) {
      if (kindRows[i]! > 0) tallies[i]!.add(kinds[i]!.shape, kindRows[i]!);
    }
    const sizes = kinds.map(({ hasValue }, i) => (hasValue ? tallies[i]!.valueSize : null));
    Histogram.recordRows(sizes, { kind, values: valueSize, from: 0, to: rows });
    const latencies = kinds.map(({ hasLatency }, i) => (hasLatency ? tallies[i]!.latency : null));
    Histogram.recordRows(latencies, { kind, values: latency, from: 0, to: rows });
  }

  /** Sizes of the values of all commands that do the same. */
  valueSizes(act: Act): Histogram {
    const sizes = new Histogram();
    for (const [op, { valueSize }] of this.#tallies) if (actOfOp(op) === act) sizes.merge(valueSize);
    return sizes;
  }

  #tally(op: string): OpTally {
    let tally = this.#tallies.get(op);
    if (tally === undefined) {
      tally = new OpTally(op);
      this.#tallies.set(op, tally);
    }
    return tally;
  }

  /** By command, the most frequent first; hits and misses only of commands that ask for a value. */
  result(): { ops: Record<string, OpAnalysis>; hits: number; misses: number } {
    const tallies = [...this.#tallies]
      .filter(([, { count }]) => count > 0)
      .sort(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1));
    const asking = tallies.map(([, tally]) => tally).filter(({ isRetrieval }) => isRetrieval);
    return {
      ops: Object.fromEntries(tallies.map(([op, tally]) => [op, tally.analysis()])),
      hits: asking.reduce((sum, { hits }) => sum + hits, 0),
      misses: asking.reduce((sum, { misses }) => sum + misses, 0),
    };
  }
}
