import type { Encoding, SchemaElement } from 'hyparquet';

/** How a column is written. */
export interface ParquetColumn {
  element: SchemaElement;
  /** Undefined: a dictionary where it pays, by a sample of the values. */
  encoding?: Encoding;
  /** Whether smallest and largest value help a reader that looks for some. */
  statistics?: boolean;
  /** Packed integers and hashes are not compressed any further. */
  isPacked?: boolean;
}

type Repetition = 'REQUIRED' | 'OPTIONAL';

const packed = (element: SchemaElement): ParquetColumn => ({
  element,
  encoding: 'DELTA_BINARY_PACKED',
  statistics: true,
  isPacked: true,
});
const long = (name: string, repetition_type: Repetition = 'OPTIONAL') =>
  packed({ name, type: 'INT64', repetition_type });
const unsignedLong = (name: string) =>
  packed({ name, type: 'INT64', converted_type: 'UINT_64', repetition_type: 'OPTIONAL' });
const word = (name: string, repetition_type: Repetition): ParquetColumn => ({
  element: { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type },
  encoding: 'RLE_DICTIONARY',
});
const flag = (name: string): ParquetColumn => ({
  element: { name, type: 'BOOLEAN', repetition_type: 'REQUIRED' },
});

/** The fields of `cat`, by its names. */
export const PARQUET_COLUMNS: readonly ParquetColumn[] = [
  packed({
    // UTC, and not marked so: readers that know zones only in microseconds, as DuckDB, would cut the rest.
    name: 'ts_ns',
    type: 'INT64',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' },
    repetition_type: 'REQUIRED',
  }),
  packed({ name: 'conn', type: 'INT32', repetition_type: 'REQUIRED' }),
  long('request', 'REQUIRED'),
  word('proto', 'REQUIRED'),
  word('transport', 'REQUIRED'),
  word('op', 'REQUIRED'),
  {
    // The bytes in the order of the digits `cat` prints.
    element: { name: 'key', type: 'FIXED_LEN_BYTE_ARRAY', type_length: 8, repetition_type: 'OPTIONAL' },
    isPacked: true,
  },
  packed({ name: 'key_size', type: 'INT32', repetition_type: 'OPTIONAL' }),
  long('value_size'),
  word('mode', 'OPTIONAL'),
  unsignedLong('flags'),
  long('ttl'),
  unsignedLong('delta'),
  flag('cas'),
  flag('quiet'),
  word('status', 'REQUIRED'),
  long('latency_ns'),
  word('meta_flags', 'OPTIONAL'),
  word('marks', 'OPTIONAL'),
  unsignedLong('initial'),
  unsignedLong('cas_new'),
  long('vivify'),
  long('recache'),
  long('ttl_left'),
];

/** The schema's root, and all columns. */
export const PARQUET_SCHEMA: SchemaElement[] = [
  { name: 'events', num_children: PARQUET_COLUMNS.length },
  ...PARQUET_COLUMNS.map(({ element }) => element),
];
