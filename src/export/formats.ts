import { ALL_COLUMNS, type DataColumn } from '../profile/sorted-block.js';
import { BATCH_ROWS } from './batch.js';
import type { Encoder } from './encoder.js';
import type { ExportFormat } from './options.js';

/** The columns that a format needs besides time and shape, and the size of its batches. */
export interface Demand {
  columns: ReadonlySet<DataColumn>;
  batchRows: number;
}

const TRACE: Demand = { columns: new Set(['key', 'value_size', 'ttl']), batchRows: BATCH_ROWS };
const ALL: Demand = { columns: ALL_COLUMNS, batchRows: BATCH_ROWS };

export const DEMANDS: Readonly<Record<ExportFormat, Demand>> = {
  csv: ALL,
  ndjson: ALL,
  // A batch is a row group: 64 of DuckDB's vectors, about as many as it takes itself.
  parquet: { columns: ALL_COLUMNS, batchRows: 131_072 },
  twitter: TRACE,
  cachelib: TRACE,
  oracleGeneral: { columns: new Set(['key', 'value_size']), batchRows: BATCH_ROWS },
};

/** Makes the encoder of a format. Modules that only other formats need are not loaded. */
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
      return new (await import('./oracle-encoder.js')).OracleEncoder();
    case 'parquet':
      return new (await import('./group-encoder.js')).GroupEncoder();
  }
}
