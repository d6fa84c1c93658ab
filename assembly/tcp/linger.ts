/**
 * Connections their client has reset. A capture may show the RST before answers that left earlier: so the
 * flow stays for a while, and takes of the server what cannot have been sent in knowledge of the RST. A few
 * flows at most linger, each for a few segments and a short time.
 */
import { CLIENT, Flow, SERVER, sideOf } from '../flow/flow';
import { isPast, reserve } from '../instance';
import { packet } from '../packet';
import { before, TCP_ACK, WINDOW_MAX } from '../wire/tcp';

/** Flows that linger at once: a flood of resets costs no more memory. */
const LINGERING_MAX: u32 = 64;
/** Segments one of them may see, its RST included. */
const LINGER_SEGMENTS: u8 = 64;
/** How long between two of them by the packets' clock, ms: as long as reassembly waits for what is late. */
const LINGER_MS: u64 = 200;

/** Addresses of the flows that linger, a ring; 0 where there is none. */
let ring: usize = 0;
let place: u32 = 0;

export function createLinger(): void {
  ring = reserve(LINGERING_MAX << 2);
  memory.fill(ring, 0, LINGERING_MAX << 2);
}

/** The flow begins to linger. Returns the one that has to go for it, or 0. */
export function linger(flow: Flow): Flow {
  const slot = ring + <usize>(place++ % LINGERING_MAX) * 4;
  const gone = changetype<Flow>(<usize>load<u32>(slot));
  store<u32>(slot, <u32>changetype<usize>(flow));
  flow.reset = 1;
  return gone;
}

/** A flow that lingered is over. */
export function forgetLingering(flow: Flow): void {
  for (let i: u32 = 0; i < LINGERING_MAX; i++) {
    const slot = ring + <usize>i * 4;
    if (load<u32>(slot) == <u32>changetype<usize>(flow)) store<u32>(slot, 0);
  }
}

/**
 * Whether the segment at hand, no RST, is one the server of a flow that lingers may have sent before the RST.
 */
export function leftBefore(flow: Flow): bool {
  const at = packet;
  if (at.side != SERVER || !(at.flags & TCP_ACK) || ++flow.reset > LINGER_SEGMENTS) return false;
  if (isPast(flow.lastTime, at.time, LINGER_MS)) return false;
  const apart = <i32>(at.sequence - sideOf(flow, SERVER).next);
  return apart < WINDOW_MAX && apart > -WINDOW_MAX && !before(sideOf(flow, CLIENT).next, at.ack);
}
