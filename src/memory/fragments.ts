import { DATAGRAM, DATAGRAMS_MAX } from '../layout/generated.js';
import type { MemoryMap } from './map.js';

/** Packets that are fragments of datagrams which are not whole yet. */
export function waitingFragments(buffer: ArrayBufferLike, map: MemoryMap): bigint {
  const view = new DataView(buffer, map.datagrams, DATAGRAMS_MAX * DATAGRAM.SIZE);
  let packets = 0;
  for (let at = 0; at < view.byteLength; at += DATAGRAM.SIZE) {
    if (view.getUint32(at + DATAGRAM.family, true) !== 0) {
      packets += view.getUint32(at + DATAGRAM.packets, true);
    }
  }
  return BigInt(packets);
}

/** Gives up all of them. */
export function forgetFragments(buffer: ArrayBufferLike, map: MemoryMap): void {
  // Their bitmaps and bytes lie behind them, up to the slots.
  new Uint8Array(buffer, map.datagrams, map.slotBase - map.datagrams).fill(0);
}
