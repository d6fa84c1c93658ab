import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { writeBlooms } from 'hyparquet-writer/src/bloom.js';
import { writeIndexes } from 'hyparquet-writer/src/indexes.js';
import { version } from '../version.js';
import type { Batch } from './batch.js';
import { type Encoder, NOTHING } from './encoder.js';
import { type EncodedGroup, GROUP_ROWS, GroupEncoder, shifted } from './group-encoder.js';
import { PARQUET_SCHEMA } from './parquet-schema.js';
import type { EventShape } from './shapes.js';

/**
 * The bytes of a Parquet file, row group by row group. Each goes out at once, with the bloom filter of its keys behind
 * it: the library itself keeps the filters of all groups to the end, where they are as large as all keys together.
 */
export class ParquetFile {
  readonly #bytes = new ByteWriter();
  readonly #writer = new ParquetWriter({
    writer: this.#bytes,
    schema: PARQUET_SCHEMA,
    createdBy: `membench ${version}`,
  });

  /** Takes a row group. Returns bytes for the file; they are good until the next call. */
  append({ rows, bytes, columns: encoded }: EncodedGroup): Uint8Array {
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

  /** Returns what stands behind the last row group. */
  finish(): Uint8Array {
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

/** Parquet on one thread. */
export class ParquetEncoder implements Encoder {
  readonly changed = {};
  readonly #groups = new GroupEncoder();
  readonly #file = new ParquetFile();

  start(): Uint8Array {
    return NOTHING;
  }

  encode(batch: Batch, shapes: readonly EventShape[]): Uint8Array {
    this.#groups.add(batch, shapes);
    return this.#groups.rows === GROUP_ROWS ? this.#file.append(this.#groups.seal()) : NOTHING;
  }

  end(): Uint8Array {
    if (this.#groups.rows === 0) return this.#file.finish();
    const last = this.#file.append(this.#groups.seal()).slice();
    return Buffer.concat([last, this.#file.finish()]);
  }
}
