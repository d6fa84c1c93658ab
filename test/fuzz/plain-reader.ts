/**
 * A plain reader of capture files, independent of everything in src and assembly: how many packets a file has up
 * to its end, or to what cannot be a record (pcap-savefile(5), draft-ietf-opsawg-pcapng).
 */

/** What libpcap takes for the longest packet: MAXIMUM_SNAPLEN (pcap-int.h). */
const CAPTURED_MAX = 262_144;

export interface Read {
  packets: number;
  /** Whether the file ends within a record, or has what cannot be one. */
  broken: boolean;
}

export function readPlainly(bytes: Uint8Array): Read {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.getUint32(0) === 0x0a0d0d0a ? readPcapng(view) : readPcap(view);
}

function readPcap(view: DataView): Read {
  const size = view.byteLength;
  const little = view.getUint8(3) === 0xa1;
  let packets = 0;
  let at = 24;
  while (at + 16 <= size) {
    const captured = view.getUint32(at + 8, little);
    if (captured > CAPTURED_MAX || at + 16 + captured > size) break;
    packets++;
    at += 16 + captured;
  }
  return { packets, broken: at !== size };
}

/** Bytes of the shortest block of a type (sections 4.1 to 4.6 and A of the draft). */
const LEAST: Readonly<Record<number, number>> = { 1: 20, 2: 32, 3: 16, 5: 24, 6: 32, 168627466: 28 };
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const OBSOLETE = 2;
const SIMPLE = 3;
const ENHANCED = 6;

function readPcapng(view: DataView): Read {
  const size = view.byteLength;
  let little = true;
  let begun = false;
  /** Snapshot length of the section's first interface. */
  let snaplen: number | null = null;
  let packets = 0;
  const broken = () => ({ packets, broken: true });
  for (let at = 0; at < size; ) {
    if (at + 12 > size) return broken();
    if (view.getUint32(at) === SECTION) {
      little = view.getUint32(at + 8) === 0x4d3c2b1a;
      if (!little && view.getUint32(at + 8) !== 0x1a2b3c4d) return broken();
      if (at + 14 > size || view.getUint16(at + 12, little) !== 1) return broken();
      begun = true;
      snaplen = null;
    }
    if (!begun) return broken();
    const type = view.getUint32(at, little);
    const total = view.getUint32(at + 4, little);
    if (total % 4 !== 0 || total < (LEAST[type] ?? 12)) return broken();
    if (type === ENHANCED || type === OBSOLETE) {
      if (at + 28 > size) return broken();
      const captured = view.getUint32(at + 20, little);
      if (captured > CAPTURED_MAX || captured > total - 32 || at + 28 + captured > size) return broken();
      packets++;
    } else if (type === SIMPLE) {
      if (at + 12 > size) return broken();
      const captured = Math.min(
        view.getUint32(at + 8, little),
        total - 16,
        snaplen || Number.POSITIVE_INFINITY,
      );
      if (captured > CAPTURED_MAX || at + 12 + captured > size) return broken();
      packets++;
    } else if (type === INTERFACE && snaplen === null && at + 16 <= size) {
      snaplen = view.getUint32(at + 12, little);
    }
    if (at + total > size || view.getUint32(at + total - 4, little) !== total) return broken();
    at += total;
  }
  return { packets, broken: false };
}
