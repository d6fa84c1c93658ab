import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { type OpAnalysis, OpTally } from '../op-tally.js';

/** Counts and latencies by command. */
export class Commands implements Collector {
  readonly #tallies = new Map<string, OpTally>();

  add({ kinds, kindRows, rows, kind, valueSize, latency }: Batch): void {
    const tallies = kinds.map(({ op, shape }, i) => {
      // What all events of a shape have in common is counted once, by their number.
      if (kindRows[i]! > 0) this.#tally(op).add(shape, kindRows[i]!);
      return this.#tally(op);
    });
    const sizes = kinds.map(({ hasValue }, i) => (hasValue ? tallies[i]!.valueSize : null));
    for (let i = 0; i < rows; i++) sizes[kind[i]!]?.record(valueSize[i]!);
    const latencies = kinds.map(({ hasLatency }, i) => (hasLatency ? tallies[i]!.latency : null));
    for (let i = 0; i < rows; i++) latencies[kind[i]!]?.record(latency[i]!);
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
