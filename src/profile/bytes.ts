/** The bytes of a profile, in a file or anywhere else, as they were when it was opened. */
export interface ProfileBytes {
  /** What it is called in messages: the path of a file. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Up to `most` bytes from `offset`; fewer at the end.
   *
   * @throws ERR_MEMBENCH_PROFILE_READ
   */
  read(offset: number, most: number): Uint8Array<ArrayBuffer>;
  close(): void;
}

/** Position of the first occurrence of `wanted` from `from` on; -1 where there is none. */
export function indexOfBytes(bytes: Uint8Array, wanted: Uint8Array, from = 0): number {
  const end = bytes.length - wanted.length;
  for (
    let at = bytes.indexOf(wanted[0]!, from);
    at >= 0 && at <= end;
    at = bytes.indexOf(wanted[0]!, at + 1)
  ) {
    if (startsWith(bytes, wanted, at)) return at;
  }
  return -1;
}

/** Position of the last occurrence of `wanted` that starts at or before `from`; -1 where there is none. */
export function lastIndexOfBytes(bytes: Uint8Array, wanted: Uint8Array, from = bytes.length): number {
  const start = Math.min(from, bytes.length - wanted.length);
  if (start < 0) return -1;
  for (let at = bytes.lastIndexOf(wanted[0]!, start); at >= 0; ) {
    if (startsWith(bytes, wanted, at)) return at;
    at = at === 0 ? -1 : bytes.lastIndexOf(wanted[0]!, at - 1);
  }
  return -1;
}

/** Whether all of `wanted` is at a position. */
export function startsWith(bytes: Uint8Array, wanted: Uint8Array, at = 0): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** Bytes of several arrays in a row. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes as hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte]!;
  return text;
}
