/** How memcached lays out memory: slabs.c of memcached 1.6. */

/** Bytes of a page. */
export const PAGE = 2 ** 20;
const ALIGN = 8;
/** Bytes of an item's header. */
export const ITEM_HEADER = 48;
/** Classes at most, but for one. */
const CLASSES_MAX = 63;

/** What memcached's command line says about memory. */
export interface SlabOptions {
  /** -f: growth from a class to the next. */
  factor: number;
  /** -n: bytes of key, value and flags of the smallest item. */
  least: number;
  /** -I: largest item. */
  itemMax: number;
  /** Not -C: items have a cas unique. */
  cas: boolean;
}

export const SLAB_DEFAULTS: SlabOptions = { factor: 1.25, least: 48, itemMax: PAGE, cas: true };

/** Bytes of a chunk, class by class, ascending. */
export function chunkSizes({ factor, least }: SlabOptions): number[] {
  const chunkMax = PAGE / 2;
  const sizes: number[] = [];
  let size = ITEM_HEADER + least;
  while (sizes.length < CLASSES_MAX - 1 && size < chunkMax / factor) {
    size = Math.ceil(size / ALIGN) * ALIGN;
    sizes.push(size);
    size = Math.floor(size * factor);
  }
  return [...sizes, chunkMax];
}

/** The class an item of so many bytes goes to; the last one for what is larger than its chunk, and takes several. */
export function classOf(sizes: readonly number[], bytes: number): number {
  let low = 0;
  let high = sizes.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bytes <= sizes[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
