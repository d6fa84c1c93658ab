/**
 * Classic pcap records (pcap-savefile(5)): time in seconds and a fraction, captured and original length,
 * u32 each, in the byte order of the file, then the captured bytes.
 *
 * Chunks cut records anywhere. What a chunk ends with is kept in the carry area and put right before the
 * next chunk, in the slot's headroom, so that every record is contiguous when it is read:
 *
 *   slot:  | headroom ........ [carry] | chunk .............. [begun] |
 *                              ^ walk starts here              ^ next carry
 */
import { count, indexState } from '../instance';
import {
  COUNTER_PACKETS_SEEN, PCAP_RECORD_HEADER, RECORD_MAX,
} from '../layout';
import { indexPacket } from './record';

/** Time of the record in units: µs or ns since 1970, as the file has them. */
// @ts-ignore: decorator
@inline
export function pcapTime(record: usize): u64 {
  const swapped = indexState.swapped != 0;
  const seconds = load<u32>(record);
  const fraction = load<u32>(record + 4);
  const scale: u64 = indexState.nanos ? 1000000000 : 1000000;
  return <u64>(swapped ? bswap<u32>(seconds) : seconds) * scale + (swapped ? bswap<u32>(fraction) : fraction);
}

/** Captured bytes of the record. */
// @ts-ignore: decorator
@inline
export function pcapCaptured(record: usize): u32 {
  const size = load<u32>(record + 8);
  return indexState.swapped ? bswap<u32>(size) : size;
}

/** Bytes the packet had on the wire. */
// @ts-ignore: decorator
@inline
export function pcapLength(record: usize): u32 {
  const size = load<u32>(record + 12);
  return indexState.swapped ? bswap<u32>(size) : size;
}

/**
 * Walks the records of a chunk of `size` bytes and fills the workers' lists. Returns the packets walked.
 * Stops at a limit (`ended`) or at a header that cannot be one (`error`). Call in slot order, one caller at a time.
 */
export function indexPcap(chunk: usize, size: u32, lists: usize, stride: usize, workers: u32): u32 {
  for (let worker: u32 = 0; worker < workers; worker++) store<u32>(lists + <usize>worker * stride, 0);
  const state = indexState;
  let at = chunk - state.carrySize;
  memory.copy(at, state.carry, state.carrySize);
  const end = chunk + size;
  const linktype = state.linktype;
  const limited = (state.limit | state.duration) != 0;
  let packets: u32 = 0;
  let time: u64 = 0;
  while (at + PCAP_RECORD_HEADER <= end) {
    const captured = pcapCaptured(at);
    if (captured > RECORD_MAX) {
      state.error = 1;
      break;
    }
    const next = at + PCAP_RECORD_HEADER + captured;
    if (next > end) break;
    time = pcapTime(at);
    if (packets == 0 && state.ordinal == 0) state.firstTime = time;
    if (limited) {
      if (state.limit != 0 && state.matched >= state.limit) {
        state.ended = 1;
        break;
      }
      // Time may run backwards; only what is later than the end is left out, and ends the walk.
      if (state.duration != 0 && <i64>(time - state.firstTime) > <i64>state.duration) {
        state.ended = 2;
        break;
      }
    }
    indexPacket(at, at + PCAP_RECORD_HEADER, captured, packets, linktype, lists, stride);
    packets++;
    at = next;
  }
  if (packets) state.lastTime = time;
  state.ordinal += packets;
  count(COUNTER_PACKETS_SEEN, packets);
  const rest = <u32>(end - at);
  state.carrySize = 0;
  if (state.error == 0 && rest <= RECORD_MAX + PCAP_RECORD_HEADER) {
    memory.copy(state.carry, at, rest);
    state.carrySize = rest;
  }
  return packets;
}
