/** Walks the frames of a file: FORMAT.md, "Frames". Damage is skipped, named and counted, never trusted. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fileReason, MembenchError } from '../errors.js';
import { crc32c } from './crc32c.js';
import type { Damage } from './damage.js';
import { BODY_MAX, FRAME_HEAD, FRAME_TAIL } from './envelope.js';

/** Bytes kept at hand while frames are walked: small frames and rubbish must not cost a read each. */
const WINDOW_BYTES = 64 * 1024;
/** Bytes of the end of a file looked through first for a footer. */
const TAIL_BYTES = 64 * 1024;
/**
 * Bytes of frames looked through in vain, at most: so many times the file, and so many more. Where damage
 * looks like the starts of frames, each start must not cost what it declares.
 */
const VAIN_TIMES = 4;
const VAIN_MORE = 4 * BODY_MAX;
/** What every frame starts with: array of 3, string of 4, 'M', 'B'. */
const START = Buffer.from([0x93, 0xa4, 0x4d, 0x42]);
const MAGICS = new Set(['MBHD', 'MBBK', 'MBLS', 'MBNT', 'MBFT']);

/**
 * What pcap, in its three kinds and both byte orders, and pcapng begin with, for a hint to who took one for a
 * profile.
 */
const CAPTURES = /^(d4c3b2a1|a1b2c3d4|4d3cb2a1|a1b23c4d|34cdb2a1|a1b2cd34|0a0d0d0a)$/;

/** A whole frame whose checksum fits. */
export interface Frame {
  /** Four characters; a later version may have others than this one knows. */
  magic: string;
  /** Where the frame starts, and its bytes in all. */
  offset: number;
  bytes: number;
  body: Uint8Array<ArrayBuffer>;
}

/** What the first bytes of a frame say. */
export interface FrameHead {
  magic: string;
  /** Bytes of the whole frame. */
  bytes: number;
}

/**
 * A file of frames as it was when it was opened: what is appended later is not seen. Reads with
 * positions of its own, never more than one frame at a time.
 */
export class FrameFile {
  readonly path: string;
  /** Bytes it had when it was opened. */
  readonly size: number;
  readonly #fd: number;
  /** Bytes that may yet be looked through in vain. */
  #patience: number;
  /** A stretch of the file, from where it starts. */
  #window: Buffer<ArrayBuffer> = Buffer.alloc(0);
  #windowAt = 0;

  /** @throws ERR_MEMBENCH_PROFILE_READ */
  constructor(path: string) {
    this.path = path;
    try {
      // O_NONBLOCK: opening a named pipe must fail below, not wait for a writer.
      this.#fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      throw readError(path, error);
    }
    const stat = fstatSync(this.#fd);
    if (!stat.isFile()) {
      closeSync(this.#fd);
      const kind = stat.isDirectory() ? 'a directory' : 'not a regular file';
      throw new MembenchError('ERR_MEMBENCH_PROFILE_READ', `${path}: it is ${kind}`);
    }
    this.size = stat.size;
    this.#patience = VAIN_TIMES * this.size + VAIN_MORE;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Whether it begins like a capture. */
  get isCapture(): boolean {
    return CAPTURES.test(this.#read(0, 4).toString('hex'));
  }

  /**
   * What the frame at `offset` says of itself, or null where none can start. Its checksum is not looked at.
   */
  headAt(offset: number): FrameHead | null {
    return parseHead(this.#read(offset, FRAME_HEAD));
  }

  /** The frame at `offset`, or null where there is none that is whole and right. */
  frameAt(offset: number): Frame | null {
    const head = this.headAt(offset);
    return head === null ? null : this.#whole(offset, head);
  }

  /** Every whole frame between `from` and `to`, in order. What lies between them is told to `onDamage`. */
  *frames(onDamage: (damage: Damage) => void, from = 0, to = this.size): Generator<Frame> {
    let at = from;
    while (at < to) {
      const frame = this.#tryFrame(at, to);
      if (frame !== null) {
        yield frame;
        at += frame.bytes;
        continue;
      }
      const next = this.#findFrame(at + 1, to);
      onDamage({
        offset: at,
        bytes: next - at,
        unfinished: next === this.size && this.#isUnfinished(at),
        reason: this.#patience > 0 ? 'not a whole frame' : 'too much that looks like frames and is none',
      });
      at = next;
    }
  }

  /** The frame of this magic that ends where the file ends, or null. */
  lastFrame(magic: string): Frame | null {
    const start = Buffer.concat([START.subarray(0, 2), Buffer.from(magic, 'latin1')]);
    const limit = Math.min(this.size, FRAME_HEAD + BODY_MAX + FRAME_TAIL);
    for (let length = Math.min(TAIL_BYTES, limit); ; length = Math.min(length * 16, limit)) {
      const base = this.size - length;
      const tail = this.#read(base, length);
      for (let at = tail.lastIndexOf(start); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf(start, at - 1)) {
        const head = parseHead(tail.subarray(at, at + FRAME_HEAD));
        if (head !== null && base + at + head.bytes === this.size) return this.frameAt(base + at);
      }
      if (length === limit) return null;
    }
  }

  /** The rest of a frame, or null where it is not whole or not right. */
  #whole(offset: number, head: FrameHead): Frame | null {
    if (offset + head.bytes > this.size) return null;
    const rest = this.#read(offset + FRAME_HEAD, head.bytes - FRAME_HEAD);
    const size = head.bytes - FRAME_HEAD - FRAME_TAIL;
    if (rest.length !== size + FRAME_TAIL || rest[size] !== 0xce) return null;
    const body = rest.subarray(0, size);
    if (crc32c(body) !== rest.readUInt32BE(size + 1)) return null;
    return { magic: head.magic, offset, bytes: head.bytes, body };
  }

  /**
   * The frame at `offset` where it ends before `to`, and while there is patience.
   *
   * @param known only a kind this release knows
   */
  #tryFrame(offset: number, to: number, known = false): Frame | null {
    const head = this.#patience > 0 ? parseHead(this.#near(offset, FRAME_HEAD)) : null;
    if (head === null || offset + head.bytes > to || (known && !MAGICS.has(head.magic))) return null;
    // Its last bytes alone tell most of what is no frame.
    const mark = this.#near(offset + head.bytes - FRAME_TAIL, 1)[0];
    const frame = mark === 0xce ? this.#whole(offset, head) : null;
    if (frame === null) this.#patience -= head.bytes;
    return frame;
  }

  /** Whether what lies from `offset` to the end of the file is the start of a frame and not all of it. */
  #isUnfinished(offset: number): boolean {
    const start = this.#read(offset, FRAME_HEAD);
    if (start.length === FRAME_HEAD) return offset + (parseHead(start)?.bytes ?? 0) > this.size;
    const fixed = Math.min(start.length, START.length);
    return start.compare(START, 0, fixed, 0, fixed) === 0 && (start[6] ?? 0xc6) === 0xc6;
  }

  /** Where the next known frame starts at `from` or later, `to` where there is none before it. */
  #findFrame(from: number, to: number): number {
    for (let base = from; base < to && this.#patience > 0; ) {
      const bytes = this.#near(base, START.length, WINDOW_BYTES);
      for (let at = bytes.indexOf(START); at >= 0; at = bytes.indexOf(START, at + 1)) {
        const offset = base + at;
        if (offset >= to) return to;
        if (this.#tryFrame(offset, to, true) !== null) return offset;
      }
      // Overlap by a start, so that none hides on the border.
      base += Math.max(1, bytes.length - START.length + 1);
    }
    return to;
  }

  /**
   * `least` to `most` bytes from `offset`, fewer at the end of the file; only to be looked at, not to be
   * kept.
   */
  #near(offset: number, least: number, most = least): Buffer<ArrayBuffer> {
    const end = Math.min(offset + least, this.size);
    if (offset < this.#windowAt || end > this.#windowAt + this.#window.length) {
      this.#window = this.#read(offset, WINDOW_BYTES);
      this.#windowAt = offset;
    }
    const from = offset - this.#windowAt;
    return this.#window.subarray(from, from + most);
  }

  /** Up to `most` bytes from `offset`; fewer at the end of the file. */
  #read(offset: number, most: number): Buffer<ArrayBuffer> {
    const bytes = Math.max(0, Math.min(most, this.size - offset));
    const buffer = Buffer.allocUnsafeSlow(bytes);
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
}

/** Reads `93 a4 M B x x c6 length`; null where it is something else. */
function parseHead(head: Buffer): FrameHead | null {
  if (head.length < FRAME_HEAD || head.compare(START, 0, 4, 0, 4) !== 0 || head[6] !== 0xc6) return null;
  const body = head.readUInt32BE(7);
  if (body > BODY_MAX) return null;
  return { magic: head.toString('latin1', 2, 6), bytes: FRAME_HEAD + body + FRAME_TAIL };
}

function readError(path: string, error: unknown): MembenchError {
  const [why] = fileReason(error, { ENOENT: ['there is no such file'] });
  return new MembenchError('ERR_MEMBENCH_PROFILE_READ', `${path}: ${why}`, undefined, error);
}
