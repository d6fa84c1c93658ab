/**
 * Messages of the capturing child, JSON lines: readiness on descriptor 3, a failure on stderr. The child
 * touches packets, so its parent accepts only these fields, and checks each.
 */
import { plainText } from '../plain-text.js';

export interface ChildReady {
  /** LINKTYPE_ value (tcpdump.org/linktypes.html), as in the stream's header. */
  linktype: number;
}

const FAILURES = [
  'NOT_INSTALLED',
  'NOT_BUILT',
  'NO_DEVICE',
  'DEVICE_DOWN',
  'NO_PERMISSION',
  /** The link type has no VLAN tags, so the filter must not have `vlan`. */
  'NO_VLAN',
  'LINKTYPE',
  'PRIVILEGE',
  'FAILED',
] as const;

export interface ChildFailure {
  code: (typeof FAILURES)[number];
  /** The reason, without the name of the device. */
  message: string;
}

/** Descriptor on which the child reports readiness. */
export const READY_FD = 3;

/**
 * Most characters of the readiness line, and of stderr that are kept: cap and the C library write there, too.
 */
export const READY_MAX = 1024;
export const STDERR_MAX = 65536;
/** Most characters of a failure's message. */
const MESSAGE_MAX = 500;

/** Parses a line of readiness; undefined where it is invalid. */
export function parseReady(line: string): ChildReady | undefined {
  const { linktype } = parseObject(line);
  // The lower 16 bits of the header's field (pcap-savefile(5)).
  const known = Number.isInteger(linktype) && (linktype as number) >= 0 && (linktype as number) <= 0xffff;
  return known ? { linktype: linktype as number } : undefined;
}

/** Parses a line of failure; undefined where it is invalid. */
export function parseFailure(line: string): ChildFailure | undefined {
  const { code, message } = parseObject(line);
  const known = FAILURES.find((failure) => failure === code);
  if (known === undefined || typeof message !== 'string') return undefined;
  return { code: known, message: plainText(message, MESSAGE_MAX) };
}

function parseObject(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
