/** Makes a capture that shows something small: as few records as still show it. */
import { CHUNK_MAX, Find, type Room, Twins } from './twins.js';

/**
 * Runs a capture through fresh parsers, the second of them in pieces of `step` bytes.
 *
 * @throws Find; MembenchError where it does not begin like a capture
 */
export function runCapture(room: Room, capture: Uint8Array, step = CHUNK_MAX): void {
  const twins = new Twins(room);
  const { size } = twins.begin(capture);
  for (let at = size; at < capture.length; at += CHUNK_MAX) {
    twins.feed(capture.subarray(at, at + CHUNK_MAX), step);
    if (step === CHUNK_MAX) twins.check();
  }
  twins.finish();
}

/** What a capture shows, null where nothing. */
export function findOf(room: Room, capture: Uint8Array, step?: number): Find | null {
  try {
    runCapture(room, capture, step);
    return null;
  } catch (error) {
    if (error instanceof Find) return error;
    throw error;
  }
}

/** Where each record of a little-endian pcap file begins, and where the last ends. */
function bordersOf(capture: Uint8Array): number[] {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.length);
  const borders = [24];
  for (let at = 24; at + 16 <= capture.length; ) {
    at += 16 + view.getUint32(at + 8, true);
    if (at > capture.length) break;
    borders.push(at);
  }
  return borders;
}

/** Takes out parts of a list, ever smaller ones, as long as what is left still shows it (Zeller's ddmin). */
function reduce<T>(all: readonly T[], shows: (rest: readonly T[]) => boolean): readonly T[] {
  let kept = all;
  for (let size = Math.ceil(kept.length / 2); size >= 1; ) {
    let less = false;
    for (let from = 0; from < kept.length; ) {
      const rest = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (shows(rest)) {
        kept = rest;
        less = true;
      } else from += size;
    }
    if (size === 1 && !less) break;
    size = less ? Math.min(size, Math.ceil(kept.length / 2)) : size >> 1 || (less ? 1 : 0);
  }
  return kept;
}

/** The smallest little-endian pcap file found that shows the same kind of thing; the file itself where none does. */
export function minimise(room: Room, capture: Uint8Array): Uint8Array {
  const kind = findOf(room, capture)?.kind;
  if (kind === undefined) return capture;
  const borders = bordersOf(capture);
  const records = borders.slice(1).map((end, i) => capture.subarray(borders[i], end));
  const join = (list: readonly Uint8Array[]) => Buffer.concat([capture.subarray(0, 24), ...list]);
  return join(reduce(records, (rest) => findOf(room, join(rest))?.kind === kind));
}
