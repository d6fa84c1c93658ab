/**
 * Connections that their client has reset. A capture may show the RST before answers that the server sent
 * earlier. So the flow lingers, and accepts segments that the server sent before it received the RST. Few
 * flows linger at a time, each for few segments and a short time.
 */
import { CLIENT, Flow, SERVER, sideOf } from '../flow/flow';
import { isPast, reserve } from '../instance';
import { packet } from '../packet';
import { before, TCP_ACK, WINDOW_MAX } from '../wire/tcp';

/** Most flows that linger at a time, so that a flood of resets costs no more memory. */
const LINGERING_MAX: u32 = 64;
/** Most segments of a lingering flow, its RST included. */
const LINGER_SEGMENTS: u8 = 64;
/** Longest time between two segments of a lingering flow, ms: as long as reassembly waits for late ones. */
const LINGER_MS: u64 = 200;

/** Ring of the addresses of the lingering flows, u32 each; 0 where a place is free. */
let ring: usize = 0;
/** Number of the next place of the ring; it wraps. */
let place: u32 = 0;

export function createLinger(): void {
  ring = reserve(LINGERING_MAX << 2);
  memory.fill(ring, 0, LINGERING_MAX << 2);
}

/** Makes a flow linger. Returns the flow that must end to make room for it, or 0. */
export function linger(flow: Flow): Flow {
  const slot = ring + <usize>(place++ % LINGERING_MAX) * 4;
  const gone = changetype<Flow>(<usize>load<u32>(slot));
  store<u32>(slot, <u32>changetype<usize>(flow));
  flow.reset = 1;
  return gone;
}

/** Removes a flow that is over from the lingering ones. */
export function forgetLingering(flow: Flow): void {
  for (let i: u32 = 0; i < LINGERING_MAX; i++) {
    const slot = ring + <usize>i * 4;
    if (load<u32>(slot) == <u32>changetype<usize>(flow)) store<u32>(slot, 0);
  }
}

/** Whether the server of a lingering flow may have sent the current segment before it received the RST. */
export function isSentBeforeReset(flow: Flow): bool {
  const at = packet;
  if (at.side != SERVER || !(at.flags & TCP_ACK) || ++flow.reset > LINGER_SEGMENTS) return false;
  if (isPast(flow.lastTime, at.time, LINGER_MS)) return false;
  const apart = <i32>(at.sequence - sideOf(flow, SERVER).next);
  return apart < WINDOW_MAX && apart > -WINDOW_MAX && !before(sideOf(flow, CLIENT).next, at.ack);
}
