/** Options of TCP (RFC 9293, section 3.1; RFC 7323; RFC 2018). */
import { load32 } from './bytes';
import { TCP_HEADER_MIN } from './tcp';

const END: u32 = 0;
const NOP: u32 = 1;
const WINDOW_SCALE: u32 = 3;
const SACK_PERMITTED: u32 = 4;
const TIMESTAMPS: u32 = 8;

/** No window scale was offered. */
export const NO_SCALE: u32 = 16;
const SCALE_MAX: u32 = 14;

// Results of `readOptions`.
/** Whether the options were captured. */
export let hasOptions: bool = false;
export let scale: u32 = 0;
export let maySack: bool = false;
/** The sender's time stamp, 0 where there is none: a clock may show 0, too, which then does not count. */
export let stamp: u32 = 0;

/** Reads the options of a header that ends at `end`; before its start where it was captured too short. */
export function readOptions(tcp: usize, end: usize): void {
  hasOptions = end > tcp;
  scale = NO_SCALE;
  maySack = false;
  stamp = 0;
  for (let at = tcp + TCP_HEADER_MIN; at < end; ) {
    const kind = <u32>load<u8>(at);
    if (kind == END) return;
    if (kind == NOP) {
      at++;
      continue;
    }
    if (at + 1 >= end) return;
    const size = <u32>load<u8>(at + 1);
    if (size < 2 || at + size > end) return;
    if (kind == WINDOW_SCALE && size == 3) scale = min(<u32>load<u8>(at + 2), SCALE_MAX);
    else if (kind == SACK_PERMITTED && size == 2) maySack = true;
    else if (kind == TIMESTAMPS && size == 10) stamp = load32(at + 2);
    at += size;
  }
}

/** NOP, NOP, kind and size, as nearly all put them before their time stamps; as it lies in memory. */
const USUAL: u32 = 0x0a080101;
export const USUAL_SIZE: u32 = 12;

/** Time stamp of a segment with 12 bytes of options, 0 where they are not the usual ones. */
// @ts-ignore: decorator
@inline
export function usualStamp(tcp: usize): u32 {
  return load<u32>(tcp + TCP_HEADER_MIN) == USUAL ? load32(tcp + TCP_HEADER_MIN + 4) : 0;
}

/** Time stamp of a segment whose header ends at `end`, 0 where there is none. */
// @ts-ignore: decorator
@inline
export function stampOf(tcp: usize, end: usize): u32 {
  if (end >= tcp + TCP_HEADER_MIN + USUAL_SIZE && load<u32>(tcp + TCP_HEADER_MIN) == USUAL) {
    return load32(tcp + TCP_HEADER_MIN + 4);
  }
  return end > tcp + TCP_HEADER_MIN ? unusualStamp(tcp, end) : 0;
}

function unusualStamp(tcp: usize, end: usize): u32 {
  readOptions(tcp, end);
  return stamp;
}
