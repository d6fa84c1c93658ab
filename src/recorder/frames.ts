/**
 * Messages on a stream of bytes, each a frame: type (u8), length of the payload (u32, little-endian, as all
 * numbers), payload.
 */

/** Bytes before a payload. */
const HEAD = 5;

/** A message was invalid. The error's text never quotes the message. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

export interface Frame {
  type: number;
  /** A copy that belongs to the receiver. */
  payload: Uint8Array<ArrayBuffer>;
}

/** The head of a frame, to be followed by its payload. */
export function frameHead(type: number, length: number): Uint8Array {
  const head = new Uint8Array(HEAD);
  head[0] = type;
  new DataView(head.buffer).setUint32(1, length, true);
  return head;
}

/** Splits a stream into frames. It keeps at most one payload, and none above its limit. */
export class FrameReader {
  readonly #limits: ReadonlyMap<number, number>;
  readonly #head = new Uint8Array(HEAD);
  #headSize = 0;
  #payload: Uint8Array<ArrayBuffer> | undefined;
  #size = 0;

  /** @param limits the valid types, with the most bytes of a payload of each */
  constructor(limits: ReadonlyMap<number, number>) {
    this.#limits = limits;
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @returns the frames they complete; none after a refusal
   * @throws Refused for an unknown type, or a length above the limit of its type
   */
  *push(chunk: Uint8Array): Generator<Frame> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payload === undefined) {
        const part = chunk.subarray(at, at + HEAD - this.#headSize);
        this.#head.set(part, this.#headSize);
        this.#headSize += part.length;
        at += part.length;
        if (this.#headSize < HEAD) return;
        this.#payload = new Uint8Array(this.#length());
        this.#size = 0;
      }
      const part = chunk.subarray(at, at + this.#payload.length - this.#size);
      this.#payload.set(part, this.#size);
      this.#size += part.length;
      at += part.length;
      if (this.#size < this.#payload.length) return;
      const frame = { type: this.#head[0]!, payload: this.#payload };
      this.#payload = undefined;
      this.#headSize = 0;
      yield frame;
    }
  }

  #length(): number {
    const type = this.#head[0]!;
    const limit = this.#limits.get(type);
    if (limit === undefined) throw new Refused(`a message of type ${type}`);
    const length = new DataView(this.#head.buffer).getUint32(1, true);
    if (length > limit) throw new Refused(`a message of type ${type} with ${length} bytes`);
    return length;
  }
}
