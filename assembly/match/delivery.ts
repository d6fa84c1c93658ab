/** Hands bytes to the parser of their side, and counts them. */
import { CLIENT, Flow, sideOf } from '../flow/flow';
import { Packet } from '../packet';
import { beginDelivery, endDelivery } from './account';
import { clientBytes } from './client';
import { serverBytes } from './server';

/** Hands the captured payload of `from`, the next bytes of a side, to the parser. */
// @ts-ignore: decorator
@inline
export function bytes(flow: Flow, side: u32, from: Packet): void {
  const at = <usize>from.payload;
  const size = from.captured;
  const state = sideOf(flow, side);
  beginDelivery(flow, state, size);
  if (side == CLIENT) clientBytes(flow, at, at + size, from);
  else serverBytes(flow, at, at + size, from);
  endDelivery(flow, state);
}
