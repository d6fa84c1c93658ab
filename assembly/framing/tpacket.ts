/**
 * Blocks of a TPACKET_V3 ring, as written by the kernel (struct tpacket_block_desc and tpacket3_hdr of
 * linux/if_packet.h):
 *
 *   block:   | version | offset to private | status | packets | offset to first | length | sequence | times |
 *   packet:  | to next | s | ns | captured | length | status | to link (u16) | to network (u16) | ... |
 *            | sockaddr_ll at 48 | ... | captured bytes |
 */

/** Packets in a block. */
// @ts-ignore: decorator
@inline
export function blockPackets(block: usize): u32 {
  return load<u32>(block, 12);
}

/** Address of the header of the first packet. */
// @ts-ignore: decorator
@inline
export function firstFrame(block: usize): usize {
  return block + load<u32>(block, 16);
}

// @ts-ignore: decorator
@inline
export function nextFrame(frame: usize): usize {
  return frame + load<u32>(frame);
}

/** Unix nanoseconds. */
// @ts-ignore: decorator
@inline
export function frameTime(frame: usize): u64 {
  return <u64>load<u32>(frame, 4) * 1000000000 + load<u32>(frame, 8);
}

/** Captured bytes. */
// @ts-ignore: decorator
@inline
export function frameCaptured(frame: usize): u32 {
  return load<u32>(frame, 12);
}

/** Bytes on the wire. */
// @ts-ignore: decorator
@inline
export function frameLength(frame: usize): u32 {
  return load<u32>(frame, 16);
}

/** Address of the captured bytes, from the link header on. */
// @ts-ignore: decorator
@inline
export function frameData(frame: usize): usize {
  return frame + load<u16>(frame, 24);
}

/**
 * Interface on which the packet was captured: sll_ifindex of the sockaddr_ll (packet(7)) after the header.
 */
// @ts-ignore: decorator
@inline
export function frameInterface(frame: usize): u32 {
  return load<u32>(frame, 48 + 4);
}
