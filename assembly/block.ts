/**
 * The open block: events appended to columns as they are completed, sealed into one payload.
 * Encodings are those of src/profile/FORMAT.md.
 *
 * Every column has its own run of memory while it grows; sealing puts them one after another:
 *
 *   columns:   | shape ....... | time ........ | ordinal ..... | … one run each, column_size apart
 *   payload:   | shape | time | ordinal | conn | key | …          in block_out
 */
import { onBlock } from './host';
import { mix } from './hash';
import { config, reserve, seed } from './instance';
import {
  BLOCK_MAX, BlockInfo, BLOCK_INFO_COLUMN_ENDS, COLUMN_CAS_NEW, COLUMN_CONN, COLUMN_CONN_CLIENT, COLUMN_CONN_ID, COLUMN_CONN_KIND,
  COLUMN_CONN_PORT, COLUMN_CONN_SERVER, COLUMN_CONN_TIME, COLUMN_COUNT, COLUMN_DELTA, COLUMN_FLAGS, COLUMN_INITIAL,
  COLUMN_KEY, COLUMN_KEY_HASH, COLUMN_KEY_INDEX, COLUMN_KEY_SIZE, COLUMN_LATENCY, COLUMN_OPAQUE, COLUMN_ORDINAL,
  COLUMN_RECACHE, COLUMN_SHAPE, COLUMN_SUB, COLUMN_TIME, COLUMN_TTL, COLUMN_TTL_LEFT, COLUMN_VALUE_SIZE, COLUMN_VIVIFY,
  ENVELOPE_MAX, EventRecord, PRESENT_CAS_NEW, PRESENT_DELTA, PRESENT_FLAGS, PRESENT_INITIAL, PRESENT_KEY, PRESENT_LATENCY,
  PRESENT_OPAQUE, PRESENT_RECACHE, PRESENT_TTL, PRESENT_TTL_LEFT, PRESENT_VALUE_SIZE, PRESENT_VIVIFY, Shape, SIZEOF_SHAPE,
} from './layout';

/** Shapes a block may have before it is sealed, and the power of two of their hash table. */
const SHAPES_MAX: u32 = 1024;
const SHAPE_SLOTS: u32 = 4096;
/** The byte sum is looked at every so many rows, events and connection records together. */
const CHECK_EVERY: u32 = 256;
/**
 * Most bytes one row adds: an event with all its numbers, as varints of 2 (shape, key size), 3 (key), 5 (32 bits) and
 * 10 bytes (64 bits), and 8 each for key hash and opaque. A connection record takes less.
 */
const ROW_MAX: u32 = 2 * 2 + 3 + 4 * 5 + 11 * 10 + 2 * 8;
/** Bytes of columns after which a block is sealed: so the rows up to the next look still fit behind them. */
const PAYLOAD_FULL: u32 = BLOCK_MAX - ENVELOPE_MAX - CHECK_EVERY * ROW_MAX;

let info: BlockInfo = changetype<BlockInfo>(0);
/** Write positions of the columns, u32 each. */
let positions: usize = 0;
// Of the dictionary of keys, as the configuration has it: read for every event.
let dictionary: usize = 0;
let dictionaryMask: u32 = 0;
let keyHashes: usize = 0;
let blockEvents: u32 = 0;
let shapes: usize = 0;
let shapeSlots: usize = 0;
let shapeCount: u32 = 0;
let events: u32 = 0;
let requests: u32 = 0;
let conns: u32 = 0;
let keys: u32 = 0;
let previousTime: u64 = 0;
let previousOrdinal: u64 = 0;
let previousConnTime: u64 = 0;
let minTime: u64 = 0;
let maxTime: u64 = 0;
// The shape of the event before: most events of a stretch share one or two.
let lastShape0: u64 = 0;
let lastShape1: u64 = 0;
let lastMeta: u64 = 0;
let lastIndex: u32 = 0;

export function createBlock(): void {
  info = changetype<BlockInfo>(<usize>config.blockInfo);
  dictionary = config.dictionary;
  dictionaryMask = config.dictionarySize - 1;
  keyHashes = columnBase(COLUMN_KEY_HASH);
  blockEvents = config.blockEvents;
  positions = reserve(COLUMN_COUNT * 4);
  shapes = reserve(SHAPES_MAX * SIZEOF_SHAPE);
  shapeSlots = reserve(SHAPE_SLOTS * 2);
  reset();
}

// @ts-ignore: decorator
@inline
function columnBase(column: u32): usize {
  return <usize>config.columns + <usize>column * config.columnSize;
}

function reset(): void {
  for (let column: u32 = 0; column < COLUMN_COUNT; column++) store<u32>(positions + (column << 2), <u32>columnBase(column));
  memory.fill(shapeSlots, 0, SHAPE_SLOTS * 2);
  if (keys) memory.fill(dictionary, 0, (<usize>dictionaryMask + 1) << 1);
  shapeCount = 0;
  events = 0;
  requests = 0;
  conns = 0;
  keys = 0;
  lastShape0 = u64.MAX_VALUE;
  minTime = u64.MAX_VALUE;
  maxTime = 0;
}

/** Appends a varint to a column. */
// @ts-ignore: decorator
@inline
function put(column: u32, value: u64): void {
  const slot = positions + (column << 2);
  let at = <usize>load<u32>(slot);
  if (value < 0x80) {
    store<u8>(at, <u8>value);
    store<u32>(slot, <u32>(at + 1));
    return;
  }
  if (value < 0x4000) {
    store<u16>(at, <u16>((value & 0x7f) | 0x80 | ((value >> 7) << 8)));
    store<u32>(slot, <u32>(at + 2));
    return;
  }
  if (value < 0x200000) {
    // The fourth byte is the next value's: a column has room for values of ten bytes.
    store<u32>(at, <u32>((value & 0x7f) | 0x8080 | ((value & 0x3f80) << 1) | ((value >> 14) << 16)));
    store<u32>(slot, <u32>(at + 3));
    return;
  }
  store<u32>(slot, <u32>putLong(at, value));
}

function putLong(at: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(at++, <u8>(value | 0x80));
    value >>= 7;
  }
  store<u8>(at++, <u8>value);
  return at;
}

// @ts-ignore: decorator
@inline
function putSigned(column: u32, value: i64): void {
  put(column, <u64>((value << 1) ^ (value >> 63)));
}

// @ts-ignore: decorator
@inline
function putWord(column: u32, value: u64): void {
  const slot = positions + (column << 2);
  const at = <usize>load<u32>(slot);
  store<u64>(at, value);
  store<u32>(slot, <u32>(at + 8));
}

/** Index of the event's shape in the block's table, added where it is new. */
// @ts-ignore: decorator
@inline
function shapeOf(event: EventRecord): u32 {
  const base = changetype<usize>(event);
  // What was stored just now is loaded at the width it was stored with: a wider load would have to wait
  // until the stores have reached the cache. The five bytes from the protocol on were set a packet ago.
  const word0 = <u64>event.present | (<u64>event.op << 32) | (<u64>event.status << 40) | (<u64>event.marks << 48);
  const word1 = load<u64>(base, offsetof<EventRecord>('proto')) & 0x000000ff00ffffff;
  const meta = event.metaFlags;
  if (word0 == lastShape0 && word1 == lastShape1 && meta == lastMeta) return lastIndex;
  lastShape0 = word0;
  lastShape1 = word1;
  lastMeta = meta;
  lastIndex = findShape(event, meta);
  return lastIndex;
}

function findShape(event: EventRecord, meta: u64): u32 {
  const packed =
    <u64>event.op | (<u64>event.status << 8) | (<u64>event.proto << 16) | (<u64>event.transport << 24) |
    (<u64>event.mode << 32) | (<u64>event.marks << 40) | (<u64>event.traits << 48);
  // Under the seed: whoever asks chooses the flags, and must not be able to choose those of one slot.
  const hash = mix(seed ^ packed ^ (meta * 0x9e3779b97f4a7c15) ^ (<u64>event.present << 20));
  let slot = <u32>hash & (SHAPE_SLOTS - 1);
  for (;;) {
    const index = <u32>load<u16>(shapeSlots + (slot << 1));
    if (index == 0) break;
    const shape = shapes + (index - 1) * SIZEOF_SHAPE;
    if (
      load<u64>(shape) == meta && changetype<Shape>(shape).present == event.present &&
      load<u64>(shape, offsetof<Shape>('op')) == packed
    ) return index - 1;
    slot = (slot + 1) & (SHAPE_SLOTS - 1);
  }
  const shape = changetype<Shape>(shapes + shapeCount * SIZEOF_SHAPE);
  shape.metaFlags = meta;
  shape.present = event.present;
  store<u64>(changetype<usize>(shape), packed, offsetof<Shape>('op'));
  store<u16>(shapeSlots + (slot << 1), <u16>++shapeCount);
  return shapeCount - 1;
}

/** Index of a key in the block's dictionary, added where it is new. */
// @ts-ignore: decorator
@inline
function keyOf(hash: u64, size: u32): u32 {
  let slot = <u32>(hash >> 17) & dictionaryMask;
  for (;;) {
    const at = dictionary + (<usize>slot << 1);
    const index = <u32>load<u16>(at);
    if (index == 0) {
      store<u16>(at, <u16>++keys);
      putWord(COLUMN_KEY_HASH, hash);
      put(COLUMN_KEY_SIZE, size);
      return keys - 1;
    }
    if (load<u64>(keyHashes + (<usize>(index - 1) << 3)) == hash) return index - 1;
    slot = (slot + 1) & dictionaryMask;
  }
  return 0;
}

/** Appends one event. */
export function append(event: EventRecord): void {
  const time = event.time;
  if (events == 0) {
    info.baseTime = time;
    info.baseOrdinal = event.ordinal;
    previousTime = time;
    previousOrdinal = event.ordinal;
  }
  if (time < minTime) minTime = time;
  if (time > maxTime) maxTime = time;
  put(COLUMN_SHAPE, shapeOf(event));
  putSigned(COLUMN_TIME, <i64>(time - previousTime));
  previousTime = time;
  putSigned(COLUMN_ORDINAL, <i64>(event.ordinal - previousOrdinal));
  previousOrdinal = event.ordinal;
  put(COLUMN_CONN, event.conn);
  const present = event.present;
  if (present & (1 << PRESENT_KEY)) put(COLUMN_KEY, keyOf(event.keyHash, event.keySize));
  if (present & (1 << PRESENT_VALUE_SIZE)) put(COLUMN_VALUE_SIZE, event.valueSize);
  if (present & (1 << PRESENT_LATENCY)) put(COLUMN_LATENCY, event.latency);
  if (present & (1 << PRESENT_FLAGS)) put(COLUMN_FLAGS, event.flags);
  if (present >> PRESENT_TTL) appendRare(event, present);
  if (event.keyIndex == 0) requests++;
  events++;
  if (events == blockEvents || shapeCount == SHAPES_MAX || isFull()) seal();
}

/** Whether the bytes of the columns are as many as may be. Called for every row. */
// @ts-ignore: decorator
@inline
function isFull(): bool {
  return (events + conns) % CHECK_EVERY == 0 && size() > PAYLOAD_FULL;
}

/** The columns few events have. */
function appendRare(event: EventRecord, present: u32): void {
  if (present & (1 << PRESENT_TTL)) putSigned(COLUMN_TTL, event.ttl);
  if (present & (1 << PRESENT_DELTA)) put(COLUMN_DELTA, event.delta);
  if (present & (1 << PRESENT_INITIAL)) put(COLUMN_INITIAL, event.initial);
  if (present & (1 << PRESENT_CAS_NEW)) put(COLUMN_CAS_NEW, event.casNew);
  if (present & (1 << PRESENT_VIVIFY)) putSigned(COLUMN_VIVIFY, event.vivify);
  if (present & (1 << PRESENT_RECACHE)) putSigned(COLUMN_RECACHE, event.recache);
  if (present & (1 << PRESENT_TTL_LEFT)) putSigned(COLUMN_TTL_LEFT, event.ttlLeft);
  if (present & (1 << PRESENT_OPAQUE)) putWord(COLUMN_OPAQUE, event.opaque);
  if (event.sub) put(COLUMN_SUB, event.sub);
  if (event.keyIndex) put(COLUMN_KEY_INDEX, event.keyIndex);
}

/** Appends one connection record. */
export function appendConn(conn: u32, kind: u32, time: u64, client: u64, server: u64, port: u32): void {
  if (conns == 0) {
    info.baseConnTime = time;
    previousConnTime = time;
  }
  put(COLUMN_CONN_ID, conn);
  put(COLUMN_CONN_KIND, kind);
  putSigned(COLUMN_CONN_TIME, <i64>(time - previousConnTime));
  previousConnTime = time;
  putWord(COLUMN_CONN_CLIENT, client);
  putWord(COLUMN_CONN_SERVER, server);
  put(COLUMN_CONN_PORT, port);
  conns++;
  if (conns == blockEvents || isFull()) seal();
}

/** Bytes in all columns. */
function size(): u32 {
  let sum: u32 = 0;
  for (let column: u32 = 0; column < COLUMN_COUNT; column++) {
    sum += load<u32>(positions + (column << 2)) - <u32>columnBase(column);
  }
  return sum;
}

/** Seals the open block and hands it to the host; nothing happens where it is empty. */
export function seal(): void {
  if (events == 0 && conns == 0) return;
  if (size() > config.blockOutSize) unreachable();
  let at = <usize>config.blockOut;
  for (let column: u32 = 0; column < COLUMN_COUNT; column++) {
    const base = columnBase(column);
    const bytes = load<u32>(positions + (column << 2)) - <u32>base;
    memory.copy(at, base, bytes);
    store<u32>(changetype<usize>(info) + BLOCK_INFO_COLUMN_ENDS + (column << 2), bytes);
    at += bytes;
  }
  info.minTime = events ? minTime : 0;
  info.maxTime = maxTime;
  info.payload = config.blockOut;
  info.payloadSize = <u32>(at - config.blockOut);
  info.events = events;
  info.requests = requests;
  info.conns = conns;
  info.shapes = shapeCount;
  info.shapeTable = <u32>shapes;
  info.keys = keys;
  onBlock();
  reset();
}
