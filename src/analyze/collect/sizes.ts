import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { ITEM_OVERHEAD } from '../event-kinds.js';
import { Histogram, type Percentiles } from '../histogram.js';
import type { KeyColumn, KeyTable } from '../key-table.js';
import { chunkSizes, classOf, SLAB_DEFAULTS } from '../slabs.js';

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

/** Sizes of keys, values and items, and the memory that memcached needs for them. */
export class SizeCounter implements Collector {
  readonly #table: KeyTable;
  readonly #stored = new Histogram();
  readonly #fetched = new Histogram();
  /** By key: the last known size of its item. */
  readonly #item: KeyColumn;

  constructor(table: KeyTable) {
    this.#table = table;
    this.#item = table.column();
  }

  add({ kinds, rows, kind, entry, ids, keySizes, valueSize }: Batch): void {
    const histograms = kinds.map(({ act, hasValue }) =>
      !hasValue ? null : act === 'write' ? this.#stored : act === 'read' ? this.#fetched : null,
    );
    const overhead = Int32Array.from(kinds, ({ act, replaces, hasValue, hasKey, flagBytes }) =>
      hasKey && hasValue && (act === 'read' || replaces) ? ITEM_OVERHEAD + flagBytes : 0,
    );
    const items = new Float64Array(ids.length);
    for (let i = 0; i < rows; i++) {
      const of = kind[i]!;
      histograms[of]?.record(valueSize[i]!);
      if (overhead[of] !== 0) items[entry[i]!] = overhead[of]! + valueSize[i]!;
    }
    for (let i = 0; i < ids.length; i++) {
      if (items[i]! > 0 && ids[i]! >= 0) this.#item.values[ids[i]!] = items[i]! + keySizes[i]!;
    }
  }

  /** @param key sizes of keys by power of two */
  result(key: Sizes['powers']['key']): Sizes {
    const chunks = chunkSizes(SLAB_DEFAULTS);
    const classes = chunks.map((chunk): SlabClass => ({ chunk, items: 0, bytes: 0, chunk_bytes: 0 }));
    const item = new Histogram();
    let unknown = 0;
    const { rate, size } = this.#table;
    for (let id = 0; id < size; id++) {
      if (!this.#table.isSampled(id)) continue;
      const bytes = this.#item.values[id]!;
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
      stored: this.#stored.percentiles(),
      fetched: this.#fetched.percentiles(),
      item: item.percentiles(),
      items: {
        count: sum('items'),
        bytes: sum('bytes'),
        chunk_bytes: sum('chunk_bytes'),
        unknown: whole(unknown),
      },
      slabs,
      powers: { key, stored: this.#stored.powers(), fetched: this.#fetched.powers(), item: item.powers() },
    };
  }
}
