import { MembenchError } from '../errors.js';
import { LINKTYPE_NAMES, PCAP_HEADER } from '../layout/generated.js';

/** What the head of a capture file says about the records behind it. */
export interface CaptureHeader {
  /** Record headers have the other byte order than ours (little-endian). */
  readonly swapped: boolean;
  /** Nanoseconds in one unit of record time: 1 or 1000. */
  readonly unit: 1 | 1000;
  /** Index into LINKTYPE_NAMES. */
  readonly linktype: number;
}

// Magic numbers of pcap-savefile(5), read little-endian.
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const MICROSECONDS_SWAPPED = 0xd4c3b2a1;
const NANOSECONDS_SWAPPED = 0x4d3cb2a1;
/** Formats people confuse with pcap, by their first four bytes. */
const OTHERS = new Map<number, string>([
  [0x0a0d0d0a, 'a pcapng file, which this release does not read (editcap -F pcap converts it)'],
  [0xa1b2cd34, "a pcap file of Kuznetzov's variant (tcpdump -r … -w … converts it)"],
  [0x34cdb2a1, "a pcap file of Kuznetzov's variant (tcpdump -r … -w … converts it)"],
  [0x706f6f6e, 'a snoop file (editcap -F pcap converts it)'],
]);

/** LINKTYPE_ values (tcpdump.org/linktypes.html) by the decoder's own names. */
const LINKTYPES = new Map<number, (typeof LINKTYPE_NAMES)[number]>([
  [0, 'null'],
  [1, 'ethernet'],
  // DLT_RAW has other numbers on some systems, and old files carry them.
  [12, 'raw'],
  [14, 'raw'],
  [101, 'raw'],
  [108, 'loop'],
  [113, 'linux_sll'],
  [228, 'raw'],
  [229, 'raw'],
  [276, 'linux_sll2'],
]);

/**
 * Reads the 24 bytes a classic pcap file starts with. The version is not looked at: files in the wild
 * carry odd ones, and nothing in the records depends on it.
 *
 * @param bytes the first PCAP_HEADER bytes, or fewer if the file is that short
 * @throws ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE
 */
export function parseCaptureHeader(bytes: Uint8Array): CaptureHeader {
  if (bytes.length === 0) throw new MembenchError('ERR_MEMBENCH_NOT_A_CAPTURE', 'the file is empty');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const magic = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  const swapped = magic === MICROSECONDS_SWAPPED || magic === NANOSECONDS_SWAPPED;
  if (!swapped && magic !== MICROSECONDS && magic !== NANOSECONDS) {
    const other =
      OTHERS.get(magic) ??
      ((magic & 0xffff) === 0x8b1f ? 'compressed with gzip, unpack it first' : undefined);
    throw new MembenchError(
      'ERR_MEMBENCH_NOT_A_CAPTURE',
      other === undefined ? 'it does not begin like a pcap file' : `it is ${other}`,
    );
  }
  if (bytes.length < PCAP_HEADER) {
    throw new MembenchError(
      'ERR_MEMBENCH_NOT_A_CAPTURE',
      `it ends in the file header, after ${bytes.length} bytes`,
    );
  }
  // The high bits tell of a frame check sequence (pcap-savefile(5)).
  const number = view.getUint32(20, !swapped) & 0xffff;
  const name = LINKTYPES.get(number);
  if (name === undefined) {
    throw new MembenchError(
      'ERR_MEMBENCH_LINKTYPE',
      `link type ${number} is not known`,
      'capture on an interface with IP traffic',
    );
  }
  return {
    swapped,
    unit: magic === NANOSECONDS || magic === NANOSECONDS_SWAPPED ? 1 : 1000,
    linktype: LINKTYPE_NAMES.indexOf(name),
  };
}
