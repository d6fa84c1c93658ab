/**
 * Messages on a stream of bytes. One is a frame: its type (u8), the length of its payload (u32, little-endian,
 * as all that follows), its payload.
 */

/** Bytes in front of a payload. */
const HEAD = 5;

/** What came is nothing that may come. The message says what is wrong with it, in our own words only. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

export interface Frame {
  type: number;
  /** Nobody else's memory. */
  payload: Uint8Array<ArrayBuffer>;
}

/** A frame but for its payload, which follows. */
export function frameHead(type: number, length: number): Uint8Array {
  const head = new Uint8Array(HEAD);
  head[0] = type;
  new DataView(head.buffer).setUint32(1, length, true);
  return head;
}

/** Cuts a stream into frames, however it arrives. It holds one payload at most, and none that is too long. */
export class FrameReader {
  readonly #limits: ReadonlyMap<number, number>;
  readonly #head = new Uint8Array(HEAD);
  #headSize = 0;
  #payload: Uint8Array<ArrayBuffer> | undefined;
  #size = 0;

  /** @param limits the types there are, and the most bytes of a payload of each */
  constructor(limits: ReadonlyMap<number, number>) {
    this.#limits = limits;
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @returns the frames they complete; after a refusal there are no more
   * @throws Refused for a type that is not known, or a length no payload of its type has
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
