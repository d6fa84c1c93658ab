/** Makes a capture that shows something small: as little of it as still shows it. */
import { MembenchError } from '#src/errors.js';
import { Find, type FindKind } from './find.js';
import { CHUNK_MAX, type Room } from './parser.js';
import { runCapture } from './run-capture.js';
import { Twins } from './twins.js';

/** Milliseconds after which what is left is small enough. */
const PATIENCE = 120_000;

/** What a capture shows, null where nothing. */
export function findOf(room: Room, capture: Uint8Array, step?: number): Find | null {
  try {
    runCapture(new Twins(room), capture, step);
    return null;
  } catch (error) {
    if (error instanceof Find) return error;
    throw error;
  }
}

/** The kind of what bytes show; null where they do not even begin like a capture. */
function kindOf(room: Room, bytes: Uint8Array, step: number): FindKind | null {
  try {
    return findOf(room, bytes, step)?.kind ?? null;
  } catch (error) {
    if (error instanceof MembenchError) return null;
    throw error;
  }
}

/** Where each record of a little-endian pcap file begins, and where the last ends; null where it is none. */
function bordersOf(capture: Uint8Array): number[] | null {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.length);
  if (capture.length < 24 || view.getUint32(0, true) !== 0xa1b2c3d4) return null;
  const borders = [24];
  let at = 24;
  while (at + 16 <= capture.length) {
    at += 16 + view.getUint32(at + 8, true);
    borders.push(at);
  }
  return at === capture.length ? borders : null;
}

/** Takes out parts of a list, ever smaller ones, as long as what is left still shows it (Zeller's ddmin). */
function reduce<T>(all: readonly T[], until: number, shows: (rest: readonly T[]) => boolean): readonly T[] {
  let kept = all;
  for (let size = Math.ceil(kept.length / 2); size >= 1; ) {
    let less = false;
    for (let from = 0; from < kept.length; ) {
      if (performance.now() > until) return kept;
      const rest = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (shows(rest)) {
        kept = rest;
        less = true;
      } else from += size;
    }
    if (size === 1 && !less) break;
    size = less ? Math.min(size, Math.ceil(kept.length / 2)) : size >> 1;
  }
  return kept;
}

/** Bytes in pieces of a size, the last one shorter. */
function piecesOf(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

/**
 * The smallest capture found that shows the same kind of thing: of the records of a little-endian pcap file, of
 * the bytes of any other; as far as it gets in two minutes. The capture itself where fresh parsers show nothing.
 *
 * @param step bytes of the second parser's pieces
 */
export function minimise(room: Room, capture: Uint8Array, step = CHUNK_MAX): Uint8Array {
  const until = performance.now() + PATIENCE;
  const kind = kindOf(room, capture, step);
  if (kind === null) return capture;
  const least = (head: Uint8Array, parts: readonly Uint8Array[]) =>
    Buffer.concat([
      head,
      ...reduce(parts, until, (rest) => kindOf(room, Buffer.concat([head, ...rest]), step) === kind),
    ]);
  const borders = bordersOf(capture);
  if (borders !== null) {
    const records = borders.slice(1).map((end, i) => capture.subarray(borders[i], end));
    return least(capture.subarray(0, 24), records);
  }
  let bytes = capture;
  for (const size of [1024, 64, 4]) bytes = least(bytes.subarray(0, 4), piecesOf(bytes.subarray(4), size));
  return bytes;
}
