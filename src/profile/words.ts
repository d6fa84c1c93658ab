/** Unsigned 64-bit numbers as two 32-bit words: comparing them makes no bigints. */
export interface Words {
  high: number;
  low: number;
}

const LAST = 2n ** 64n - 1n;

/** Later than every time. */
export const NEVER: Words = { high: 2 ** 32, low: 0 };

/** The words of a number; of one outside of 64 bits, those of the nearest inside. */
export function wordsOf(value: bigint): Words {
  const inside = value < 0n ? 0n : value > LAST ? LAST : value;
  return { high: Number(inside >> 32n), low: Number(inside & 0xffffffffn) };
}

/** Negative where a is less than b, 0 where they are equal. */
export function compareWords(a: Words, b: Words): number {
  return a.high - b.high || a.low - b.low;
}

/** The earlier of two times. */
export function earlier(a: Words, b: Words): Words {
  return compareWords(b, a) < 0 ? b : a;
}

export function toBigInt(low: number, high: number): bigint {
  return (BigInt(high) << 32n) + BigInt(low);
}
