/**
 * The current packet of an instance. Framing sets its addresses, its time and the hash of its flow; TCP and
 * UDP set its payload and hand it on.
 *
 *   data          ip        l4          payload                end
 *   | link header | IP ...  | TCP, UDP  | captured ........... | not captured ... |
 *                           |<----------------- rest ---------------------------->|
 *   |<--------------------------------- length ---------------------------------->|
 *
 * It is one struct in the instance's own region, because several instances share the memory.
 */
import { config, count, reserve } from './instance';
import { COUNTER_BYTES, COUNTER_PACKETS_DECODED, Packet, SIZEOF_PACKET } from './layout';

export { Packet };

/** Stands for the time of bytes that no packet showed. */
export const TIME_UNKNOWN: u64 = u64.MAX_VALUE;

export let packet: Packet = changetype<Packet>(0);

export function createPacket(): void {
  packet = changetype<Packet>(<usize>config.packet);
  packet.starts = 1;
}

/** Makes another `Packet`, for bytes that are handed on after their packet was the current one. */
export function reservePacket(): Packet {
  return changetype<Packet>(reserve(SIZEOF_PACKET));
}

/** Sets the addresses and ports of the current packet from its headers. */
// @ts-ignore: decorator
@inline
export function setEndpoints(): void {
  const at = packet;
  const ip = <usize>at.ip;
  if (at.family == 4) {
    at.sourceHigh = load<u32>(ip + 12);
    at.destinationHigh = load<u32>(ip + 16);
    at.sourceLow = 0;
    at.destinationLow = 0;
  } else {
    at.sourceHigh = load<u64>(ip + 8);
    at.sourceLow = load<u64>(ip + 16);
    at.destinationHigh = load<u64>(ip + 24);
    at.destinationLow = load<u64>(ip + 32);
  }
  at.ports = load<u32>(<usize>at.l4);
}

/** Ports of the current packet in network order, as in its header. */
// @ts-ignore: decorator
@inline
export function sourcePortField(): u16 {
  return <u16>packet.ports;
}
// @ts-ignore: decorator
@inline
export function destinationPortField(): u16 {
  return <u16>(packet.ports >> 16);
}

/** Counts the current packet as decoded. */
// @ts-ignore: decorator
@inline
export function countDecoded(): void {
  count(COUNTER_PACKETS_DECODED);
  count(COUNTER_BYTES, packet.length);
}
