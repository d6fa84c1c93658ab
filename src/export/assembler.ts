import { CACHELIB_FIELDS } from './cachelib.js';
import { CSV_FIELDS } from './csv.js';
import type { Encoded } from './encoder.js';
import type { ExportFormat } from './options.js';
import { TraceNumbers } from './trace.js';

/** Makes a file of encoded batches, in their order. Bytes that it returns are valid until the next call. */
export interface Assembler {
  /** Bytes before the first batch. */
  start(): Uint8Array;
  /** Bytes of a batch. */
  add(encoded: Encoded, rows: number): Uint8Array;
  /** Bytes behind the last batch. */
  end(): Uint8Array;
  /** Rewrites the whole file. Returns by how many bytes it became shorter. */
  revise?(fd: number, onChunk: () => Promise<void>): Promise<number>;
  /** Numbers of values that were changed, by what was done; encoders count others. */
  readonly changed: Readonly<Record<string, number>>;
  /** Events that are left out because their object's size was never seen. */
  readonly withoutSize: number;
}

export const NOTHING = new Uint8Array(0);

/** A text: a header, and the batches one after another. */
export class TextFile implements Assembler {
  readonly changed: Readonly<Record<string, number>>;
  readonly withoutSize = 0;
  readonly #header: string;

  constructor(header = '', changed: Readonly<Record<string, number>> = {}) {
    this.#header = header;
    this.changed = changed;
  }

  start(): Uint8Array {
    return Buffer.from(this.#header, 'latin1');
  }

  add({ bytes }: Encoded): Uint8Array {
    return bytes;
  }

  end(): Uint8Array {
    return NOTHING;
  }
}

/** Makes the assembler of a format. Modules that only other formats need are not loaded. */
export async function createAssembler(format: ExportFormat): Promise<Assembler> {
  switch (format) {
    case 'csv':
      return new TextFile(`${CSV_FIELDS.join(',')}\n`);
    case 'ndjson':
      return new TextFile();
    case 'twitter':
      return new TextFile('', new TraceNumbers().changed);
    case 'cachelib':
      return new TextFile(`${CACHELIB_FIELDS.join(',')}\n`, new TraceNumbers().changed);
    case 'oracleGeneral':
      return new (await import('./oracle.js')).OracleFile();
    case 'parquet':
      return new (await import('./parquet.js')).ParquetFile();
  }
}
