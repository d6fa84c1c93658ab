import type { ColumnChunk, OffsetIndex, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { BloomBuilder } from 'hyparquet-writer/src/bloom.js';
import { writeColumn } from 'hyparquet-writer/src/column.js';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import type { EventShape } from '../profile/shapes.js';
import type { Batch } from './batch.js';
import type { Encoded, Encoder } from './encoder.js';
import { PARQUET_COLUMNS, PARQUET_SCHEMA, type ParquetColumn } from './parquet-schema.js';
import { type GroupColumn, RowGroup, Scratch } from './row-group.js';

/** Bytes of a page before it is compressed. */
const PAGE_BYTES = 1 << 20;

/** A column of a row group as it goes into the file. */
export interface EncodedColumn {
  /** With offsets counted from the group's first byte. */
  chunk: ColumnChunk;
  /** Likewise; where there are several pages. */
  offsetIndex?: OffsetIndex;
  bloomFilter?: Uint32Array;
}

/** A column chunk whose rows are all the same: its bytes are those of every row group of this size. */
interface SameChunk {
  bytes: Uint8Array;
  /** With offsets counted from its first byte. */
  column: EncodedColumn;
}

/**
 * Turns batches into row groups, by hyparquet-writer. It is used column by column, because most profiles have columns
 * without any value, or with the same in all rows, and these cost it as much as others.
 */
export class GroupEncoder implements Encoder {
  readonly #same = new Map<string, SameChunk>();
  readonly #scratch = new Scratch();

  encode(batch: Batch, shapes: readonly EventShape[]): Encoded {
    const { rows } = batch;
    const group = new RowGroup(batch, shapes, this.#scratch);
    const writer = new ByteWriter(1 << 22);
    const columns = PARQUET_COLUMNS.map((column): EncodedColumn => {
      const data = group.column(column.element.name);
      if (data.kind === 'same') return this.#writeSame(writer, column, { rows, value: data.value });
      if (column.element.name !== 'key') return writeOne(writer, column, { rows, ...data });
      const keys = group.keys.all;
      const how: ParquetColumn = dictionaryPays(keys.length, data.present)
        ? column
        : { ...column, encoding: 'PLAIN' };
      const encoded = writeOne(writer, how, { rows, ...data });
      const bloomFilter = bloomOf(keys, column.element);
      return bloomFilter === undefined ? encoded : { ...encoded, bloomFilter };
    });
    return { bytes: writer.getBytes(), columns };
  }

  /** Writes a column chunk whose rows are all the same. */
  #writeSame(
    writer: ByteWriter,
    column: ParquetColumn,
    { rows, value }: { rows: number; value: string | boolean | undefined },
  ): EncodedColumn {
    const name = `${column.element.name} ${rows} ${value}`;
    let same = this.#same.get(name);
    if (same === undefined) {
      const { encoding: asked, ...rest } = column;
      const encoding = value === undefined ? 'PLAIN' : asked;
      const values = new Array(rows).fill(value);
      const levels = new Uint8Array(rows).fill(value === undefined ? 0 : 1);
      const how = encoding === undefined ? rest : { ...rest, encoding };
      const alone = new ByteWriter();
      const present = value === undefined ? 0 : rows;
      const encoded = writeOne(alone, how, { rows, values, levels, present, isSmall: false });
      same = { bytes: alone.getBytes(), column: encoded };
      this.#same.set(name, same);
    }
    const offset = writer.offset;
    writer.appendBytes(same.bytes);
    return shifted(same.column, BigInt(offset));
  }
}

/** A column whose offsets count from so many bytes further ahead. */
export function shifted({ chunk, offsetIndex, ...rest }: EncodedColumn, by: bigint): EncodedColumn {
  const { data_page_offset, dictionary_page_offset, ...meta } = chunk.meta_data!;
  return {
    ...rest,
    chunk: {
      ...chunk,
      file_offset: chunk.file_offset + by,
      meta_data: {
        ...meta,
        data_page_offset: data_page_offset + by,
        ...(dictionary_page_offset === undefined
          ? {}
          : { dictionary_page_offset: dictionary_page_offset + by }),
      },
    },
    ...(offsetIndex === undefined
      ? {}
      : {
          offsetIndex: {
            ...offsetIndex,
            page_locations: offsetIndex.page_locations.map((page) => ({ ...page, offset: page.offset + by })),
          },
        }),
  };
}

/** Writes a column chunk. */
function writeOne(
  writer: ByteWriter,
  { element, encoding, statistics = false, isPacked = false }: ParquetColumn,
  data: Omit<Extract<GroupColumn, { kind: 'values' }>, 'kind'> & { rows: number },
): EncodedColumn {
  const { rows, values, isSmall } = data;
  const isOptional = element.repetition_type === 'OPTIONAL';
  const levels = !isOptional ? [] : (data.levels ?? new Uint8Array(rows).fill(1));
  // Packed deltas of small integers are the same bytes for both widths, and of 32 bits the library does not
  // compare each with the limits, which are bigints.
  const isNarrowed = isSmall && element.type === 'INT64' && encoding === 'DELTA_BINARY_PACKED';
  const { chunk, offsetIndex } = writeColumn({
    writer,
    column: {
      columnName: element.name,
      element: isNarrowed ? { ...physical(element), type: 'INT32' } : physical(element),
      schemaPath: [PARQUET_SCHEMA[0]!, element],
      codec: isPacked ? 'UNCOMPRESSED' : 'SNAPPY',
      compressors: { SNAPPY: snappyCompress },
      stats: statistics,
      pageSize: PAGE_BYTES,
      columnIndex: false,
      offsetIndex: true,
      ...(encoding === undefined ? {} : { encoding }),
    },
    pageData: {
      values: values as unknown[],
      // Arrays are asked for, and any that can be indexed and sliced will do.
      definitionLevels: levels as unknown as number[],
      repetitionLevels: [],
      maxDefinitionLevel: isOptional ? 1 : 0,
    },
  });
  chunk.meta_data!.type = element.type!;
  return offsetIndex === undefined ? { chunk } : { chunk, offsetIndex };
}

/** A column as integers, where it is one of times: the library would look at each whether it is a Date. */
function physical({ logical_type, ...element }: SchemaElement): SchemaElement {
  return logical_type === undefined || logical_type.type === 'TIMESTAMP'
    ? element
    : { ...element, logical_type };
}

/**
 * Whether the library would keep a dictionary of keys of 8 bytes, by its rule: it must at least halve the bytes. It
 * finds that out by making one, which takes longer than everything else it does with keys.
 */
function dictionaryPays(distinct: number, present: number): boolean {
  const indexBytes = Math.ceil((present * Math.ceil(Math.log2(distinct))) / 8);
  return 2 * (8 * distinct + indexBytes) <= 8 * present;
}

/** The bloom filter of a group's keys. */
function bloomOf(keys: readonly Uint8Array[], element: SchemaElement): Uint32Array | undefined {
  const builder = new BloomBuilder(element);
  for (const key of keys) builder.insert(key);
  return builder.finalize();
}
