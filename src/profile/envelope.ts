/**
 * The msgpack around a payload that lies elsewhere: FORMAT.md, "Frames". A block's payload is put
 * together by the parser in shared memory; only what stands before and after it is made here, so the
 * payload is copied once, into the finished frame.
 */
import { Packr } from 'msgpackr/pack';

/** Plain maps, no msgpackr extensions: any msgpack library reads them. */
const packr = new Packr({ useRecords: false, variableMapSize: true });

/** Bytes of a frame before its body: array header, magic, bin 32 header. */
export const FRAME_HEAD = 11;
/** Bytes after it: uint 32 with the checksum. */
export const FRAME_TAIL = 5;

/** The body of any frame but a block. */
export function encodeBody(body: Record<string, unknown>): Uint8Array {
  return packr.pack(body);
}

export type Magic = 'MBHD' | 'MBBK' | 'MBLS' | 'MBFT';

/** Everything of a block's body but its payload; see FORMAT.md for the meaning of each. */
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

/** The body of a block up to its payload: the map with one entry more, and the payload's own header. */
export function blockPrefix(meta: BlockMeta, payloadSize: number): Uint8Array {
  const packed = packr.pack(meta);
  const entries = Object.keys(meta).length + 1;
  // Replace the map header by that of a map 16 with the payload counted in.
  const headerSize = packed[0] === 0xde ? 3 : 1;
  const key = Buffer.from('payload');
  const prefix = Buffer.alloc(3 + packed.length - headerSize + 1 + key.length + 5);
  prefix[0] = 0xde;
  prefix.writeUInt16BE(entries, 1);
  let at = 3;
  prefix.set(packed.subarray(headerSize), at);
  at += packed.length - headerSize;
  prefix[at++] = 0xa0 | key.length;
  prefix.set(key, at);
  at += key.length;
  prefix[at] = 0xc6;
  prefix.writeUInt32BE(payloadSize, at + 1);
  return prefix;
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
