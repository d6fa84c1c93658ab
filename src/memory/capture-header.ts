import { MembenchError } from '../errors.js';
import { CONTAINER_NAMES, type Container, LINKTYPE_CODES, PCAP_HEADER } from '../layout/generated.js';

/** The header of a capture file. */
export interface CaptureHeader {
  readonly container: Container;
  /**
   * Bytes of the file header, which the record walk does not get; 0 for pcapng, of which it gets every block.
   */
  readonly size: number;
  /** Whether record headers are big-endian; pcapng sections tell their byte order themselves. */
  readonly swapped: boolean;
  /** Nanoseconds in one unit of record time: 1 or 1000; the various units of pcapng become nanoseconds. */
  readonly unit: 1 | 1000;
  /** Index into LINKTYPE_NAMES; 0 for pcapng, because each interface has its own. */
  readonly linktype: number;
}

/** Stands for a header where packets come from no capture. */
export const NO_CAPTURE: CaptureHeader = { container: 'none', size: 0, swapped: false, unit: 1, linktype: 0 };

// Magic numbers of pcap-savefile(5), read little-endian.
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const PATCHED = 0xa1b2cd34;
const MICROSECONDS_SWAPPED = 0xd4c3b2a1;
const NANOSECONDS_SWAPPED = 0x4d3cb2a1;
const PATCHED_SWAPPED = 0x34cdb2a1;
const STRAIGHT: ReadonlySet<number> = new Set([MICROSECONDS, NANOSECONDS, PATCHED]);
const SWAPPED: ReadonlySet<number> = new Set([MICROSECONDS_SWAPPED, NANOSECONDS_SWAPPED, PATCHED_SWAPPED]);
/** Block type of a section header (draft-ietf-opsawg-pcapng, section 4.1): a palindrome. */
const PCAPNG = 0x0a0d0d0a;
/** Formats that users confuse with pcap, by their first four bytes. */
const OTHERS = new Map<number, string>([
  // The first bytes of every frame of a profile, see FORMAT.md.
  [0x424da493, 'a profile, recorded already (membench analyze FILE)'],
  [0x706f6f6e, 'a snoop file (editcap -F pcap converts it)'],
]);

/**
 * Reads the header of a capture file: the 24 bytes of classic pcap, the first 4 of pcapng. The version of
 * classic pcap is not checked: files in the wild have odd ones, and nothing in the records depends on it.
 *
 * @param bytes the first PCAP_HEADER bytes, or fewer if the file is that short
 * @throws ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE
 */
export function parseCaptureHeader(bytes: Uint8Array): CaptureHeader {
  if (bytes.length === 0) throw new MembenchError('ERR_MEMBENCH_NOT_A_CAPTURE', 'it is empty');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const magic = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  if (magic === PCAPNG) return { container: 'pcapng', size: 0, swapped: false, unit: 1, linktype: 0 };
  const swapped = SWAPPED.has(magic);
  if (!swapped && !STRAIGHT.has(magic)) {
    const other = OTHERS.get(magic);
    throw new MembenchError(
      'ERR_MEMBENCH_NOT_A_CAPTURE',
      other === undefined ? 'it does not begin like a pcap or pcapng file' : `it is ${other}`,
      isText(bytes) ? 'it looks like text; tcpdump -w FILE writes a capture' : undefined,
    );
  }
  if (bytes.length < PCAP_HEADER) {
    throw new MembenchError(
      'ERR_MEMBENCH_NOT_A_CAPTURE',
      `it ends within the file header, after ${bytes.length} bytes`,
    );
  }
  // The high bits describe a frame check sequence (pcap-savefile(5)).
  const number = view.getUint32(20, !swapped) & 0xffff;
  const linktype = LINKTYPE_CODES.get(number);
  if (linktype === undefined) {
    throw new MembenchError(
      'ERR_MEMBENCH_LINKTYPE',
      `link type ${number} is not known`,
      'capture on an interface with IP traffic',
    );
  }
  return {
    container: magic === PATCHED || magic === PATCHED_SWAPPED ? 'pcap_patched' : 'pcap',
    size: PCAP_HEADER,
    swapped,
    unit: magic === NANOSECONDS || magic === NANOSECONDS_SWAPPED ? 1 : 1000,
    linktype,
  };
}

/** Whether all bytes are printable ASCII or white space. */
function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d));
}

/** Index into CONTAINER_NAMES. */
export function containerOf(header: CaptureHeader): number {
  return CONTAINER_NAMES.indexOf(header.container);
}
