/**
 * What the capturing child says, one JSON line each: readiness on descriptor 3, a failure on stderr. It sees
 * packets, so its parent takes nothing of it but these fields, each as it must be.
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
  /** The link type has no VLAN tags, so the filter must not ask for them. */
  'NO_VLAN',
  'LINKTYPE',
  'PRIVILEGE',
  'FAILED',
] as const;

export interface ChildFailure {
  code: (typeof FAILURES)[number];
  /** Why, without the device's name. */
  message: string;
}

/** Descriptor of the child's readiness. */
export const READY_FD = 3;

/** Characters of readiness at most, and of what is kept of stderr: cap and the C library write there too. */
export const READY_MAX = 1024;
export const STDERR_MAX = 65536;
/** Characters of a failure's message that are shown. */
const MESSAGE_MAX = 500;

/** Reads a line that says the child is ready; undefined where it is none. */
export function parseReady(line: string): ChildReady | undefined {
  const { linktype } = parseObject(line);
  // The lower 16 bits of the header's field (pcap-savefile(5)).
  const known = Number.isInteger(linktype) && (linktype as number) >= 0 && (linktype as number) <= 0xffff;
  return known ? { linktype: linktype as number } : undefined;
}

/** Reads a line that says what went wrong; undefined where it is none. */
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
