import { grown } from './grown.js';
import { RowSorter } from './sort-rows.js';

/** Requests that wait until all earlier ones have been read, as columns. */
export class WaitingRequests {
  /** Rows that wait. */
  rows = 0;
  time = new Float64Array(0);
  latency = new Float64Array(0);
  conn = new Uint32Array(0);
  /** Number of the command and status. */
  label = new Uint16Array(0);
  /** Bytes; -1: none. */
  valueSize = new Float64Array(0);
  /** Since the request before it on its connection; -1: none. */
  gap = new Float64Array(0);
  readonly #sorter = new RowSorter();

  /** Makes room for more rows. */
  reach(more: number): void {
    const wanted = this.rows + more;
    if (wanted <= this.time.length) return;
    const length = 2 * wanted;
    this.time = grown(this.time, length, this.rows);
    this.latency = grown(this.latency, length, this.rows);
    this.conn = grown(this.conn, length, this.rows);
    this.label = grown(this.label, length, this.rows);
    this.valueSize = grown(this.valueSize, length, this.rows);
    this.gap = grown(this.gap, length, this.rows);
  }

  /** The rows before a time in order; those of one time in that of their coming. Holds until the next call. */
  before(border: number): Uint32Array {
    return this.#sorter.sortBefore(border, this.time, this.rows);
  }

  /** Forgets the rows before a time. The others keep their order. */
  dropBefore(border: number): void {
    const { time, latency, conn, label, valueSize, gap } = this;
    let kept = 0;
    for (let i = 0; i < this.rows; i++) {
      if (time[i]! < border) continue;
      time[kept] = time[i]!;
      latency[kept] = latency[i]!;
      conn[kept] = conn[i]!;
      label[kept] = label[i]!;
      valueSize[kept] = valueSize[i]!;
      gap[kept] = gap[i]!;
      kept++;
    }
    this.rows = kept;
  }
}
