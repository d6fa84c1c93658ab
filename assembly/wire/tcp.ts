/** TCP headers (RFC 9293, section 3.1). */
import { load16, load32 } from './bytes';

/** Largest distance of sequence numbers of one window (RFC 7323, section 2.3). */
export const WINDOW_MAX: i32 = 1 << 30;

export const TCP_HEADER_MIN: u32 = 20;

export const TCP_FIN: u32 = 0x01;
export const TCP_SYN: u32 = 0x02;
export const TCP_RST: u32 = 0x04;
export const TCP_ACK: u32 = 0x10;
export const TCP_URG: u32 = 0x20;

/**
 * Whether sequence number `a` is before `b`. They wrap, so the shorter distance decides (RFC 9293, section
 * 3.4).
 */
// @ts-ignore: decorator
@inline
export function before(a: u32, b: u32): bool {
  return <i32>(a - b) < 0;
}

// @ts-ignore: decorator
@inline
export function sourcePort(tcp: usize): u32 {
  return load16(tcp);
}
// @ts-ignore: decorator
@inline
export function destinationPort(tcp: usize): u32 {
  return load16(tcp + 2);
}
// @ts-ignore: decorator
@inline
export function sequence(tcp: usize): u32 {
  return load32(tcp + 4);
}
// @ts-ignore: decorator
@inline
export function acknowledgement(tcp: usize): u32 {
  return load32(tcp + 8);
}
/** Bytes of the header, options included; below 20 it is malformed. */
// @ts-ignore: decorator
@inline
export function tcpHeaderSize(tcp: usize): u32 {
  return <u32>(load<u8>(tcp + 12) >> 4) << 2;
}
// @ts-ignore: decorator
@inline
export function tcpFlags(tcp: usize): u32 {
  return load<u8>(tcp + 13);
}

/**
 * The urgent pointer: offset of the byte after the urgent one from the sequence number, where TCP_URG is set.
 */
// @ts-ignore: decorator
@inline
export function urgentPointer(tcp: usize): u32 {
  return load16(tcp + 18);
}

/** The window, in network order. */
// @ts-ignore: decorator
@inline
export function windowField(tcp: usize): u16 {
  return load<u16>(tcp + 14);
}
