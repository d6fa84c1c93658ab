/**
 * When a capture begins: the time of its first packet, looked for in its first bytes. The record walk reads
 * times for itself (assembly/framing); this one only puts several files in order.
 */
import { PCAP_PATCHED_RECORD_HEADER, PCAP_RECORD_HEADER } from '../layout/generated.js';
import type { CaptureHeader } from '../memory/capture-header.js';
import type { ByteReader } from './bytes.js';

/**
 * How far into a capture its first packet is looked for, bytes: pcapng may put names and secrets before it.
 */
const LOOKED_MAX = 256 * 1024;
/** Bytes taken at a time. */
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
/** Bytes of an interface description before its options, and of a packet's block up to its times. */
const INTERFACE_HEAD = 16;
const PACKET_TIMES = 20;

/**
 * What was found: Unix nanoseconds; null where there is no telling; undefined where more bytes are needed.
 */
type Found = bigint | null | undefined;

/**
 * Takes bytes until the first packet is among them, or it is clear that it will not be found.
 *
 * @param head bytes behind what `header` was read from, as far as they are there
 * @returns all that was taken, `head` first, and when the first packet was, null where there is no telling
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

/** What one interface of a section says of its times. */
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
    // It has no time.
    if (type === SIMPLE_PACKET) return null;
    if (at + total > view.byteLength) return undefined;
    if (type === INTERFACE_DESCRIPTION)
      clocks.push(readClock(view, at + INTERFACE_HEAD, at + total - 4, little));
    at += total;
  }
}

/** Reads the options in [at, end). */
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

/** Units are 10^-n s, with the highest of 8 bits set 2^-n s. */
function nanoseconds(ticks: bigint, { resolution, offset }: Clock): bigint {
  const n = BigInt(resolution & 127);
  const second = resolution & 128 ? 2n ** n : 10n ** n;
  return offset * 1_000_000_000n + (ticks * 1_000_000_000n) / second;
}

/**
 * Captures in the order of their first packets. One that does not tell when that was stays behind the one
 * that was named before it.
 */
export function inOrder<T extends { readonly first: bigint | null }>(captures: readonly T[]): T[] {
  let before: bigint | null = null;
  const placed = captures.map((capture) => {
    before = capture.first ?? before;
    return { capture, time: before };
  });
  // Sorting is stable: equal times keep the order they were named in.
  return placed.sort((a, b) => compare(a.time, b.time)).map(({ capture }) => capture);
}

function compare(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}
