/**
 * Synthetic keys: of the recorded size, and made from the recorded hash alone, so that a key is the same wherever it
 * occurs. Every character stands for six bits of the hash, the lowest first; eleven hold all of it, and longer keys repeat
 * them. Shorter keys hold a part of the hash: two recorded keys may come to be the same.
 */
const ALPHABET = Uint8Array.from(
  Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', 'latin1'),
);
/** Characters that hold 64 bits. */
const WHOLE = 11;

const digits = new Uint8Array(WHOLE);

function spell(low: number, high: number, count: number): void {
  let rest = low;
  let more = high;
  for (let i = 0; i < count; i++) {
    digits[i] = ALPHABET[rest & 63]!;
    rest = (rest >>> 6) | ((more & 63) << 26);
    more >>>= 6;
  }
}

/** Writes a key, and returns where it ends. There must be room for `size` bytes. */
export function writeKey(to: Uint8Array, at: number, low: number, high: number, size: number): number {
  const count = size < WHOLE ? size : WHOLE;
  spell(low, high, count);
  let end = at;
  for (let i = 0; i < count; i++) to[end++] = digits[i]!;
  for (let from = at; end < at + size; ) to[end++] = to[from++]!;
  return end;
}

/** Whether the bytes from `at` are the key of a hash; compares what holds the hash. */
export function isKey(bytes: Uint8Array, at: number, low: number, high: number, size: number): boolean {
  const count = size < WHOLE ? size : WHOLE;
  spell(low, high, count);
  for (let i = 0; i < count; i++) if (bytes[at + i] !== digits[i]) return false;
  return true;
}

/** The bits of the upper word of a hash that are in a key of a size. */
export function keptHigh(high: number, size: number): number {
  if (size >= WHOLE) return high;
  return size <= 5 ? 0 : high % 2 ** (6 * size - 32);
}

/** The bits of the lower word. */
export function keptLow(low: number, size: number): number {
  return size <= 5 ? low % 2 ** (6 * size) : low;
}

/** Short keys that are remembered, to count those that are the same. */
const SHORT_MAX = 1 << 18;

/** Counts recorded keys that cannot be told apart, because they are too short to hold their hashes. */
export class ShortKeys {
  /** By size and by the bits that are in the synthetic key: the hash it was first made from, its upper 53 bits. */
  readonly #first = Array.from({ length: WHOLE }, () => new Map<number, number>());
  readonly #merged = new Set<number>();
  #followed = 0;
  /** Whether there were too many short keys to follow all. */
  overflowed = false;

  /** Looks at a key. */
  add(low: number, high: number, size: number): void {
    if (size >= WHOLE) return;
    // Nine and ten characters are more bits than a number has: those left out hardly ever make a difference.
    const bits = Math.min(6 * size, 52);
    const kept = bits < 32 ? low % 2 ** bits : (high % 2 ** (bits - 32)) * 2 ** 32 + low;
    const hash = high * 2 ** 21 + (low >>> 11);
    const first = this.#first[size]!.get(kept);
    if (first !== undefined) {
      if (first !== hash && this.#merged.size < SHORT_MAX) this.#merged.add(hash);
    } else if (this.#followed < SHORT_MAX) {
      this.#first[size]!.set(kept, hash);
      this.#followed++;
    } else this.overflowed = true;
  }

  /** Recorded keys that are the same as another one when replayed. */
  get merged(): number {
    return this.#merged.size;
  }
}
