/** Connections of a page, as a power of two; only pages that occur take memory. */
const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;

/**
 * Numbers connections by first appearance, from 0. Blocks number them within their worker, densely, so
 * tables serve better than a hash map: a lookup for every event must cost next to nothing.
 */
export class ConnNumbers {
  /** By worker, then page: number + 1 of each connection, 0 where it has none yet. */
  readonly #pages = new Map<number, Map<number, Uint32Array>>();
  #lastWorker = -1;
  #lastIndex = -1;
  #lastPage: Uint32Array = new Uint32Array(0);
  #size = 0;

  /** Connections seen so far. */
  get size(): number {
    return this.#size;
  }

  /** The number of a connection, which is below 2^32 within its worker. */
  numberOf(worker: number, conn: number): number {
    const index = conn >>> PAGE_BITS;
    if (index !== this.#lastIndex || worker !== this.#lastWorker) this.#turnTo(worker, index);
    const page = this.#lastPage;
    const at = conn & (PAGE - 1);
    const known = page[at]!;
    if (known > 0) return known - 1;
    page[at] = ++this.#size;
    return this.#size - 1;
  }

  /** Numbers the connections of a column, all of one worker. */
  add(worker: number, conns: Uint32Array): void {
    let index = -1;
    let page = this.#lastPage;
    for (let i = 0; i < conns.length; i++) {
      const conn = conns[i]!;
      if (conn >>> PAGE_BITS !== index) {
        index = conn >>> PAGE_BITS;
        this.#turnTo(worker, index);
        page = this.#lastPage;
      }
      if (page[conn & (PAGE - 1)] === 0) page[conn & (PAGE - 1)] = ++this.#size;
    }
  }

  #turnTo(worker: number, index: number): void {
    let pages = this.#pages.get(worker);
    if (pages === undefined) {
      pages = new Map();
      this.#pages.set(worker, pages);
    }
    let page = pages.get(index);
    if (page === undefined) {
      page = new Uint32Array(PAGE);
      pages.set(index, page);
    }
    this.#lastPage = page;
    this.#lastWorker = worker;
    this.#lastIndex = index;
  }
}
