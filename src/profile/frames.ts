/** Walks the frames of a file: FORMAT.md, "Frames". Damage is skipped, named and counted, never trusted. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { crc32c } from './crc32c.js';
import { FRAME_HEAD, FRAME_TAIL, type Magic } from './envelope.js';

/** Longest body a frame may declare; more is damage. */
export const BODY_MAX = 16 * 1024 * 1024;
/** Bytes looked through at a time for the next frame after damage. */
const SCAN_BYTES = 1024 * 1024;

export interface Frame {
  /** Four characters; unknown ones are passed on for the caller to skip. */
  magic: Magic | string;
  /** Where the frame starts, and its bytes in all. */
  offset: number;
  bytes: number;
  body: Uint8Array<ArrayBuffer>;
}

/** A stretch of the file that is no frame. */
export interface Damage {
  offset: number;
  bytes: number;
  /** It reaches to the end of the file, as a frame still being written does. */
  atEnd: boolean;
}

/** A profile file opened for reading, with a position of its own for every walk. */
export class FrameFile {
  readonly path: string;
  readonly #fd: number;

  /** @throws ERR_MEMBENCH_PROFILE_READ */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, 'r');
    } catch (error) {
      throw readError(path, error);
    }
    const stat = fstatSync(this.#fd);
    if (!stat.isFile()) {
      closeSync(this.#fd);
      throw new MembenchError(
        'ERR_MEMBENCH_PROFILE_READ',
        `${path}: it is ${stat.isDirectory() ? 'a directory' : 'not a regular file'}`,
      );
    }
  }

  get size(): number {
    return fstatSync(this.#fd).size;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Up to `bytes` bytes from `offset`; fewer at the end of the file. */
  read(offset: number, bytes: number): Uint8Array<ArrayBuffer> {
    const buffer = new Uint8Array(bytes);
    let size = 0;
    try {
      while (size < bytes) {
        const got = readSync(this.#fd, buffer, size, bytes - size, offset + size);
        if (got === 0) break;
        size += got;
      }
    } catch (error) {
      throw readError(this.path, error);
    }
    return buffer.subarray(0, size);
  }

  /** The frame at `offset`, or null where there is none that is whole and right. */
  frameAt(offset: number): Frame | null {
    const head = this.read(offset, FRAME_HEAD);
    const size = declaredBody(head);
    if (size < 0) return null;
    const rest = this.read(offset + FRAME_HEAD, size + FRAME_TAIL);
    if (rest.length < size + FRAME_TAIL || rest[size] !== 0xce) return null;
    const body = rest.subarray(0, size);
    const crc = new DataView(rest.buffer, rest.byteOffset + size + 1).getUint32(0);
    if (crc32c(body) !== crc) return null;
    return { magic: String.fromCharCode(...head.subarray(2, 6)), offset, bytes: FRAME_HEAD + size + FRAME_TAIL, body };
  }

  /** Every whole frame from `offset` on, in order. What lies between is told to `onDamage`. */
  *frames(onDamage: (damage: Damage) => void, offset = 0): Generator<Frame> {
    let at = offset;
    for (;;) {
      const frame = this.frameAt(at);
      if (frame !== null) {
        yield frame;
        at += frame.bytes;
        continue;
      }
      if (at >= this.size) return;
      const next = this.#findFrame(at + 1);
      const end = next?.offset ?? this.size;
      onDamage({ offset: at, bytes: end - at, atEnd: next === null });
      if (next === null) return;
      at = next.offset;
    }
  }

  /** The next frame that starts at `from` or later. */
  #findFrame(from: number): Frame | null {
    for (let base = from; ; base += SCAN_BYTES) {
      // Overlap by a head, so that none hides on the border.
      const bytes = this.read(base, SCAN_BYTES + FRAME_HEAD);
      for (let i = 0; i + FRAME_HEAD <= bytes.length; i++) {
        if (bytes[i] !== 0x93 || declaredBody(bytes.subarray(i, i + FRAME_HEAD)) < 0) continue;
        const frame = this.frameAt(base + i);
        if (frame !== null) return frame;
      }
      if (bytes.length < SCAN_BYTES + FRAME_HEAD) return null;
    }
  }
}

/** Body bytes a frame head declares, or -1 where it is none: `93 a4 M B x x c6 length`. */
function declaredBody(head: Uint8Array): number {
  if (head.length < FRAME_HEAD) return -1;
  if (head[0] !== 0x93 || head[1] !== 0xa4 || head[2] !== 0x4d || head[3] !== 0x42 || head[6] !== 0xc6) return -1;
  const length = ((head[7]! << 24) | (head[8]! << 16) | (head[9]! << 8) | head[10]!) >>> 0;
  return length > BODY_MAX ? -1 : length;
}

function readError(path: string, error: unknown): MembenchError {
  const code = (error as NodeJS.ErrnoException).code;
  const why =
    code === 'ENOENT' ? 'no such file' : code === 'EACCES' ? 'permission denied' : (error as Error).message;
  return new MembenchError('ERR_MEMBENCH_PROFILE_READ', `${path}: ${why}`, undefined, error);
}
