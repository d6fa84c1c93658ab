import type { ColumnChunk, SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { BloomBuilder, writeBlooms } from 'hyparquet-writer/src/bloom.js';
import { writeColumn } from 'hyparquet-writer/src/column.js';
import { writeIndexes } from 'hyparquet-writer/src/indexes.js';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import type { Batch } from './batch.js';
import { type Encoder, NOTHING } from './encoder.js';
import { PARQUET_COLUMNS, PARQUET_SCHEMA, type ParquetColumn } from './parquet-schema.js';
import { type GroupColumn, RowGroup } from './row-group.js';
import type { EventShape } from './shapes.js';

/** Rows of a row group: 60 of DuckDB's vectors, the size it makes them itself. */
export const GROUP_ROWS = 122_880;
/** Bytes of a page before it is compressed. */
const PAGE_BYTES = 1 << 20;

/** A column chunk whose rows are all the same: its bytes are those of every row group of this size. */
interface SameChunk {
  bytes: Uint8Array;
  /** With offsets counted from its first byte. */
  chunk: ColumnChunk;
}

/**
 * Parquet, by hyparquet-writer. A row group goes out as soon as it is full, with the bloom filter of its keys behind
 * it: the library itself keeps the filters of all groups to the end. Its writer is used column by column, because
 * most profiles have columns without any value, or with the same in all rows, and these cost it as much as others.
 */
export class ParquetEncoder implements Encoder {
  readonly changed = {};
  readonly #bytes = new ByteWriter(1 << 22);
  readonly #writer: ParquetWriter;
  readonly #same = new Map<string, SameChunk>();
  readonly #group = new RowGroup(GROUP_ROWS);

  /** @param tool what writes the file, for its footer */
  constructor(tool: string) {
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema: PARQUET_SCHEMA, createdBy: tool });
  }

  start(): Uint8Array {
    return NOTHING;
  }

  encode(batch: Batch, shapes: readonly EventShape[]): Uint8Array {
    for (let from = 0; from < batch.rows; ) {
      from = this.#group.add(batch, from, shapes);
      if (this.#group.rows === GROUP_ROWS) this.#writeGroup();
    }
    return this.#take();
  }

  end(): Uint8Array {
    if (this.#group.rows > 0) this.#writeGroup();
    this.#writer.finish();
    return this.#take();
  }

  #writeGroup(): void {
    const { rows, keys } = this.#group;
    const start = this.#bytes.offset;
    const results = PARQUET_COLUMNS.map((column) => {
      const data = this.#group.column(column.element.name);
      return data.kind === 'same'
        ? this.#writeSame(column, rows, data.value)
        : writeOne(this.#bytes, column, { rows, ...data });
    });
    const columns = results.map(({ chunk }) => chunk);
    this.#writer.row_groups.push({
      columns,
      total_byte_size: columns.reduce((sum, { meta_data }) => sum + meta_data!.total_uncompressed_size, 0n),
      num_rows: BigInt(rows),
      total_compressed_size: BigInt(this.#bytes.offset - start),
    });
    this.#writer.num_rows += BigInt(rows);
    writeIndexes(this.#bytes, results);
    const key = PARQUET_COLUMNS.findIndex(({ element }) => element.name === 'key');
    const bloomFilter = bloomOf(keys, PARQUET_COLUMNS[key]!.element);
    if (bloomFilter !== undefined) writeBlooms(this.#bytes, [{ ...results[key]!, bloomFilter }]);
    this.#group.clear();
  }

  /** Writes a column chunk whose rows are all the same. */
  #writeSame(
    column: ParquetColumn,
    rows: number,
    value: string | boolean | undefined,
  ): { chunk: ColumnChunk } {
    const name = `${column.element.name} ${rows} ${value}`;
    let same = this.#same.get(name);
    if (same === undefined) {
      const writer = new ByteWriter();
      const { encoding: asked, ...rest } = column;
      const encoding = value === undefined ? 'PLAIN' : asked;
      const values = new Array(rows).fill(value);
      const levels = new Uint8Array(rows).fill(value === undefined ? 0 : 1);
      const how = encoding === undefined ? rest : { ...rest, encoding };
      const { chunk } = writeOne(writer, how, { rows, values, levels, isSmall: false });
      same = { bytes: writer.getBytes(), chunk };
      this.#same.set(name, same);
    }
    const offset = BigInt(this.#bytes.offset);
    this.#bytes.appendBytes(same.bytes);
    const { meta_data, ...rest } = same.chunk;
    const { data_page_offset, dictionary_page_offset } = meta_data!;
    return {
      chunk: {
        ...rest,
        file_offset: offset,
        meta_data: {
          ...meta_data!,
          data_page_offset: data_page_offset + offset,
          ...(dictionary_page_offset === undefined
            ? {}
            : { dictionary_page_offset: dictionary_page_offset + offset }),
        },
      },
    };
  }

  /** What was written since the last call. */
  #take(): Uint8Array {
    const bytes = new Uint8Array(this.#bytes.buffer, 0, this.#bytes.index);
    this.#bytes.index = 0;
    return bytes;
  }
}

/** Writes a column chunk. */
function writeOne(
  writer: ByteWriter,
  { element, encoding, statistics = false, isPacked = false }: ParquetColumn,
  data: Omit<Extract<GroupColumn, { kind: 'values' }>, 'kind'> & { rows: number },
): ReturnType<typeof writeColumn> {
  const { rows, values, isSmall } = data;
  const isOptional = element.repetition_type === 'OPTIONAL';
  const levels = !isOptional ? [] : (data.levels ?? new Uint8Array(rows).fill(1));
  // Packed deltas of small integers are the same bytes for both widths, and of 32 bits the library does not
  // compare each with the limits, which are bigints.
  const isNarrowed = isSmall && element.type === 'INT64' && encoding === 'DELTA_BINARY_PACKED';
  const result = writeColumn({
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
  result.chunk.meta_data!.type = element.type!;
  return result;
}

/** A column as integers, where it is one of times: the library would look at each whether it is a Date. */
function physical({ logical_type, ...element }: SchemaElement): SchemaElement {
  return logical_type === undefined || logical_type.type === 'TIMESTAMP'
    ? element
    : { ...element, logical_type };
}

/** The bloom filter of a group's keys. */
function bloomOf(keys: readonly Uint8Array[], element: SchemaElement): Uint32Array | undefined {
  const builder = new BloomBuilder(element);
  for (const key of keys) builder.insert(key);
  return builder.finalize();
}
