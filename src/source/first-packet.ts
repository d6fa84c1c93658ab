/**
 * Finds the time of a capture's first packet in its first bytes, only to put several files in order. The
 * record walk (assembly/framing) reads times for itself.
 */
import { PCAP_PATCHED_RECORD_HEADER, PCAP_RECORD_HEADER } from '../layout/generated.js';
import type { CaptureHeader } from '../memory/capture-header.js';
import type { ByteReader } from './bytes.js';

/** Most bytes searched for the first packet: pcapng may have names and secrets before it. */
const LOOKED_MAX = 256 * 1024;
/** Bytes read at a time. */
const STEP = 4096;

// Block types of pcapng (draft-ietf-opsawg-pcapng, section 11.1), and options of an interface (section 4.2).
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;
const BLOCK_MIN = 12;
/** Bytes of an interface description before its options, and of a packet block up to the end of its time. */
const INTERFACE_HEAD = 16;
const PACKET_TIMES = 20;

/**
 * Result of a search: Unix nanoseconds; null where there is no time; undefined where more bytes are needed.
 */
type Found = bigint | null | undefined;

/**
 * Reads bytes until they include the first packet's time, or it is clear that it will not be found.
 *
 * @param head bytes read already after the file header
 * @returns all bytes read, beginning with `head`, and the time of the first packet, null where there is none
 */
export async function findFirstPacket(
  header: CaptureHeader,
  head: Uint8Array,
  reader: ByteReader,
): Promise<{ taken: Uint8Array; time: bigint | null }> {
  let taken = head;
  for (;;) {
    const time = firstTime(header, taken);
    if (time !== undefined) return { taken, time };
    if (taken.length >= LOOKED_MAX) return { taken, time: null };
    const more = new Uint8Array(STEP);
    const got = await reader.read(more);
    if (got === 0) return { taken, time: null };
    const joined = new Uint8Array(taken.length + got);
    joined.set(taken);
    joined.set(more.subarray(0, got), taken.length);
    taken = joined;
  }
}

function firstTime(header: CaptureHeader, bytes: Uint8Array): Found {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (header.container === 'pcapng') return firstTimeOfPcapng(view);
  const size = header.container === 'pcap_patched' ? PCAP_PATCHED_RECORD_HEADER : PCAP_RECORD_HEADER;
  if (bytes.length < size) return undefined;
  const little = !header.swapped;
  const fraction = BigInt(view.getUint32(4, little)) * BigInt(header.unit);
  return BigInt(view.getUint32(0, little)) * 1_000_000_000n + fraction;
}

/** The unit and offset of the times of an interface. */
interface Clock {
  resolution: number;
  offset: bigint;
}

function firstTimeOfPcapng(view: DataView): Found {
  let little = true;
  let clocks: Clock[] = [];
  for (let at = 0; ; ) {
    if (at + BLOCK_MIN > view.byteLength) return undefined;
    // The type of a section header reads the same in both byte orders.
    if (view.getUint32(at, true) === SECTION_HEADER) {
      little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
      clocks = [];
    }
    const type = view.getUint32(at, little);
    const total = view.getUint32(at + 4, little);
    if (total < BLOCK_MIN || total % 4 !== 0) return null;
    if (type === ENHANCED_PACKET || type === OBSOLETE_PACKET) {
      if (at + PACKET_TIMES > view.byteLength) return undefined;
      const id = type === ENHANCED_PACKET ? view.getUint32(at + 8, little) : view.getUint16(at + 8, little);
      const clock = clocks[id];
      const ticks =
        (BigInt(view.getUint32(at + 12, little)) << 32n) | BigInt(view.getUint32(at + 16, little));
      return clock === undefined ? null : nanoseconds(ticks, clock);
    }
    // A simple packet block has no time.
    if (type === SIMPLE_PACKET) return null;
    if (at + total > view.byteLength) return undefined;
    if (type === INTERFACE_DESCRIPTION)
      clocks.push(readClock(view, at + INTERFACE_HEAD, at + total - 4, little));
    at += total;
  }
}

/** Reads the options of an interface description in [at, end). */
function readClock(view: DataView, at: number, end: number, little: boolean): Clock {
  const clock: Clock = { resolution: 6, offset: 0n };
  while (at + 4 <= end) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === 0 || at + 4 + length > end) break;
    if (code === IF_TSRESOL && length === 1) clock.resolution = view.getUint8(at + 4);
    if (code === IF_TSOFFSET && length === 8) clock.offset = view.getBigInt64(at + 4, little);
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return clock;
}

/** Unix nanoseconds of a time. Its unit is 10^-n s, or 2^-n s where the highest of 8 bits is set. */
function nanoseconds(ticks: bigint, { resolution, offset }: Clock): bigint {
  const n = BigInt(resolution & 127);
  const second = resolution & 128 ? 2n ** n : 10n ** n;
  return offset * 1_000_000_000n + (ticks * 1_000_000_000n) / second;
}

/**
 * Sorts captures by the times of their first packets. A capture without a time stays after the one named
 * before it.
 */
export function inOrder<T extends { readonly first: bigint | null }>(captures: readonly T[]): T[] {
  let before: bigint | null = null;
  const placed = captures.map((capture) => {
    before = capture.first ?? before;
    return { capture, time: before };
  });
  // Sorting is stable: captures with equal times keep their order.
  return placed.sort((a, b) => compare(a.time, b.time)).map(({ capture }) => capture);
}

function compare(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}
