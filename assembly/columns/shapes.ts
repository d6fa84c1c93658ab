/**
 * The table of shapes of the open block: combinations of operation, status and other fields shared by events.
 */
import { mix } from '../hash';
import { reserve, seed } from '../instance';
import { EventRecord, PRESENT_FLAGS, PRESENT_SHAPE_FLAGS, Shape, SIZEOF_SHAPE } from '../layout';

/** Most shapes of a block before it is sealed, and slots of their hash table, a power of two. */
export const SHAPES_MAX: u32 = 1024;
const SHAPE_SLOTS: u32 = 4096;
/**
 * Client flags below this are part of the shape: a client gives few different flags to most of its values.
 */
const SHAPE_FLAGS_END: u64 = 256;

/** A shape found recently: the fields of an event that determine it, and its index. */
// @ts-ignore: decorator
@unmanaged
class Recent {
  word0: u64;
  word1: u64;
  meta: u64;
  index: u64;
}

/** Number of recent shapes, as a power of two. */
const RECENT_BITS: u32 = 6;
const RECENT_BYTES: usize = offsetof<Recent>() << RECENT_BITS;

/** Address of the table, and its number of shapes. */
export let shapes: usize = 0;
export let shapeCount: u32 = 0;
/** Hash table of the shapes: 1 + index, u16 each. */
let slots: usize = 0;
/** Table of recent shapes. */
let recent: usize = 0;

export function createShapes(): void {
  shapes = reserve(SHAPES_MAX * SIZEOF_SHAPE);
  slots = reserve(SHAPE_SLOTS * 2);
  recent = reserve(RECENT_BYTES);
}

export function emptyShapes(): void {
  memory.fill(slots, 0, SHAPE_SLOTS * 2);
  memory.fill(recent, 0xff, RECENT_BYTES);
  shapeCount = 0;
}

/** The `present` bits of the shape of an event. */
// @ts-ignore: decorator
@inline
export function shapePresent(event: EventRecord): u32 {
  const shared = (event.present >> PRESENT_FLAGS) & <u32>(event.flags < SHAPE_FLAGS_END);
  return event.present ^ ((shared << PRESENT_FLAGS) | (shared << PRESENT_SHAPE_FLAGS));
}

/** Index of an event's shape in the table; a new shape is added. `present` is that of the shape. */
// @ts-ignore: decorator
@inline
export function shapeOf(event: EventRecord, present: u32): u32 {
  const base = changetype<usize>(event);
  const flags = event.flags & (0 - <u64>((present >> PRESENT_SHAPE_FLAGS) & 1));
  // These fields were stored just now, so each is loaded at the width it was stored with: a wider load would
  // have to wait until the stores reach the cache. The five bytes from `proto` on were stored a packet ago.
  const word0 =
    <u64>present | (<u64>event.op << 32) | (<u64>event.status << 40) | (<u64>event.marks << 48) |
    (flags << 56);
  const word1 = load<u64>(base, offsetof<EventRecord>('proto')) & 0x000000ff00ffffff;
  const meta = event.metaFlags;
  const spread = (word0 ^ meta) * 0x9e3779b97f4a7c15 + word1 * 0xbf58476d1ce4e5b9;
  const entry = changetype<Recent>(recent + <usize>(spread >> (64 - RECENT_BITS)) * offsetof<Recent>());
  if (entry.word0 == word0 && entry.word1 == word1 && entry.meta == meta) return <u32>entry.index;
  entry.word0 = word0;
  entry.word1 = word1;
  entry.meta = meta;
  const index = findShape(event, present, <u32>flags);
  entry.index = index;
  return index;
}

function findShape(event: EventRecord, present: u32, flags: u32): u32 {
  const meta = event.metaFlags;
  const packed =
    <u64>event.op | (<u64>event.status << 8) | (<u64>event.proto << 16) | (<u64>event.transport << 24) |
    (<u64>event.mode << 32) | (<u64>event.marks << 40) | (<u64>event.traits << 48) | (<u64>flags << 56);
  // The hash is seeded: a client chooses the flags, and must not be able to choose many with one slot.
  const hash = mix(seed ^ packed ^ (meta * 0x9e3779b97f4a7c15) ^ (<u64>present << 20));
  let slot = <u32>hash & (SHAPE_SLOTS - 1);
  for (;;) {
    const index = <u32>load<u16>(slots + (slot << 1));
    if (index == 0) break;
    const shape = shapes + (index - 1) * SIZEOF_SHAPE;
    if (
      load<u64>(shape) == meta && changetype<Shape>(shape).present == present &&
      load<u64>(shape, offsetof<Shape>('op')) == packed
    ) return index - 1;
    slot = (slot + 1) & (SHAPE_SLOTS - 1);
  }
  const shape = changetype<Shape>(shapes + shapeCount * SIZEOF_SHAPE);
  shape.metaFlags = meta;
  shape.present = present;
  store<u64>(changetype<usize>(shape), packed, offsetof<Shape>('op'));
  store<u16>(slots + (slot << 1), <u16>++shapeCount);
  return shapeCount - 1;
}
