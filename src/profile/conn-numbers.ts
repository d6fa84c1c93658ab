/** Connections of a page, as a power of two; only pages that are used take memory. */
const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;
/** Pages that are always made: 16 MiB. */
const PAGES_FREE = 1024;
/** Connections that must have been seen for each further page, which is 128 bytes for each connection. */
const CONNS_A_PAGE = 128;
/** Number of hash maps, a power of two; several, because a Map holds at most 2^24 entries. */
const TABLE_BITS = 6;
/**
 * An odd factor, random in each process, so that no profile can be crafted to put all entries into one
 * bucket.
 */
const FACTOR = crypto.getRandomValues(new Uint32Array(1))[0]! | 1;

/**
 * Numbers connections by first appearance, from 0. Workers number their connections densely, so that tables
 * are much faster than a hash map, and there is a lookup for every event. A profile with other numbers is
 * read, too, with hash maps where tables would take too much memory.
 */
export class ConnNumbers {
  /** By worker and page: number + 1 of each connection, 0 where it has none yet. */
  readonly #pages = new Map<number, Map<number, Uint32Array>>();
  /** By worker: the index of the page used last, and the page; null where it must not be made. */
  readonly #lastIndex: number[] = [];
  readonly #lastPage: (Uint32Array | null)[] = [];
  #pageCount = 0;
  /** Number + 1 of connections without a page; null as long as there are none. */
  #scattered: Map<number, number>[] | null = null;
  readonly #workers = new Map<number, number>();
  #size = 0;

  /** Connections seen so far. */
  get size(): number {
    return this.#size;
  }

  /** The number of a connection, which is below 2^32 within its worker. */
  numberOf(worker: number, conn: number): number {
    const index = conn >>> PAGE_BITS;
    const page = index === this.#lastIndex[worker] ? this.#lastPage[worker]! : this.#turnTo(worker, index);
    if (page === null) return this.#scatteredNumber(worker, conn);
    const at = conn & (PAGE - 1);
    const known = page[at]!;
    if (known > 0) return known - 1;
    page[at] = ++this.#size;
    return this.#size - 1;
  }

  /** Puts the numbers of connections, all of one worker, in their place. */
  exchange(worker: number, conns: Uint32Array): void {
    let index = -1;
    let page: Uint32Array | null = null;
    for (let i = 0; i < conns.length; i++) {
      const conn = conns[i]!;
      if (conn >>> PAGE_BITS !== index) {
        index = conn >>> PAGE_BITS;
        page = this.#turnTo(worker, index);
      }
      if (page === null) {
        conns[i] = this.#scatteredNumber(worker, conn);
        continue;
      }
      const at = conn & (PAGE - 1);
      if (page[at] === 0) page[at] = ++this.#size;
      conns[i] = page[at]! - 1;
    }
  }

  /** The page of a connection; null where it must not be made. */
  #turnTo(worker: number, index: number): Uint32Array | null {
    let pages = this.#pages.get(worker);
    if (pages === undefined) {
      pages = new Map();
      this.#pages.set(worker, pages);
    }
    const page = pages.get(index) ?? this.#makePage(pages, index);
    this.#lastIndex[worker] = index;
    this.#lastPage[worker] = page;
    return page;
  }

  #makePage(pages: Map<number, Uint32Array>, index: number): Uint32Array | null {
    // A page that was not made once must not be made later, because its connections have numbers already.
    if (this.#scattered !== null) return null;
    if (this.#pageCount >= PAGES_FREE + this.#size / CONNS_A_PAGE) {
      this.#scattered = Array.from({ length: 1 << TABLE_BITS }, () => new Map());
      return null;
    }
    const page = new Uint32Array(PAGE);
    pages.set(index, page);
    this.#pageCount++;
    return page;
  }

  #scatteredNumber(worker: number, conn: number): number {
    let workerIndex = this.#workers.get(worker);
    if (workerIndex === undefined) {
      workerIndex = this.#workers.size;
      this.#workers.set(worker, workerIndex);
    }
    const hash = Math.imul(conn, FACTOR) >>> 0;
    const table = this.#scattered![hash >>> (32 - TABLE_BITS)]!;
    const key = workerIndex * 2 ** 32 + hash;
    const known = table.get(key);
    if (known !== undefined) return known - 1;
    table.set(key, ++this.#size);
    return this.#size - 1;
  }
}
