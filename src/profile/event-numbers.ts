import { ConnNumbers } from './conn-numbers.js';
import type { Rows } from './event-order.js';
import { isSameRequest } from './order.js';
import type { SortedBlock } from './sorted-block.js';

/** Rows with the numbers of their connections and requests. */
export interface NumberedRows extends Rows {
  conn: Uint32Array;
  /** Doubles, because there may be more than 2^32. */
  request: Float64Array;
}

/** Numbers connections and requests by first appearance. */
export class EventNumbers {
  readonly #conns = new ConnNumbers();
  #requests = 0;
  #before: SortedBlock | null = null;
  #rowBefore = 0;

  /** Requests so far. */
  get requests(): number {
    return this.#requests;
  }

  /**
   * Numbers events that follow those of the last call.
   *
   * @param numbered has the numbers of connections and requests in the end, from the row `from` on
   */
  number(numbered: NumberedRows, from = 0): void {
    const { rows, blocks, block: slots, row, conn, request } = numbered;
    const conns = this.#conns;
    let requests = this.#requests;
    let before = this.#before;
    let rowBefore = this.#rowBefore;
    for (let i = from; i < rows; i++) {
      const block = blocks[slots[i]!]!;
      const at = row[i]!;
      if (before === null || !isSameRequest(before, rowBefore, block, at)) requests++;
      before = block;
      rowBefore = at;
      request[i] = requests - 1;
      conn[i] = conns.numberOf(block.workerKey, block.conn[at]!);
    }
    this.#requests = requests;
    this.#before = before;
    this.#rowBefore = rowBefore;
  }
}
