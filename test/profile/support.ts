/**
 * A second implementation of src/profile/FORMAT.md, for tests: it shares no code with what it tests, and
 * is written for the eye, not for speed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** What msgpack values are made of here; a `bigint` is packed as uint 64 or int 64. */
export type Value =
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Packs a value in the long forms of the msgpack specification; they are as valid as the short ones. */
export function pack(value: Value): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([u8(0xd9), u8(Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'bigint')
    return Buffer.concat([u8(value < 0n ? 0xd3 : 0xcf), u64(BigInt.asUintN(64, value))]);
  if (typeof value === 'number') {
    if (value >= 0 && value < 128) return u8(value);
    return value <= 0xffffffff ? Buffer.concat([u8(0xce), u32(value)]) : pack(BigInt(value));
  }
  if (value instanceof Uint8Array) return Buffer.concat([u8(0xc6), u32(value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([u8(0xdd), u32(value.length), ...value.map(pack)]);
  const entries = Object.entries(value);
  return Buffer.concat([
    u8(0xdf),
    u32(entries.length),
    ...entries.flatMap(([key, item]) => [pack(key), pack(item)]),
  ]);
}

const u8 = (value: number) => Buffer.from([value]);

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

function u64le(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** What each byte makes of a CRC-32C, bit by bit, straight from RFC 3720. */
const BYTE_CRCS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C byte by byte. */
export function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ BYTE_CRCS[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

/** A frame around a body. */
export function frame(magic: string, body: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from([0x93, 0xa4]),
    Buffer.from(magic, 'latin1'),
    u8(0xc6),
    u32(body.length),
    body,
    u8(0xce),
    u32(slowCrc(body)),
  ]);
}

export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0));
    left >>= 7n;
  } while (left > 0n);
  return Buffer.from(bytes);
}

export function zigzag(value: bigint): Buffer {
  return varint((value << 1n) ^ (value >> 63n));
}

const OPS = ['get', 'gets', 'set', 'delete', 'incr', 'touch', 'mg', 'ma', 'version'];
const STATUSES = [
  'hit',
  'miss',
  'stored',
  'not_found',
  'deleted',
  'touched',
  'ok',
  'value',
  'error',
  'silent',
  'unanswered',
];

/** The names of the profiles made here: other numbers than the real ones, as a reader must not care. */
export const NAMES = {
  op: OPS,
  status: STATUSES,
  proto: ['binary', 'meta', 'text'],
  transport: ['udp', 'tcp'],
  mode: ['none', 'append', 'touch'],
  present: [
    'sub',
    'key_index',
    'key',
    'value_size',
    'latency',
    'flags',
    'ttl',
    'delta',
    'initial',
    'cas_new',
    'vivify',
    'recache',
    'ttl_left',
    'opaque',
    'shape_flags',
    'from_a_later_version',
  ],
  mark: ['sent', 'won', 'stale'],
  trait: ['cas', 'base64', 'quiet'],
  conn_kind: ['close_fin', 'open_syn'],
  column: ['shape'],
} satisfies Record<string, string[]>;

export const RUN = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

/** One event as a test thinks of it; what is left out is absent. */
export interface TestEvent {
  worker: number;
  conn: number;
  /** Units. */
  time: bigint;
  ordinal: number;
  op: string;
  status: string;
  proto?: string;
  transport?: string;
  mode?: string;
  marks?: string[];
  traits?: string[];
  metaFlags?: bigint;
  key?: { hash: bigint; size: number };
  value_size?: number;
  /** Units. */
  latency?: bigint;
  flags?: bigint;
  delta?: bigint;
  initial?: bigint;
  cas_new?: bigint;
  ttl?: bigint;
  vivify?: bigint;
  recache?: bigint;
  ttl_left?: bigint;
  opaque?: bigint;
  /** Stands in the shape, not in a column: of events without `flags`. */
  shape_flags?: bigint;
  sub?: number;
  key_index?: number;
}

export interface TestConn {
  conn: number;
  kind: string;
  time: bigint;
  client: bigint;
  server: bigint;
  port: number;
}

/** What stands around the events of a block, with room for lies. */
export interface BlockOptions {
  unit?: number;
  conns?: TestConn[];
  counts?: Record<string, number>;
  /** Entries that replace the right ones. */
  override?: Record<string, Value>;
  /** Columns that replace the right ones. */
  columns?: Record<string, Uint8Array>;
  /** Version of the format. */
  version?: 1 | 2;
  /** Every so many-th key is put into the dictionary again though it is there. Default: none. */
  repeat?: number;
}

const NUMBERS = ['flags', 'delta', 'initial', 'cas_new'] as const;
const SIGNED = ['ttl', 'vivify', 'recache', 'ttl_left'] as const;

function bits(names: readonly string[], set: readonly string[]): number {
  return set.reduce((sum, name) => sum | (1 << names.indexOf(name)), 0);
}

function shapeOf(event: TestEvent): Value[] {
  const present = NAMES.present.filter((name) => event[name as keyof TestEvent] !== undefined);
  return [
    NAMES.op.indexOf(event.op),
    NAMES.status.indexOf(event.status),
    NAMES.proto.indexOf(event.proto ?? 'text'),
    NAMES.transport.indexOf(event.transport ?? 'tcp'),
    NAMES.mode.indexOf(event.mode ?? 'none'),
    bits(NAMES.mark, event.marks ?? []),
    bits(NAMES.trait, event.traits ?? []),
    bits(NAMES.present, present),
    event.metaFlags ?? 0n,
    event.shape_flags ?? 0,
  ];
}

/** Index of something in a table, which is put there where it is new. */
function indexIn<T>(table: Map<string, { index: number; value: T }>, name: string, value: T): bigint {
  const known = table.get(name);
  if (known !== undefined) return BigInt(known.index);
  table.set(name, { index: table.size, value });
  return BigInt(table.size - 1);
}

/** The body of a block with these events, in the order they are given. */
export function blockBody(
  worker: number,
  seq: number,
  events: readonly TestEvent[],
  options: BlockOptions = {},
): Buffer {
  const unit = options.unit ?? 1000;
  const conns = options.conns ?? [];
  const shapes = new Map<string, { index: number; value: Value[] }>();
  const keys: { hash: bigint; size: number }[] = [];
  const entries = new Map<bigint, number>();
  /** What the column says for a key, which is put into the dictionary where it is not there, or once again. */
  const keyValue = (key: { hash: bigint; size: number }, again: boolean) => {
    const known = entries.get(key.hash);
    if (known !== undefined && !again) return options.version === 1 ? known : known + 1;
    entries.set(key.hash, keys.length);
    keys.push(key);
    return options.version === 1 ? keys.length - 1 : 0;
  };
  const parts = new Map<string, Buffer[]>();
  const put = (column: string, bytes: Buffer) => {
    const list = parts.get(column) ?? [];
    parts.set(column, list);
    list.push(bytes);
  };
  let time = events[0]?.time ?? 0n;
  let ordinal = BigInt(events[0]?.ordinal ?? 0);
  for (const [row, event] of events.entries()) {
    const shape = shapeOf(event);
    put('shape', varint(indexIn(shapes, shape.join(), shape)));
    put('time', zigzag(BigInt.asIntN(64, event.time - time)));
    put('ordinal', zigzag(BigInt(event.ordinal) - ordinal));
    put('conn', varint(BigInt(event.conn)));
    time = event.time;
    ordinal = BigInt(event.ordinal);
    const again = options.repeat !== undefined && row % options.repeat === 0;
    if (event.key) put('key', varint(BigInt(keyValue(event.key, again))));
    if (event.value_size !== undefined) put('value_size', varint(BigInt(event.value_size)));
    if (event.latency !== undefined) put('latency', varint(event.latency));
    for (const name of NUMBERS) if (event[name] !== undefined) put(name, varint(event[name]));
    for (const name of SIGNED) if (event[name] !== undefined) put(name, zigzag(event[name]));
    if (event.opaque !== undefined) put('opaque', u64le(event.opaque));
    if (event.sub !== undefined) put('sub', varint(BigInt(event.sub)));
    if (event.key_index !== undefined) put('key_index', varint(BigInt(event.key_index)));
  }
  for (const { hash, size } of keys) {
    put('key_hash', u64le(hash));
    put('key_size', varint(BigInt(size)));
  }
  let connTime = conns[0]?.time ?? 0n;
  for (const row of conns) {
    put('conn_id', varint(BigInt(row.conn)));
    put('conn_kind', u8(NAMES.conn_kind.indexOf(row.kind)));
    put('conn_time', zigzag(row.time - connTime));
    connTime = row.time;
    put('conn_client', u64le(row.client));
    put('conn_server', u64le(row.server));
    put('conn_port', varint(BigInt(row.port)));
  }
  const columns = new Map<string, Uint8Array>();
  for (const [name, list] of parts) columns.set(name, Buffer.concat(list));
  for (const [name, bytes] of Object.entries(options.columns ?? {})) columns.set(name, bytes);
  const times = events.map((event) => event.time * BigInt(unit)).sort((a, b) => (a < b ? -1 : 1));
  return pack({
    run: RUN,
    worker,
    seq,
    unit,
    min_ns: times[0] ?? 0,
    max_ns: times.at(-1) ?? 0,
    base_time: events[0]?.time ?? 0,
    base_ordinal: events[0]?.ordinal ?? 0,
    base_conn_time: conns[0]?.time ?? 0,
    events: events.length,
    requests: events.filter((event) => !event.key_index).length,
    conns: conns.length,
    keys: keys.length,
    shapes: [...shapes.values()].map(({ value }) => value),
    columns: [...columns].map(([name, bytes]) => [name, bytes.length]),
    counts: options.counts ?? { events: events.length },
    ...options.override,
    payload: Buffer.concat([...columns.values()]),
  });
}

/** What a header holds besides the names. */
export function headerValue(override: Record<string, Value> = {}): { [key: string]: Value } {
  return {
    format: 'membench profile',
    version: 2,
    run: RUN,
    created_ns: 1_700_000_000_000_000_000n,
    tool: 'test 1',
    source: 'file',
    unit: 1000,
    workers: 2,
    ports: [[11211, 11211]],
    key_id: Buffer.alloc(8, 7),
    names: NAMES,
    ...override,
  };
}

/** A block of a profile to be put together. */
export interface BlockSpec {
  worker: number;
  seq: number;
  events: TestEvent[];
  options?: BlockOptions;
}

export interface ProfileSpec {
  header?: Record<string, Value>;
  blocks: BlockSpec[];
  losses?: { worker: number; reason: string; packets: number }[];
  /** Entries that replace the right ones; null leaves the footer out. */
  footer?: Record<string, Value> | null;
}

/** A profile, frame by frame: header, blocks, loss records, footer. */
export function frames(spec: ProfileSpec): Buffer[] {
  const header = headerValue(spec.header);
  const out = [frame('MBHD', pack(header))];
  let at = out[0]!.length;
  const index: Value[] = [];
  for (const { worker, seq, events, options } of spec.blocks) {
    const bytes = frame('MBBK', blockBody(worker, seq, events, options));
    const unit = BigInt(options?.unit ?? 1000);
    const times = events.map(({ time }) => time * unit).sort((a, b) => (a < b ? -1 : 1));
    index.push([at, bytes.length, worker, seq, events.length, times[0] ?? 0, times.at(-1) ?? 0]);
    out.push(bytes);
    at += bytes.length;
  }
  for (const loss of spec.losses ?? []) out.push(frame('MBLS', pack({ run: RUN, ...loss })));
  if (spec.footer !== null) {
    const events = spec.blocks.reduce((sum, block) => sum + block.events.length, 0);
    const body = {
      header,
      ended: 'end of source',
      elapsed_ns: 5_000_000_000n,
      counts: { events },
      first_ns: 0,
      last_ns: 0,
      blocks: index,
      ...spec.footer,
    };
    out.push(frame('MBFT', pack(body)));
  }
  return out;
}

/** A folder that goes away with its test. */
export function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'membench-test-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Puts bytes into a file of its own; returns its path. */
export function file(t: ExecutionContext, bytes: Uint8Array | readonly Uint8Array[]): string {
  const path = join(folder(t), 'test.mbp');
  writeFileSync(path, bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes));
  return path;
}
