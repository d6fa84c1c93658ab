/** Readers of the exported formats, written from the formats' descriptions and not from what writes them. */
import { readFileSync } from 'node:fs';

/** Records of comma-separated text by RFC 4180, which here must need no quotes. */
function records(text: string): string[][] {
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  if (text.includes('"') || text.includes('\r')) throw new Error('a field would need quotes');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => line.split(','));
}

/** Rows by the names in the header. */
export function readCsv(text: string): Record<string, string>[] {
  const [header, ...rows] = records(text);
  return rows.map((row) => {
    if (row.length !== header!.length) throw new Error(`${row.length} fields: ${row.join()}`);
    return Object.fromEntries(header!.map((name, i) => [name, row[i]!]));
  });
}

export interface TwitterRow {
  time: number;
  key: string;
  keySize: number;
  valueSize: number;
  client: string;
  operation: string;
  ttl: number;
}

const TWITTER_OPERATIONS = new Set('get gets set add replace cas append prepend delete incr decr'.split(' '));

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${text} is no whole number`);
  return Number(text);
}

/** The README of github.com/twitter/cache-trace: seven columns, no header. */
export function readTwitter(text: string): TwitterRow[] {
  return records(text).map((row) => {
    if (row.length !== 7) throw new Error(`${row.length} columns`);
    const [time, key, keySize, valueSize, client, operation, ttl] = row as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    if (!TWITTER_OPERATIONS.has(operation)) throw new Error(`there is no operation ${operation}`);
    if (key === '') throw new Error('a row without a key');
    return {
      time: whole(time),
      key,
      keySize: whole(keySize),
      valueSize: whole(valueSize),
      client,
      operation,
      ttl: whole(ttl),
    };
  });
}

export interface CachelibRow {
  time: number;
  key: string;
  keySize: number;
  op: 'GET' | 'SET' | 'DELETE';
  count: number;
  size: number;
  hits: number;
  ttl: number;
}

/** What CacheLib's replay generator takes: columns by their names, in any order; three operations; counts from 1. */
export function readCachelib(text: string): CachelibRow[] {
  return readCsv(text).map((row) => {
    const { op, key } = row;
    if (op !== 'GET' && op !== 'SET' && op !== 'DELETE') throw new Error(`there is no operation ${op}`);
    const count = whole(row.op_count!);
    if (count < 1 || count > 65_535) throw new Error(`an op_count of ${count}`);
    if (key === undefined || key === '') throw new Error('a row without a key');
    return {
      time: whole(row.op_time!),
      key,
      keySize: whole(row.key_size!),
      op,
      count,
      size: whole(row.size!),
      hits: whole(row.cache_hits!),
      ttl: whole(row.ttl!),
    };
  });
}

export interface OracleRecord {
  time: number;
  object: bigint;
  size: number;
  next: bigint;
}

/** struct { u32 time; u64 object; u32 size; i64 next; }, packed, little-endian. */
export function readOracle(path: string): OracleRecord[] {
  const bytes = readFileSync(path);
  if (bytes.length % 24 !== 0) throw new Error(`${bytes.length} bytes are no records`);
  return Array.from({ length: bytes.length / 24 }, (_, i) => ({
    time: bytes.readUInt32LE(24 * i),
    object: bytes.readBigUInt64LE(24 * i + 4),
    size: bytes.readUInt32LE(24 * i + 12),
    next: bytes.readBigInt64LE(24 * i + 16),
  }));
}
