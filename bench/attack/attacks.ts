/** The attack set: captures that cost their recorder most memory or time. */
import type { Counter } from '#src/layout/generated.js';
import { BINARY_ATTACKS } from './binary.js';
import { DATAGRAM_ATTACKS } from './datagrams.js';
import { REQUEST_ATTACKS } from './requests.js';
import { SEGMENT_ATTACKS } from './segments.js';
import { Wire } from './wire.js';

/** One kind of attack. */
export interface Attack {
  name: string;
  /** Writes the capture. @param n its size: flows, segments or requests */
  write(wire: Wire, n: number): void;
  /** Size for the benchmark. */
  full: number;
  /** Size that fills the pools of a small memory. */
  small: number;
  /** Counter that counts the overflow. */
  counters: readonly Counter[];
}

export const ATTACKS: readonly Attack[] = [
  ...SEGMENT_ATTACKS,
  ...REQUEST_ATTACKS,
  ...BINARY_ATTACKS,
  ...DATAGRAM_ATTACKS,
];

/** Writes the capture of an attack. Returns its packets and bytes. */
export function writeAttack(
  attack: Attack,
  n: number,
  write: (chunk: Uint8Array) => void,
): { packets: number; bytes: number } {
  const wire = new Wire(write);
  attack.write(wire, n);
  wire.flush();
  return { packets: wire.packets, bytes: wire.bytes };
}
