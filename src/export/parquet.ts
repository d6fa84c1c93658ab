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

/** What is known of a column chunk that holds no value: its bytes are the same in every row group of a size. */
interface EmptyChunk {
  bytes: Uint8Array;
  chunk: ColumnChunk;
}

/**
 * Parquet, by hyparquet-writer. A row group goes out as soon as it is full, with the bloom filter of its keys behind
 * it: the library itself keeps the filters of all groups to the end. Its writer is used column by column, because
 * nine of ten profiles have columns without any value, and these cost it as much as others.
 */
export class ParquetEncoder implements Encoder {
  readonly changed = {};
  readonly #bytes = new ByteWriter(1 << 22);
  readonly #writer: ParquetWriter;
  readonly #empty = new Map<string, EmptyChunk>();
  #group = new RowGroup(GROUP_ROWS);

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
      return data.present === 0
        ? this.#writeEmpty(column, rows)
        : writeOne(this.#bytes, column, { rows, data });
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
    this.#group = new RowGroup(GROUP_ROWS);
  }

  /** Writes a column chunk without values. */
  #writeEmpty(column: ParquetColumn, rows: number): { chunk: ColumnChunk } {
    const name = `${column.element.name} ${rows}`;
    let empty = this.#empty.get(name);
    if (empty === undefined) {
      const writer = new ByteWriter();
      const data = { values: new Array(rows), levels: new Uint8Array(rows), present: 0 };
      const { chunk } = writeOne(writer, { ...column, encoding: 'PLAIN' }, { rows, data });
      empty = { bytes: writer.getBytes(), chunk };
      this.#empty.set(name, empty);
    }
    const offset = BigInt(this.#bytes.offset);
    this.#bytes.appendBytes(empty.bytes);
    const { meta_data, ...rest } = empty.chunk;
    return {
      chunk: { ...rest, file_offset: offset, meta_data: { ...meta_data!, data_page_offset: offset } },
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
  { rows, data }: { rows: number; data: GroupColumn },
): ReturnType<typeof writeColumn> {
  const isOptional = element.repetition_type === 'OPTIONAL';
  const levels = data.levels ?? new Uint8Array(isOptional ? rows : 0).fill(1);
  return writeColumn({
    writer,
    column: {
      columnName: element.name,
      // Times are integers already: the library would look at each whether it is a Date.
      element: element.logical_type?.type === 'TIMESTAMP' ? withoutLogicalType(element) : element,
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
      values: data.values as unknown[],
      // Arrays are asked for, and any that can be indexed and sliced will do.
      definitionLevels: levels as unknown as number[],
      repetitionLevels: [],
      maxDefinitionLevel: isOptional ? 1 : 0,
    },
  });
}

function withoutLogicalType({ logical_type: _, ...element }: SchemaElement): SchemaElement {
  return element;
}

/** The bloom filter of a group's keys. */
function bloomOf(keys: readonly Uint8Array[], element: SchemaElement): Uint32Array | undefined {
  const builder = new BloomBuilder(element);
  for (const key of keys) builder.insert(key);
  return builder.finalize();
}
