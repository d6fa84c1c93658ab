/** Packets as a BPF program that parses hands them over, and as one that copies them does. */
import { flowHash, ringRecord } from './kernel.js';
import type { Packet } from './packets.js';
import { parsedRecord } from './parsed.js';
import { decodeRecords, type RingResult } from './ring-decode.js';

/** The secret of keys in `decodeRecords`. */
export const SECRET = new Uint8Array(16);

export const copiedRecord = ({ data, time }: Packet) => ringRecord(data, time);

/** Decodes whole packets. */
export const decodeCopied = (packets: readonly Packet[]): RingResult =>
  decodeRecords(packets.map(copiedRecord));

/** Decodes message records where the program makes them; it copies the packets of flows that ask for that. */
export function decodeParsed(packets: readonly Packet[], late = 0): RingResult {
  const records = packets.map((packet) => (isUncut: (hash: number) => boolean) => {
    const parsed = isUncut(flowHash(packet.data)) ? undefined : parsedRecord(packet, SECRET);
    return parsed ?? copiedRecord(packet);
  });
  return decodeRecords(records, { parsed: true, late });
}
