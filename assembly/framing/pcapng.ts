/**
 * pcapng (draft-ietf-opsawg-pcapng): sections of blocks, in the byte order of the section: type, total
 * length, body, total length again. Only the needed part of a block is read; the rest may be in any number of
 * chunks.
 */
import { count, indexState } from '../instance';
import {
  CaptureInterface, COUNTER_BOUND_INTERFACES, COUNTER_LOST_BY_KERNEL, COUNTER_PACKETS_SEEN,
  COUNTER_SKIPPED_LINKTYPE, COUNTER_SKIPPED_MALFORMED, INTERFACES_MAX, LINKTYPE_LINUX_SLL2, LINKTYPE_UNKNOWN,
  linktypeOf, RECORD_MAX, SIZEOF_CAPTURE_INTERFACE,
} from '../layout';
import { interfaceOfCooked } from '../wire/link';
import { packet } from '../packet';
import { indexPacket } from './record';
import { carryOver, CLOCKED_BEFORE, isBeyond } from './walk';

// Block types (section 11.1 of the draft).
const SECTION_HEADER: u32 = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b3c4d;
/** Type, total length, total length: a block without a body. */
const BLOCK_MIN: u32 = 12;
/** Bytes before a packet's data: of an enhanced and an obsolete packet block, and of a simple one. */
const PACKET_HEAD: u32 = 28;
const SIMPLE_HEAD: u32 = 12;
/** Bytes of a section header and of an interface description before their options. */
const SECTION_HEAD: u32 = 24;
const INTERFACE_HEAD: u32 = 16;
const STATISTICS_HEAD: u32 = 20;
/** Most bytes read of a descriptive block; options after them are ignored. */
const DESCRIPTION_MAX: u32 = 65536;

// Option codes (sections 3.5, 4.2 and 4.6).
const OPTION_END: u32 = 0;
const IF_TSRESOL: u32 = 9;
const IF_TSOFFSET: u32 = 14;
const ISB_IFDROP: u32 = 5;
const ISB_OSDROP: u32 = 7;

const MICROSECONDS: u32 = 6;
const POWER_OF_TWO: u32 = 0x80;
const NANOSECONDS_IN_SECOND: u64 = 1000000000;
/** Most lost packets; a block with a higher number is invalid. */
const DROPPED_MAX: u64 = 1 << 48;

// @ts-ignore: decorator
@inline
function load32(at: usize): u32 {
  const value = load<u32>(at);
  return indexState.swapped ? bswap<u32>(value) : value;
}

// @ts-ignore: decorator
@inline
function load16(at: usize): u32 {
  const value = load<u16>(at);
  return indexState.swapped ? bswap<u16>(value) : value;
}

function load64(at: usize): u64 {
  const value = load<u64>(at);
  return indexState.swapped ? bswap<u64>(value) : value;
}

// @ts-ignore: decorator
@inline
function interfaceAt(id: u32): CaptureInterface {
  return changetype<CaptureInterface>(<usize>indexState.interfaces + <usize>id * SIZEOF_CAPTURE_INTERFACE);
}

/** 10 to the power of n, for n of 0 to 19. */
function powerOfTen(n: u32): u64 {
  let power: u64 = 1;
  for (let i: u32 = 0; i < n; i++) power *= 10;
  return power;
}

/** Nanoseconds since 1970 of a time of an interface; it wraps for impossible times. */
// @ts-ignore: decorator
@inline
function nanoseconds(from: CaptureInterface, high: u32, low: u32): u64 {
  const ticks = (<u64>high << 32) | low;
  const base = <u64>from.offset * NANOSECONDS_IN_SECOND;
  if (from.resolution == MICROSECONDS) return base + ticks * 1000;
  return base + otherResolution(from.resolution, ticks);
}

function otherResolution(resolution: u32, ticks: u64): u64 {
  const n = resolution & 127;
  if (resolution & POWER_OF_TWO) {
    if (n > 63) return 0;
    const second = <u64>1 << n;
    let fraction = ticks & (second - 1);
    // A fraction of 34 bits times 10^9 is below 2^64.
    let bits = n;
    if (bits > 34) {
      fraction >>= bits - 34;
      bits = 34;
    }
    return (ticks >> n) * NANOSECONDS_IN_SECOND + ((fraction * NANOSECONDS_IN_SECOND) >> bits);
  }
  if (n <= 9) return ticks * powerOfTen(9 - n);
  return n - 9 > 19 ? 0 : ticks / powerOfTen(n - 9);
}

/** Address of the value of an option in [at, end) with `size` bytes, or 0. */
function findOption(at: usize, end: usize, code: u32, size: u32): usize {
  while (at + 4 <= end) {
    const found = load16(at);
    const length = load16(at + 2);
    if (found == OPTION_END || at + 4 + length > end) break;
    if (found == code) return length == size ? at + 4 : 0;
    at += 4 + ((length + 3) & ~3);
  }
  return 0;
}

/** Begins a section, with its byte order and new interface numbers. False where the header is invalid. */
function beginSection(block: usize): bool {
  const magic = load<u32>(block + 8);
  const swapped = magic == bswap<u32>(BYTE_ORDER_MAGIC);
  if (magic != BYTE_ORDER_MAGIC && !swapped) return false;
  indexState.swapped = swapped ? 1 : 0;
  indexState.interfaceCount = 0;
  indexState.begun = 1;
  if (indexState.clocked) indexState.clocked = CLOCKED_BEFORE;
  // The rest of a section with another major version is unknown (section 4.1).
  return load16(block + 12) == 1;
}

function addInterface(block: usize, end: usize): void {
  const id = indexState.interfaceCount;
  if (id == INTERFACES_MAX) {
    count(COUNTER_BOUND_INTERFACES);
    return;
  }
  indexState.interfaceCount = id + 1;
  const added = interfaceAt(id);
  const options = block + INTERFACE_HEAD;
  const resolution = findOption(options, end, IF_TSRESOL, 1);
  const offset = findOption(options, end, IF_TSOFFSET, 8);
  added.linktype = linktypeOf(load16(block + 8));
  added.snaplen = load32(block + 12);
  added.resolution = resolution ? load<u8>(resolution) : MICROSECONDS;
  added.offset = offset ? <i64>load64(offset) : 0;
  added.dropped = 0;
}

/** Counts the packets lost since the statistics block before: a block has the sum of an interface so far. */
function takeStatistics(block: usize, end: usize): void {
  const id = load32(block + 8);
  if (id >= indexState.interfaceCount) return;
  const from = interfaceAt(id);
  const byInterface = findOption(block + STATISTICS_HEAD, end, ISB_IFDROP, 8);
  const bySystem = findOption(block + STATISTICS_HEAD, end, ISB_OSDROP, 8);
  let dropped: u64 = 0;
  if (byInterface) dropped += min(load64(byInterface), DROPPED_MAX);
  if (bySystem) dropped += min(load64(bySystem), DROPPED_MAX);
  if (dropped >= DROPPED_MAX || dropped <= from.dropped) return;
  count(COUNTER_LOST_BY_KERNEL, dropped - from.dropped);
  count(COUNTER_PACKETS_SEEN, dropped - from.dropped);
  from.dropped = dropped;
}

/** Bytes of a block that are needed to read it. */
// @ts-ignore: decorator
@inline
function neededOf(type: u32, total: u32): u32 {
  if (type == ENHANCED_PACKET || type == OBSOLETE_PACKET) return PACKET_HEAD;
  if (type == SIMPLE_PACKET) return SIMPLE_HEAD;
  if (type == INTERFACE_DESCRIPTION || type == INTERFACE_STATISTICS) return min(total - 4, DESCRIPTION_MAX);
  return 8;
}

/** Fewest bytes of a block of a type. */
// @ts-ignore: decorator
@inline
function leastOf(type: u32): u32 {
  if (type == ENHANCED_PACKET || type == OBSOLETE_PACKET) return PACKET_HEAD + 4;
  if (type == SIMPLE_PACKET) return SIMPLE_HEAD + 4;
  if (type == INTERFACE_DESCRIPTION) return INTERFACE_HEAD + 4;
  if (type == INTERFACE_STATISTICS) return STATISTICS_HEAD + 4;
  return BLOCK_MIN;
}

/**
 * Walks the blocks in [at, end) and fills the workers' lists. Returns the packets walked. Stops at a limit
 * (`ended`) or at an invalid block (`error`). Call it in slot order, from one caller at a time.
 */
export function indexPcapng(at: usize, end: usize): u32 {
  const state = indexState;
  let packets: u32 = 0;
  while (at < end) {
    if (state.trailer) {
      const step = min(state.skip, <u32>(end - at));
      at += step;
      state.skip -= step;
      if (state.skip || at + 4 > end) break;
      if (load32(at) != state.trailer) {
        state.error = 1;
        break;
      }
      state.trailer = 0;
      at += 4;
      continue;
    }
    if (at + 8 > end) break;
    // The type of a section header reads the same in both byte orders.
    if (load<u32>(at) == SECTION_HEADER) {
      if (at + SECTION_HEAD > end) break;
      if (!beginSection(at)) {
        state.error = 1;
        break;
      }
    } else if (!state.begun) {
      state.error = 1;
      break;
    }
    const type = load32(at);
    const total = load32(at + 4);
    if (total & 3 || total < (type == SECTION_HEADER ? SECTION_HEAD + 4 : leastOf(type))) {
      state.error = 1;
      break;
    }
    let needed = type == SECTION_HEADER ? SECTION_HEAD : neededOf(type, total);
    if (at + needed > end) break;
    if (type == ENHANCED_PACKET || type == OBSOLETE_PACKET) {
      const captured = load32(at + 20);
      if (captured > RECORD_MAX || captured > total - PACKET_HEAD - 4) {
        state.error = 1;
        break;
      }
      needed += captured;
      if (at + needed > end) break;
      const id = type == ENHANCED_PACKET ? load32(at + 8) : load16(at + 8);
      packet.ordinal = packets;
      if (!takePacket(at, at + PACKET_HEAD, captured, id)) break;
      packets++;
    } else if (type == SIMPLE_PACKET) {
      const length = load32(at + 8);
      let captured = min(length, total - SIMPLE_HEAD - 4);
      if (state.interfaceCount && interfaceAt(0).snaplen) captured = min(captured, interfaceAt(0).snaplen);
      if (captured > RECORD_MAX) {
        state.error = 1;
        break;
      }
      needed += captured;
      if (at + needed > end) break;
      packet.ordinal = packets;
      if (!takePacket(at, at + SIMPLE_HEAD, captured, 0)) break;
      packets++;
    } else if (type == INTERFACE_DESCRIPTION) {
      addInterface(at, at + needed);
    } else if (type == INTERFACE_STATISTICS) {
      takeStatistics(at, at + needed);
    }
    state.trailer = total;
    state.skip = total - needed - 4;
    at += needed;
  }
  state.ordinal += packets;
  count(COUNTER_PACKETS_SEEN, packets);
  carryOver(at, end);
  return packets;
}

/**
 * Takes the packet of a block, with `captured` bytes at `data`. A simple block has no time, and gets that of
 * the packet before. False where the recording ends before the packet.
 */
// @ts-ignore: decorator
@inline
function takePacket(block: usize, data: usize, captured: u32, id: u32): bool {
  const state = indexState;
  if (id >= state.interfaceCount) {
    count(COUNTER_SKIPPED_MALFORMED);
    return true;
  }
  const from = interfaceAt(id);
  const isSimple = load32(block) == SIMPLE_PACKET;
  const time = isSimple ? state.lastTime : nanoseconds(from, load32(block + 12), load32(block + 16));
  if (isBeyond(time)) return false;
  state.lastTime = time;
  const linktype = from.linktype;
  if (linktype == LINKTYPE_UNKNOWN) {
    count(COUNTER_SKIPPED_LINKTYPE);
    return true;
  }
  packet.time = time;
  packet.seenOn = linktype == LINKTYPE_LINUX_SLL2 ? interfaceOfCooked(data, captured) : id + 1;
  indexPacket(data, captured, load32(block + (isSimple ? 8 : 24)), linktype);
  return true;
}
