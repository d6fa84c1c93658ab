import { BlockError } from './damage.js';

/** Most levels of nested arrays and maps. */
const DEPTH_MAX = 16;
/** Most arrays and maps in a body, and most values in an array: as many rows of 8 bytes as 16 MiB hold. */
const LISTED_MAX = 2 ** 21;
/** Most entries of all maps in a body. */
const ENTRIES_MAX = 2 ** 16;

/** Bytes after the type byte, for types of a fixed size. */
const FIXED: Record<number, number> = {
  192: 0, // nil
  194: 0, // false
  195: 0, // true
  202: 4, // float 32
  203: 8, // float 64
  204: 1, // uint 8 to 64
  205: 2,
  206: 4,
  207: 8,
  208: 1, // int 8 to 64
  209: 2,
  210: 4,
  211: 8,
};

/**
 * Checks one msgpack value before it is decoded: a few bytes can declare more than fits into memory, or nest
 * deeper than the stack. Refuses what FORMAT.md, "Limits", does not allow: extension types, keys that are not
 * strings, too many or too deeply nested arrays and maps.
 *
 * @throws BlockError
 */
export function checkPlain(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  /** Values still expected at each depth, and whether keys are among them. */
  const left = [1];
  const keyed = [false];
  let containers = 0;
  let entries = 0;
  /** Values still expected in all; each takes at least a byte. */
  let pending = 1;
  let at = 0;
  while (left.length > 0) {
    const depth = left.length - 1;
    if (left[depth] === 0) {
      left.pop();
      keyed.pop();
      continue;
    }
    const isKey = keyed[depth] && left[depth]! % 2 === 0;
    left[depth]!--;
    pending--;
    const type = bytes[at++];
    if (type === undefined) throw endsTooEarly();
    if (isKey && !isText(type)) throw new BlockError('a key in its body is not a text');
    if (type < 0x80 || type >= 0xe0) continue;
    const fixed = FIXED[type];
    if (fixed !== undefined) {
      at += fixed;
      continue;
    }
    const length = lengthOf(type, view, at);
    at += length.bytes;
    if (length.of === 'bytes') {
      at += length.value;
      continue;
    }
    const values = length.of === 'entries' ? 2 * length.value : length.value;
    if (length.of === 'entries') entries += length.value;
    pending += values;
    const tooMany = ++containers > LISTED_MAX || entries > ENTRIES_MAX || length.value > LISTED_MAX;
    if (tooMany) throw new BlockError('its body has too many values');
    if (pending > bytes.length - at) throw endsTooEarly();
    if (depth >= DEPTH_MAX) throw new BlockError('its body is nested too deeply');
    left.push(values);
    keyed.push(length.of === 'entries');
  }
  if (at > bytes.length) throw endsTooEarly();
  if (at < bytes.length) throw new BlockError('its body has more than one value');
}

function isText(type: number): boolean {
  return (type >= 0xa0 && type < 0xc0) || (type >= 0xd9 && type <= 0xdb);
}

interface Length {
  of: 'bytes' | 'values' | 'entries';
  value: number;
  /** Bytes of the length field. */
  bytes: number;
}

/** Length of the string, byte string, array or map that starts with `type`. */
function lengthOf(type: number, view: DataView, at: number): Length {
  if (type < 0x90) return { of: 'entries', value: type & 0x0f, bytes: 0 };
  if (type < 0xa0) return { of: 'values', value: type & 0x0f, bytes: 0 };
  if (type < 0xc0) return { of: 'bytes', value: type & 0x1f, bytes: 0 };
  if (type >= 0xc4 && type <= 0xc6) return { of: 'bytes', ...sized(view, at, 1 << (type - 0xc4)) };
  if (type >= 0xd9 && type <= 0xdb) return { of: 'bytes', ...sized(view, at, 1 << (type - 0xd9)) };
  if (type === 0xdc || type === 0xdd) return { of: 'values', ...sized(view, at, type === 0xdc ? 2 : 4) };
  if (type === 0xde || type === 0xdf) return { of: 'entries', ...sized(view, at, type === 0xde ? 2 : 4) };
  throw new BlockError('its body has a msgpack type that the format does not allow');
}

function sized(view: DataView, at: number, bytes: number): { value: number; bytes: number } {
  if (at + bytes > view.byteLength) throw endsTooEarly();
  const value = bytes === 1 ? view.getUint8(at) : bytes === 2 ? view.getUint16(at) : view.getUint32(at);
  return { value, bytes };
}

function endsTooEarly(): BlockError {
  return new BlockError('its body is not msgpack: it ends too early');
}
