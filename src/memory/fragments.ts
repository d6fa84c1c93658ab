import { DATAGRAM, DATAGRAMS_MAX } from '../layout/generated.js';
import type { MemoryMap } from './map.js';

/** Number of packets that are fragments of incomplete datagrams. */
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

/** Forgets all fragments of incomplete datagrams. */
export function forgetFragments(buffer: ArrayBufferLike, map: MemoryMap): void {
  // The bitmaps and bytes of the datagrams follow the table, up to the slots.
  new Uint8Array(buffer, map.datagrams, map.slotBase - map.datagrams).fill(0);
}
