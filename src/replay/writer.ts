/** Room of a new buffer, bytes. */
const ROOM = 4096;

/** Bytes of one connection that wait to be sent: a buffer that is used again and again, and grows by doubling. */
export class ByteWriter {
  buffer = Buffer.allocUnsafe(ROOM);
  /** The bytes from start to end wait. */
  start = 0;
  end = 0;

  /** Makes room for more bytes. */
  reserve(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return;
    const used = this.end - this.start;
    let size = this.buffer.length;
    // Moving the bytes to the front must be rare, too: half of the buffer is free then.
    while (size < used + bytes || size < 2 * used) size *= 2;
    const from = this.buffer;
    if (size !== from.length) this.buffer = Buffer.allocUnsafe(size);
    from.copy(this.buffer, 0, this.start, this.end);
    this.start = 0;
    this.end = used;
  }

  /** Forgets the buffer, which somebody else still reads. The bytes that wait go into a new one. */
  renew(): void {
    const from = this.buffer;
    const used = this.end - this.start;
    this.buffer = Buffer.allocUnsafe(Math.max(ROOM, used));
    from.copy(this.buffer, 0, this.start, this.end);
    this.start = 0;
    this.end = used;
  }

  clear(): void {
    if (this.buffer.length > 16 * ROOM) this.buffer = Buffer.allocUnsafe(ROOM);
    this.start = 0;
    this.end = 0;
  }

  // The following need room reserved before.

  byte(value: number): void {
    this.buffer[this.end++] = value;
  }

  /** ASCII text; a few bytes, for which a loop is faster than a call into C++. */
  text(value: string): void {
    const { buffer } = this;
    let { end } = this;
    for (let i = 0; i < value.length; i++) buffer[end++] = value.charCodeAt(i);
    this.end = end;
  }

  /** An unsigned 64-bit number in decimal digits. */
  unsigned(low: number, high: number): void {
    if (high !== 0) this.text(((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString());
    else this.decimal(low >>> 0);
  }

  /** A signed 64-bit number in decimal digits. */
  signed(low: number, high: number): void {
    if (high === 0) this.decimal(low >>> 0);
    else this.text(BigInt.asIntN(64, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString());
  }

  /** A whole number below 2^53 in decimal digits. */
  decimal(value: number): void {
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    let at = this.end + digits;
    this.end = at;
    let rest = value;
    do {
      const next = Math.floor(rest / 10);
      this.buffer[--at] = 48 + (rest - 10 * next);
      rest = next;
    } while (rest > 0);
  }

  uint16(value: number): void {
    this.buffer[this.end++] = value >>> 8;
    this.buffer[this.end++] = value;
  }

  uint32(value: number): void {
    this.buffer[this.end++] = value >>> 24;
    this.buffer[this.end++] = value >>> 16;
    this.buffer[this.end++] = value >>> 8;
    this.buffer[this.end++] = value;
  }
}
