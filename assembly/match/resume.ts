/** Reads the held bytes of a client once an answer has told whether they are a value or commands. */
import { CLIENT, Flow, SERVER, sideOf } from '../flow/flow';
import { Packet, reservePacket } from '../packet';
import { beginHeld, endHeld } from './account';
import { clientBytes } from './client';
import { HELD_VALUE_MAX, marksOf, ordinalOf, startOf, timeOf } from './held';
import { giveLine } from './lines';
import { CLIENT_DATA, CLIENT_LINE } from './states';

/** The packet of held bytes. */
let held: Packet = changetype<Packet>(0);

export function createResume(): void {
  held = reservePacket();
}

/**
 * Reads the held bytes after the first `value` ones, which are a value and its CRLF; with 0 all are commands.
 */
export function resume(flow: Flow, value: u32): void {
  const side = sideOf(flow, CLIENT);
  const base = <usize>side.line;
  const size = side.lineSize;
  const time = side.lineTime;
  const ordinal = side.lineOrdinal;
  side.state = CLIENT_LINE;
  if (value > HELD_VALUE_MAX) {
    // No byte of the value is held.
    value = 0;
    if (side.skip) side.state = CLIENT_DATA;
  } else if (value > size) {
    side.state = CLIENT_DATA;
    side.skip = value - size;
    value = size;
  }
  if (base == 0) return;
  side.line = 0;
  side.lineSize = 0;
  beginHeld(side, size);
  const marks = marksOf(base);
  for (let i: u32 = 0; i < marks; i++) {
    const from = max(startOf(base, i), value);
    const to = i + 1 < marks ? startOf(base, i + 1) : size;
    if (from >= to) continue;
    held.time = time + timeOf(base, i);
    held.ordinal = ordinal + ordinalOf(base, i);
    held.ack = 0;
    held.starts = 0;
    clientBytes(flow, base + from, base + to, held);
  }
  giveLine(base);
  endHeld(side, sideOf(flow, SERVER));
}
