/**
 * The table of shapes of the open block: operation, status and the other fields that its events have in
 * common.
 */
import { mix } from '../hash';
import { reserve, seed } from '../instance';
import { EventRecord, PRESENT_FLAGS, PRESENT_SHAPE_FLAGS, Shape, SIZEOF_SHAPE } from '../layout';

/** Shapes a block may have before it is sealed, and the power of two of their hash table. */
export const SHAPES_MAX: u32 = 1024;
const SHAPE_SLOTS: u32 = 4096;
/** Client flags below this are part of the shape: the few that a client gives to most of its values. */
const SHAPE_FLAGS_END: u64 = 256;

/** A shape found lately, by what of an event tells it. */
// @ts-ignore: decorator
@unmanaged
class Recent {
  word0: u64;
  word1: u64;
  meta: u64;
  index: u64;
}

/** Bits of the number of an entry of the recent shapes. */
const RECENT_BITS: u32 = 6;
const RECENT_BYTES: usize = offsetof<Recent>() << RECENT_BITS;

/** Address of the table, and how many shapes it has. */
export let shapes: usize = 0;
export let shapeCount: u32 = 0;
/** Hash table of the shapes: 1 + index, u16. */
let slots: usize = 0;
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

/** What `present` is in the shape of an event. */
// @ts-ignore: decorator
@inline
export function shapePresent(event: EventRecord): u32 {
  const shared = (event.present >> PRESENT_FLAGS) & <u32>(event.flags < SHAPE_FLAGS_END);
  return event.present ^ ((shared << PRESENT_FLAGS) | (shared << PRESENT_SHAPE_FLAGS));
}

/** Index of the event's shape in the block's table, added where it is new. `present` is that of the shape. */
// @ts-ignore: decorator
@inline
export function shapeOf(event: EventRecord, present: u32): u32 {
  const base = changetype<usize>(event);
  const flags = event.flags & (0 - <u64>((present >> PRESENT_SHAPE_FLAGS) & 1));
  // What was stored just now is loaded at the width it was stored with: a wider load would have to wait
  // until the stores have reached the cache. The five bytes from the protocol on were set a packet ago.
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
  // Seeded: a client chooses the flags, and must not be able to choose many of one slot.
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
