/** The fields of a message: numbers and texts in a fixed order, little-endian, without padding. */
import { plainText } from '../source/plain-text.js';
import { Refused } from './frames.js';

/** Most bytes of a text; a longer one is cut. */
export const TEXT_MAX = 2000;

/** Writes the fields of a message. */
export class FieldWriter {
  #bytes = Buffer.alloc(1024);
  #size = 0;

  #room(size: number): number {
    while (this.#size + size > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2);
    }
    this.#size += size;
    return this.#size - size;
  }

  u8(value: number): this {
    this.#bytes.writeUInt8(value, this.#room(1));
    return this;
  }

  u16(value: number): this {
    this.#bytes.writeUInt16LE(value, this.#room(2));
    return this;
  }

  u32(value: number): this {
    this.#bytes.writeUInt32LE(value, this.#room(4));
    return this;
  }

  u64(value: number | bigint): this {
    this.#bytes.writeBigUInt64LE(BigInt(value), this.#room(8));
    return this;
  }

  f64(value: number): this {
    this.#bytes.writeDoubleLE(value, this.#room(8));
    return this;
  }

  /** Length in bytes (u16), then UTF-8, cut at a whole character. */
  text(value: string): this {
    const at = this.#room(2 + TEXT_MAX);
    const size = this.#bytes.write(value, at + 2, TEXT_MAX, 'utf8');
    this.#bytes.writeUInt16LE(size, at);
    this.#size = at + 2 + size;
    return this;
  }

  /** Whether there is a value (u8), then the value. */
  optional<T>(value: T | null | undefined, write: (value: T) => void): this {
    const given = value !== null && value !== undefined;
    this.u8(given ? 1 : 0);
    if (given) write(value);
    return this;
  }

  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }
}

/** Reads the fields of a message that may contain anything. Invalid fields are refused. */
export class FieldReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #take(size: number): number {
    if (size > this.#bytes.length - this.#at) throw new Refused('a message that ends in a field');
    this.#at += size;
    return this.#at - size;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** An unsigned 64-bit integer that a double holds exactly. */
  count(): number {
    const value = this.u64();
    if (value > Number.MAX_SAFE_INTEGER) throw new Refused('a count no recording reaches');
    return Number(value);
  }

  /** A finite number that is not negative. */
  f64(): number {
    const value = this.#view.getFloat64(this.#take(8), true);
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw new Refused('a number that is none');
    return value;
  }

  /** One of a list, by its index (u8). */
  oneOf<T>(list: readonly T[], what: string): T {
    const index = this.u8();
    if (index >= list.length) throw new Refused(`${what} ${index}, which there is not`);
    return list[index]!;
  }

  /** A text in one line, without control characters. */
  text(): string {
    const size = this.u16();
    if (size > TEXT_MAX) throw new Refused('a text that is too long');
    const at = this.#take(size);
    return plainText(utf8.decode(this.#bytes.subarray(at, at + size)), TEXT_MAX);
  }

  optional<T>(read: () => T): T | null {
    return this.oneOf([false, true], 'a choice of yes and no,') ? read() : null;
  }

  /** All remaining bytes. */
  rest(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#take(this.#bytes.length - this.#at));
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new Refused('a message that goes on behind its fields');
  }
}

const utf8 = new TextDecoder();
