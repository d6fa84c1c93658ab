import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { writeBlooms } from 'hyparquet-writer/src/bloom.js';
import { writeIndexes } from 'hyparquet-writer/src/indexes.js';
import { version } from '../version.js';
import { type Assembler, NOTHING } from './assembler.js';
import type { Encoded } from './encoder.js';
import { shifted } from './group-encoder.js';
import { PARQUET_SCHEMA } from './parquet-schema.js';

/**
 * The bytes of a Parquet file, row group by row group. Each goes out at once, with the bloom filter of its keys behind
 * it: the library itself keeps the filters of all groups to the end, where they are as large as all keys together.
 */
export class ParquetFile implements Assembler {
  readonly changed = {};
  readonly withoutSize = 0;
  readonly #bytes = new ByteWriter();
  readonly #writer = new ParquetWriter({
    writer: this.#bytes,
    schema: PARQUET_SCHEMA,
    createdBy: `membench ${version}`,
  });

  start(): Uint8Array {
    return NOTHING;
  }

  /** Puts a row group behind the others. */
  add({ bytes, columns: encoded = [] }: Encoded, rows: number): Uint8Array {
    const start = BigInt(this.#bytes.offset);
    this.#bytes.appendBytes(bytes);
    const placed = encoded.map((column) => shifted(column, start));
    const columns = placed.map(({ chunk }) => chunk);
    this.#writer.row_groups.push({
      columns,
      total_byte_size: columns.reduce((sum, { meta_data }) => sum + meta_data!.total_uncompressed_size, 0n),
      num_rows: BigInt(rows),
      total_compressed_size: BigInt(bytes.length),
    });
    this.#writer.num_rows += BigInt(rows);
    writeIndexes(this.#bytes, placed);
    writeBlooms(this.#bytes, placed);
    return this.#take();
  }

  end(): Uint8Array {
    this.#writer.finish();
    return this.#take();
  }

  /** What was written since the last call. */
  #take(): Uint8Array {
    const bytes = new Uint8Array(this.#bytes.buffer, 0, this.#bytes.index);
    this.#bytes.index = 0;
    return bytes;
  }
}
