/**
 * The parts of a segment of which the BPF program left out values: what was copied, and the holes between,
 * each taken as a segment of its own.
 *
 *   payload on the wire   | line | value ........ | CRLF, line | value ........ | CRLF ... |
 *   in the ring record    | line | CRLF, line | CRLF ... |
 *   parts                 | 1    | 2: left out    | 3          | 4: left out    | 5        |
 */
import { HOLES_MAX, RingHole, SIZEOF_RING_HOLE } from '../layout';
import { packet } from '../packet';
import { TCP_FIN } from '../wire/tcp';
import { IS_LATER_PART, IS_LEFT_OUT } from './overlap';

// The whole segment, while the current packet is one of its parts.
let sequence: u32 = 0;
let size: u32 = 0;
let flags: u32 = 0;
let header: u32 = 0;
let payload: u32 = 0;

/** Payload bytes of the parts so far, and the address of the next copied byte. */
let done: u32 = 0;
let next: u32 = 0;
/** The holes to come. */
let hole: usize = 0;
let holes: u32 = 0;

/** Begins with the parts of the current segment; `nextPart` makes one after the other the current segment. */
export function beginParts(): void {
  const at = packet;
  sequence = at.sequence;
  size = at.size;
  flags = at.flags;
  header = at.l4;
  payload = at.payload;
  done = 0;
  next = payload;
  hole = at.ip - HOLES_MAX * SIZEOF_RING_HOLE;
  holes = at.holes;
  // The checksum covers the whole segment, so it cannot be checked for a part.
  at.l4 = 0;
}

/** Makes the next part the current segment. After the last part returns false; the whole is current again. */
export function nextPart(): bool {
  const at = packet;
  at.sequence = sequence + done;
  at.payload = next;
  at.starts = done == 0 ? 1 : 0;
  if (done >= size) {
    at.sequence = sequence;
    at.size = size;
    at.flags = flags;
    at.l4 = header;
    at.payload = payload;
    at.starts = 1;
    return false;
  }
  let bits = done == 0 ? flags : flags | IS_LATER_PART;
  const from = holes ? min(changetype<RingHole>(hole).offset, size) : size;
  if (done < from) {
    at.size = from - done;
    at.captured = next < at.end ? min(at.size, at.end - next) : 0;
    next += at.captured;
  } else {
    at.size = min(changetype<RingHole>(hole).size, size - done);
    at.captured = 0;
    bits |= IS_LEFT_OUT;
    hole += SIZEOF_RING_HOLE;
    holes--;
  }
  done += at.size;
  // Only the last part has the FIN.
  at.flags = done < size ? bits & ~TCP_FIN : bits;
  return true;
}
