import { type ExportColumn, WIDE_COLUMNS } from './batch.js';
import type { ExportFormat } from './options.js';

const ALL: readonly ExportColumn[] = [
  'conn',
  'request',
  'key',
  'key_size',
  'value_size',
  'latency',
  ...WIDE_COLUMNS,
];

/** What a format wants to know of events, besides their time and shape. */
export const COLUMNS_OF: Readonly<Record<ExportFormat, readonly ExportColumn[]>> = {
  csv: ALL,
  ndjson: ALL,
  parquet: ALL,
  twitter: ['conn', 'key', 'key_size', 'value_size', 'ttl'],
  cachelib: ['key', 'key_size', 'value_size', 'ttl'],
  oracleGeneral: ['key', 'value_size'],
};
