/** UDP headers (RFC 768), and the frame header of memcache after them (doc/protocol.txt, "UDP protocol"). */
import { load16 } from './bytes';

export const UDP_HEADER: u32 = 8;
/** Bytes of the frame header: request id, sequence number, number of datagrams, reserved, 16 bits each. */
export const UDP_FRAME: u32 = 8;
/**
 * Bytes of an answer in one datagram of memcached: UDP_MAX_PAYLOAD_SIZE (memcached.h) less the frame header.
 */
export const UDP_ANSWER: u32 = 1400 - 8;

/** Bytes of header and data, by the length in the header. */
// @ts-ignore: decorator
@inline
export function udpLength(udp: usize): u32 {
  return load16(udp + 4);
}

// @ts-ignore: decorator
@inline
export function requestId(frame: usize): u32 {
  return load16(frame);
}
// @ts-ignore: decorator
@inline
export function sequenceNumber(frame: usize): u32 {
  return load16(frame + 2);
}
// @ts-ignore: decorator
@inline
export function datagrams(frame: usize): u32 {
  return load16(frame + 4);
}
