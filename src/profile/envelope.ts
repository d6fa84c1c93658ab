/**
 * Encodes the msgpack around a payload: FORMAT.md, "Frames". The parser writes the payload of a block in
 * shared memory, and only the bytes before and after it are made here, so that the payload is copied once,
 * into the frame.
 */
import { Packr } from 'msgpackr/pack';
import { crc32c } from './crc32c.js';

/** Encodes plain maps without extensions of msgpackr, so that any msgpack library can read them. */
const packr = new Packr({ useRecords: false, variableMapSize: true });

/** Bytes of a frame before its body: array header, magic, bin 32 header. */
export const FRAME_HEAD = 11;
/** Bytes of a frame after its body: uint 32 with the checksum. */
export const FRAME_TAIL = 5;
/** Most bytes of a body; a frame that declares more is damaged. */
export const BODY_MAX = 16 * 1024 * 1024;

export type Magic = 'MBHD' | 'MBBK' | 'MBLS' | 'MBNT' | 'MBFT';

/** The fields of a block's body except its payload; FORMAT.md has their meaning. */
export interface BlockMeta {
  run: Uint8Array;
  worker: number;
  seq: number;
  unit: number;
  min_ns: bigint;
  max_ns: bigint;
  base_time: bigint;
  base_ordinal: bigint;
  base_conn_time: bigint;
  events: number;
  requests: number;
  conns: number;
  keys: number;
  shapes: (number | bigint)[][];
  columns: [name: string, bytes: number][];
  counts: Record<string, number>;
}

/** Encodes a value as msgpack. */
export function encode(value: unknown): Uint8Array {
  return packr.pack(value);
}

/**
 * The body of a block up to its payload: the map, with the key and the msgpack header of the payload as last
 * entry.
 */
export function blockPrefix(meta: BlockMeta, payloadSize: number): Uint8Array {
  return openMap(encode(meta), Object.keys(meta).length, 'payload', 0xc6, payloadSize);
}

/**
 * Adds an entry to the end of an encoded map; the bytes of its value are to follow.
 *
 * @param packed the encoded map without the entry
 * @param entries number of its entries
 * @param type first byte of the value, a msgpack type with a 32-bit size
 */
export function openMap(
  packed: Uint8Array,
  entries: number,
  key: string,
  type: 0xc6 | 0xdd,
  size: number,
): Uint8Array {
  // The header of the map is replaced by that of a map 16 with one more entry.
  const rest = packed.subarray(packed[0] === 0xde ? 3 : 1);
  const prefix = new Uint8Array(3 + rest.length + 1 + key.length + 5);
  const view = new DataView(prefix.buffer);
  prefix[0] = 0xde;
  view.setUint16(1, entries + 1);
  prefix.set(rest, 3);
  let at = 3 + rest.length;
  prefix[at++] = 0xa0 | key.length;
  for (let i = 0; i < key.length; i++) prefix[at++] = key.charCodeAt(i);
  prefix[at++] = type;
  view.setUint32(at, size);
  return prefix;
}

/** Encodes a frame around a body. */
export function encodeFrame(magic: Magic, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEAD + body.length + FRAME_TAIL);
  frame.set(body, FRAME_HEAD);
  sealFrame(frame, magic, body.length, crc32c(body));
  return frame;
}

/** Writes the fixed parts of a frame around a body of `size` bytes that starts at FRAME_HEAD. */
export function sealFrame(frame: Uint8Array, magic: Magic, size: number, crc: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  view.setUint8(0, 0x93);
  view.setUint8(1, 0xa4);
  for (let i = 0; i < 4; i++) view.setUint8(2 + i, magic.charCodeAt(i));
  view.setUint8(6, 0xc6);
  view.setUint32(7, size);
  view.setUint8(FRAME_HEAD + size, 0xce);
  view.setUint32(FRAME_HEAD + size + 1, crc >>> 0);
}

/** Whether bytes are exactly one frame of this magic; body and checksum are not checked. */
export function isFrame(bytes: Uint8Array, magic: Magic): boolean {
  const size = bytes.length - FRAME_HEAD - FRAME_TAIL;
  if (size < 0 || size > BODY_MAX) return false;
  const expected = new Uint8Array(FRAME_HEAD + FRAME_TAIL);
  const fixed = expected.subarray(0, FRAME_HEAD + 1);
  sealFrame(expected, magic, 0, 0);
  new DataView(expected.buffer).setUint32(7, size);
  return fixed.every((byte, at) => byte === bytes[at < FRAME_HEAD ? at : FRAME_HEAD + size]);
}
