/** Walks the frames of a file: FORMAT.md, "Frames". Damage is skipped and reported. */
import { hex, indexOfBytes, lastIndexOfBytes, type ProfileBytes, startsWith } from './bytes.js';
import { crc32c } from './crc32c.js';
import type { Damage } from './damage.js';
import { BODY_MAX, FRAME_HEAD, FRAME_TAIL } from './envelope.js';

/** Bytes of the read buffer, so that small frames and garbage do not cost a read each. */
const WINDOW_BYTES = 64 * 1024;
/** Bytes at the end of a file in which a footer is searched first. */
const TAIL_BYTES = 64 * 1024;
/**
 * Most bytes read of invalid frames: a multiple of the file's size, and a constant. Where damage looks like
 * many starts of frames, not each of them may cost the bytes it declares.
 */
const VAIN_TIMES = 4;
const VAIN_MORE = 4 * BODY_MAX;
/** First bytes of every frame: array of 3, string of 4, 'M', 'B'. */
const START = Uint8Array.of(0x93, 0xa4, 0x4d, 0x42);
const MAGICS = new Set(['MBHD', 'MBBK', 'MBLS', 'MBNT', 'MBFT']);

/**
 * First bytes of pcap, in its three kinds and both byte orders, and of pcapng, for a hint where one is taken
 * for a profile.
 */
const CAPTURES = /^(d4c3b2a1|a1b2c3d4|4d3cb2a1|a1b23c4d|34cdb2a1|a1b2cd34|0a0d0d0a)$/;

/** A complete frame with a right checksum. */
export interface Frame {
  /** Four characters; later versions may have kinds unknown to this one. */
  magic: string;
  /** Position of the frame, and its size with head and tail, bytes. */
  offset: number;
  bytes: number;
  body: Uint8Array<ArrayBuffer>;
}

/** The decoded head of a frame. */
export interface FrameHead {
  magic: string;
  /** Bytes of the whole frame. */
  bytes: number;
}

/**
 * A file of frames as it was when it was opened; bytes appended later are not read. It reads at explicit
 * positions, at most one frame at a time.
 */
export class FrameFile {
  readonly path: string;
  /** Size of the file when it was opened, bytes. */
  readonly size: number;
  readonly #bytes: ProfileBytes;
  /** Bytes of invalid frames that may still be read. */
  #patience: number;
  /** The read buffer, and the position of its first byte. */
  #window = new Uint8Array(0);
  #windowAt = 0;

  constructor(bytes: ProfileBytes) {
    this.#bytes = bytes;
    this.path = bytes.name;
    this.size = bytes.size;
    this.#patience = VAIN_TIMES * this.size + VAIN_MORE;
  }

  close(): void {
    this.#bytes.close();
  }

  /** Whether the file begins like a capture. */
  get isCapture(): boolean {
    return CAPTURES.test(hex(this.#read(0, 4)));
  }

  /** The head of the frame at `offset`, or null where no frame starts. Its checksum is not checked. */
  headAt(offset: number): FrameHead | null {
    return parseHead(this.#read(offset, FRAME_HEAD));
  }

  /** The frame at `offset`, or null where there is none that is complete with a right checksum. */
  frameAt(offset: number): Frame | null {
    const head = this.headAt(offset);
    return head === null ? null : this.#whole(offset, head);
  }

  /** Yields every complete frame in [from, to), in order. Bytes between frames are reported to `onDamage`. */
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

  /** The frame of this magic at the end of the file, or null. */
  lastFrame(magic: string): Frame | null {
    const start = Uint8Array.of(...START.subarray(0, 2), ...Array.from(magic, (char) => char.charCodeAt(0)));
    const limit = Math.min(this.size, FRAME_HEAD + BODY_MAX + FRAME_TAIL);
    for (let length = Math.min(TAIL_BYTES, limit); ; length = Math.min(length * 16, limit)) {
      const base = this.size - length;
      const tail = this.#read(base, length);
      for (let at = lastIndexOfBytes(tail, start); at >= 0; at = lastIndexOfBytes(tail, start, at - 1)) {
        const head = parseHead(tail.subarray(at, at + FRAME_HEAD));
        if (head !== null && base + at + head.bytes === this.size) return this.frameAt(base + at);
      }
      if (length === limit) return null;
    }
  }

  /** Reads the rest of a frame; null where it is incomplete or its checksum is wrong. */
  #whole(offset: number, head: FrameHead): Frame | null {
    if (offset + head.bytes > this.size) return null;
    const rest = this.#read(offset + FRAME_HEAD, head.bytes - FRAME_HEAD);
    const size = head.bytes - FRAME_HEAD - FRAME_TAIL;
    if (rest.length !== size + FRAME_TAIL || rest[size] !== 0xce) return null;
    const body = rest.subarray(0, size);
    if (crc32c(body) !== viewOf(rest).getUint32(size + 1)) return null;
    return { magic: head.magic, offset, bytes: head.bytes, body };
  }

  /**
   * The frame at `offset`, where it ends before `to` and the budget for invalid frames is not used up.
   *
   * @param known whether to accept only kinds that this release knows
   */
  #tryFrame(offset: number, to: number, known = false): Frame | null {
    const head = this.#patience > 0 ? parseHead(this.#near(offset, FRAME_HEAD)) : null;
    if (head === null || offset + head.bytes > to || (known && !MAGICS.has(head.magic))) return null;
    // The last bytes alone reject most candidates.
    const mark = this.#near(offset + head.bytes - FRAME_TAIL, 1)[0];
    const frame = mark === 0xce ? this.#whole(offset, head) : null;
    if (frame === null) this.#patience -= head.bytes;
    return frame;
  }

  /** Whether the bytes from `offset` to the end of the file are an incomplete frame. */
  #isUnfinished(offset: number): boolean {
    const start = this.#read(offset, FRAME_HEAD);
    if (start.length === FRAME_HEAD) return offset + (parseHead(start)?.bytes ?? 0) > this.size;
    return startsWith(START, start.subarray(0, START.length)) && (start[6] ?? 0xc6) === 0xc6;
  }

  /** Position of the next known frame in [from, to), or `to` where there is none. */
  #findFrame(from: number, to: number): number {
    for (let base = from; base < to && this.#patience > 0; ) {
      const bytes = this.#near(base, START.length, WINDOW_BYTES);
      for (let at = indexOfBytes(bytes, START); at >= 0; at = indexOfBytes(bytes, START, at + 1)) {
        const offset = base + at;
        if (offset >= to) return to;
        if (this.#tryFrame(offset, to, true) !== null) return offset;
      }
      // Consecutive ranges overlap by the length of a start, so that none is missed at a border.
      base += Math.max(1, bytes.length - START.length + 1);
    }
    return to;
  }

  /**
   * A view of `least` to `most` bytes from `offset`, fewer at the end of the file, valid until the next read.
   */
  #near(offset: number, least: number, most = least): Uint8Array<ArrayBuffer> {
    const end = Math.min(offset + least, this.size);
    if (offset < this.#windowAt || end > this.#windowAt + this.#window.length) {
      this.#window = this.#read(offset, WINDOW_BYTES);
      this.#windowAt = offset;
    }
    const from = offset - this.#windowAt;
    return this.#window.subarray(from, from + most);
  }

  #read(offset: number, most: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.read(offset, most);
  }
}

/** Parses the head `93 a4 M B x x c6 length`; null where it is another. */
function parseHead(head: Uint8Array): FrameHead | null {
  if (head.length < FRAME_HEAD || !startsWith(head, START) || head[6] !== 0xc6) return null;
  const body = viewOf(head).getUint32(7);
  if (body > BODY_MAX) return null;
  return { magic: String.fromCharCode(...head.subarray(2, 6)), bytes: FRAME_HEAD + body + FRAME_TAIL };
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
