import { writeAll } from '../profile/create.js';
import type { Batch } from './batch.js';
import type { Encoder } from './encoder.js';
import type { ExportFormat, ExportSink } from './options.js';
import type { OracleEncoder } from './oracle.js';
import type { EventShape } from './shapes.js';

/** What an encoder has to tell in the end. */
export interface Encoded {
  /** Bytes of the whole file. */
  bytes: number;
  changed: Readonly<Record<string, number>>;
  /** Events that were left out because their object's size was never seen. */
  withoutSize: number;
}

/** Makes the encoder of a format, and loads nothing that others need. */
export async function createEncoder(format: ExportFormat): Promise<Encoder> {
  switch (format) {
    case 'csv':
      return new (await import('./csv.js')).CsvEncoder();
    case 'ndjson':
      return new (await import('./ndjson.js')).NdjsonEncoder();
    case 'twitter':
      return new (await import('./twitter.js')).TwitterEncoder();
    case 'cachelib':
      return new (await import('./cachelib.js')).CachelibEncoder();
    case 'oracleGeneral':
      return new (await import('./oracle.js')).OracleEncoder();
    case 'parquet':
      return new (await import('./parquet.js')).ParquetEncoder();
  }
}

/** An encoder and the file, or whatever else, its bytes go to. */
export class Encoding {
  readonly #encoder: Encoder;
  readonly #output: number | ExportSink;
  #bytes = 0;

  /** @param output a file descriptor open for reading and writing, or what takes the bytes */
  constructor(encoder: Encoder, output: number | ExportSink) {
    this.#encoder = encoder;
    this.#output = output;
  }

  async start(): Promise<void> {
    await this.#write(this.#encoder.start());
  }

  async add(batch: Batch, shapes: readonly EventShape[]): Promise<void> {
    await this.#write(this.#encoder.encode(batch, shapes));
  }

  /** Writes what is left. */
  async finish(onChunk: () => Promise<void>): Promise<Encoded> {
    await this.#write(this.#encoder.end());
    const { withoutSize = 0 } = this.#encoder as Partial<OracleEncoder>;
    if (isOracle(this.#encoder) && typeof this.#output === 'number') {
      await this.#encoder.finish(this.#output, onChunk);
      this.#bytes -= withoutSize * 24;
    }
    return { bytes: this.#bytes, changed: { ...this.#encoder.changed }, withoutSize };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#bytes += bytes.length;
    if (bytes.length === 0) return;
    if (typeof this.#output === 'number') writeAll(this.#output, bytes);
    else await this.#output(bytes.slice());
  }
}

function isOracle(encoder: Encoder): encoder is OracleEncoder {
  return 'finish' in encoder;
}
