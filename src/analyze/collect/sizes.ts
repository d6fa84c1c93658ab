import { Histogram, type Percentiles } from '../histogram.js';
import { chunkSizes, classOf, SLAB_DEFAULTS } from '../slabs.js';
import { ITEM, type KeyTally } from './key-tally.js';

/** A slab class of memcached with its default options. */
export interface SlabClass {
  /** Bytes of a chunk. */
  chunk: number;
  items: number;
  /** Bytes of the items, overhead included, and of the chunks they take. */
  bytes: number;
  chunk_bytes: number;
}

export interface Sizes {
  /** Sizes of values stored and of values fetched, once for every event. */
  stored: Percentiles;
  fetched: Percentiles;
  /** Sizes of items as memcached keeps them (header, cas unique, key, flags and value), once for every key. */
  item: Percentiles;
  /** Items whose size is known, their bytes and those of the chunks that hold them. */
  items: { count: number; bytes: number; chunk_bytes: number; unknown: number };
  slabs: SlabClass[];
  /** Distributions by power of two: see Histogram.powers. Keys as often as they were asked for, the rest as above. */
  powers: Record<'key' | 'stored' | 'fetched' | 'item', [below: number, count: number][]>;
}

/**
 * Sizes of keys, values and items, and the memory that memcached needs for them.
 *
 * @param stored sizes of the values stored and fetched
 */
export function sizesOf({ table, sizes: keys }: KeyTally, stored: Histogram, fetched: Histogram): Sizes {
  const chunks = chunkSizes(SLAB_DEFAULTS);
  const classes = chunks.map((chunk): SlabClass => ({ chunk, items: 0, bytes: 0, chunk_bytes: 0 }));
  const item = new Histogram();
  let unknown = 0;
  const { rate, size, counts } = table;
  for (let id = 0; id < size; id++) {
    if (!table.isSampled(id)) continue;
    const bytes = counts.values[counts.width * id + ITEM]!;
    if (bytes === 0) {
      unknown++;
      continue;
    }
    item.record(bytes);
    const own = classes[classOf(chunks, bytes)]!;
    own.items++;
    own.bytes += bytes;
    own.chunk_bytes += Math.ceil(bytes / own.chunk) * own.chunk;
  }
  const whole = (value: number) => Math.round(value / rate);
  const slabs = classes
    .filter(({ items }) => items > 0)
    .map(({ chunk, items, bytes, chunk_bytes }) => ({
      chunk,
      items: whole(items),
      bytes: whole(bytes),
      chunk_bytes: whole(chunk_bytes),
    }));
  const sum = (field: 'items' | 'bytes' | 'chunk_bytes') => slabs.reduce((all, one) => all + one[field], 0);
  return {
    stored: stored.percentiles(),
    fetched: fetched.percentiles(),
    item: item.percentiles(),
    items: {
      count: sum('items'),
      bytes: sum('bytes'),
      chunk_bytes: sum('chunk_bytes'),
      unknown: whole(unknown),
    },
    slabs,
    powers: { key: keys.powers(), stored: stored.powers(), fetched: fetched.powers(), item: item.powers() },
  };
}
