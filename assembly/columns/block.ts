/**
 * The open block: completed events are appended to its columns, and the columns are sealed into one payload,
 * encoded as src/profile/FORMAT.md says.
 *
 *   payload:   | shape | time | ordinal | conn | key | …      in block_out: the columns, one after another
 */
import { onBlock } from '../host';
import { config } from '../instance';
import {
  BLOCK_MAX, BlockInfo, BLOCK_INFO_COLUMN_ENDS, COLUMN_CAS_NEW, COLUMN_CONN, COLUMN_CONN_CLIENT,
  COLUMN_CONN_ID, COLUMN_CONN_KIND, COLUMN_CONN_PORT, COLUMN_CONN_SERVER, COLUMN_CONN_TIME, COLUMN_COUNT,
  COLUMN_DELTA, COLUMN_FLAGS, COLUMN_INITIAL, COLUMN_KEY, COLUMN_KEY_INDEX, COLUMN_LATENCY, COLUMN_OPAQUE,
  COLUMN_ORDINAL, COLUMN_RECACHE, COLUMN_SHAPE, COLUMN_SUB, COLUMN_TIME, COLUMN_TTL, COLUMN_TTL_LEFT,
  COLUMN_VALUE_SIZE, COLUMN_VIVIFY, ENVELOPE_MAX, EventRecord, PRESENT_CAS_NEW, PRESENT_DELTA, PRESENT_FLAGS,
  PRESENT_INITIAL, PRESENT_KEY, PRESENT_LATENCY, PRESENT_OPAQUE, PRESENT_RECACHE, PRESENT_TTL,
  PRESENT_TTL_LEFT, PRESENT_VALUE_SIZE, PRESENT_VIVIFY,
} from '../layout';
import { createDictionary, emptyDictionary, keyOf, keys } from './keys';
import {
  allBytes, columnBase, columnBytes, createColumns, emptyColumns, put, putMixed, putWord, zigzag,
} from './put';
import { createShapes, emptyShapes, shapeCount, shapeOf, shapePresent, shapes, SHAPES_MAX } from './shapes';

/** The bytes of all columns are summed up every so many rows; events and connection records are rows. */
const CHECK_EVERY: u32 = 256;
/**
 * Most bytes that one row adds: an event with every field, as varints of at most 2 bytes (shape, key size), 3
 * (key), 5 (32 bits) and 10 bytes (64 bits), and 8 bytes each for key hash and opaque. A connection record is
 * shorter.
 */
const ROW_MAX: u32 = 2 * 2 + 3 + 4 * 5 + 11 * 10 + 2 * 8;
/** Bytes of columns after which a block is sealed: the rows up to the next check still fit. */
const PAYLOAD_FULL: u32 = BLOCK_MAX - ENVELOPE_MAX - CHECK_EVERY * ROW_MAX;

let info: BlockInfo = changetype<BlockInfo>(0);
let blockEvents: u32 = 0;
let events: u32 = 0;
let requests: u32 = 0;
let conns: u32 = 0;
let previousTime: u64 = 0;
let previousOrdinal: u64 = 0;
let previousConnTime: u64 = 0;
let minTime: u64 = 0;
let maxTime: u64 = 0;

export function createBlock(): void {
  info = changetype<BlockInfo>(<usize>config.blockInfo);
  blockEvents = config.blockEvents;
  createColumns();
  createDictionary();
  createShapes();
  reset();
}

function reset(): void {
  emptyColumns();
  emptyShapes();
  emptyDictionary();
  events = 0;
  requests = 0;
  conns = 0;
  minTime = u64.MAX_VALUE;
  maxTime = 0;
}

/** Appends one event. */
export function appendEvent(event: EventRecord): void {
  const time = event.time;
  if (events == 0) {
    info.baseTime = time;
    info.baseOrdinal = event.ordinal;
    previousTime = time;
    previousOrdinal = event.ordinal;
  }
  if (time < minTime) minTime = time;
  if (time > maxTime) maxTime = time;
  const present = shapePresent(event);
  put(COLUMN_SHAPE, shapeOf(event, present));
  putMixed(COLUMN_TIME, zigzag(<i64>(time - previousTime)));
  previousTime = time;
  put(COLUMN_ORDINAL, zigzag(<i64>(event.ordinal - previousOrdinal)));
  previousOrdinal = event.ordinal;
  putMixed(COLUMN_CONN, event.conn);
  if (present & (1 << PRESENT_KEY)) putMixed(COLUMN_KEY, keyOf(event.keyHash, event.keySize));
  if (present & (1 << PRESENT_VALUE_SIZE)) putMixed(COLUMN_VALUE_SIZE, event.valueSize);
  if (present & (1 << PRESENT_LATENCY)) putMixed(COLUMN_LATENCY, event.latency);
  if (present & (1 << PRESENT_FLAGS)) put(COLUMN_FLAGS, event.flags);
  if (event.present >> PRESENT_TTL) appendRare(event, event.present);
  if (event.keyIndex == 0) requests++;
  events++;
  if (events == blockEvents || shapeCount == SHAPES_MAX || isFull()) seal();
}

/** Whether the block must be sealed for its size. Called after every row. */
// @ts-ignore: decorator
@inline
function isFull(): bool {
  return (events + conns) % CHECK_EVERY == 0 && allBytes() > PAYLOAD_FULL;
}

/** Appends the fields that few events have. */
function appendRare(event: EventRecord, present: u32): void {
  if (present & (1 << PRESENT_TTL)) put(COLUMN_TTL, zigzag(event.ttl));
  if (present & (1 << PRESENT_DELTA)) put(COLUMN_DELTA, event.delta);
  if (present & (1 << PRESENT_INITIAL)) put(COLUMN_INITIAL, event.initial);
  if (present & (1 << PRESENT_CAS_NEW)) put(COLUMN_CAS_NEW, event.casNew);
  if (present & (1 << PRESENT_VIVIFY)) put(COLUMN_VIVIFY, zigzag(event.vivify));
  if (present & (1 << PRESENT_RECACHE)) put(COLUMN_RECACHE, zigzag(event.recache));
  if (present & (1 << PRESENT_TTL_LEFT)) put(COLUMN_TTL_LEFT, zigzag(event.ttlLeft));
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
  put(COLUMN_CONN_TIME, zigzag(<i64>(time - previousConnTime)));
  previousConnTime = time;
  putWord(COLUMN_CONN_CLIENT, client);
  putWord(COLUMN_CONN_SERVER, server);
  put(COLUMN_CONN_PORT, port);
  conns++;
  if (conns == blockEvents || isFull()) seal();
}

/** Seals the open block and hands it to the host, unless it is empty. */
export function seal(): void {
  if (events == 0 && conns == 0) return;
  if (allBytes() > config.blockOutSize) unreachable();
  let at = <usize>config.blockOut;
  for (let column: u32 = 0; column < COLUMN_COUNT; column++) {
    const bytes = columnBytes(column);
    memory.copy(at, columnBase(column), bytes);
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
