/** A writer of pcapng files (draft-ietf-opsawg-pcapng), independent of everything in src. */
import { concat, type Packet } from './packets.js';

/** Numbers in the byte order of a section. */
export class Section {
  readonly #little: boolean;
  readonly #blocks: Uint8Array[] = [];

  constructor(bigEndian = false, version: [number, number] = [1, 0]) {
    this.#little = !bigEndian;
    this.block(
      0x0a0d0d0a,
      concat(this.u32(0x1a2b3c4d), this.u16(version[0]), this.u16(version[1]), new Array(8).fill(255)),
    );
  }

  u16(n: number): Uint8Array {
    const bytes = new Uint8Array(2);
    new DataView(bytes.buffer).setUint16(0, n, this.#little);
    return bytes;
  }

  u32(n: number): Uint8Array {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, n, this.#little);
    return bytes;
  }

  u64(n: bigint): Uint8Array {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, n), this.#little);
    return bytes;
  }

  option(code: number, value: Uint8Array | readonly number[]): Uint8Array {
    return concat(this.u16(code), this.u16(value.length), pad(value));
  }

  /** @param trailer the length told at the end, where it shall be another one */
  block(type: number, body: Uint8Array, trailer = 12 + Math.ceil(body.length / 4) * 4): this {
    const total = 12 + Math.ceil(body.length / 4) * 4;
    this.#blocks.push(concat(this.u32(type), this.u32(total), pad(body), this.u32(trailer)));
    return this;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#blocks.push(bytes);
    return this;
  }

  /**
   * @param resolution if_tsresol, left out where undefined
   * @param offset if_tsoffset, seconds
   */
  interface(
    linktype = 1,
    { resolution, offset, snaplen = 0 }: { resolution?: number; offset?: bigint; snaplen?: number } = {},
  ): this {
    const options = [
      this.option(
        2,
        [...'eth0'].map((c) => c.charCodeAt(0)),
      ),
      ...(resolution === undefined ? [] : [this.option(9, [resolution])]),
      ...(offset === undefined ? [] : [this.option(14, this.u64(offset))]),
      this.option(0, []),
    ];
    return this.block(1, concat(this.u16(linktype), this.u16(0), this.u32(snaplen), ...options));
  }

  /** @param ticks its time in the interface's own units */
  enhanced(
    id: number,
    ticks: bigint,
    { data, length }: Packet,
    options: Uint8Array = new Uint8Array(0),
  ): this {
    const head = [id, Number(ticks >> 32n), Number(ticks & 0xffffffffn), data.length, length ?? data.length];
    return this.block(6, concat(...head.map((n) => this.u32(n)), pad(data), options));
  }

  obsolete(id: number, ticks: bigint, { data, length }: Packet): this {
    const rest = [Number(ticks >> 32n), Number(ticks & 0xffffffffn), data.length, length ?? data.length];
    return this.block(2, concat(this.u16(id), this.u16(0), ...rest.map((n) => this.u32(n)), pad(data)));
  }

  simple({ data, length }: Packet): this {
    return this.block(3, concat(this.u32(length ?? data.length), pad(data)));
  }

  statistics(id: number, options: readonly [code: number, value: bigint][]): this {
    const values = options.map(([code, value]) => this.option(code, this.u64(value)));
    return this.block(5, concat(this.u32(id), this.u32(0), this.u32(0), ...values, this.option(0, [])));
  }

  bytes(): Uint8Array {
    return concat(...this.#blocks);
  }
}

function pad(bytes: Uint8Array | readonly number[]): Uint8Array {
  return concat(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));
}
