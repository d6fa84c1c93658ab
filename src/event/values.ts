/** Formats of numbers and bit sets of events, shared by `cat`, the decoder and the profile reader. */

/** A number, or its decimal digits as a string where a double would round it. */
export function exact(value: bigint): number | string {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value.toString();
}

/** The hash of a key as 16 hex digits. */
export function hashText(hash: bigint): string {
  return hash.toString(16).padStart(16, '0');
}

/** Names of the bits set, in bit order. */
export function bitNames<Name extends string>(bits: number, names: readonly Name[]): Name[] {
  return names.filter((_, bit) => (bits >> bit) & 1);
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Letters of a bitmap of requested meta flags: bits 0–25 are a–z, 26–51 are A–Z. */
export function flagLetters(bits: bigint): string {
  let text = '';
  for (let bit = 0; bit < LETTERS.length; bit++) {
    if ((bits >> BigInt(bit)) & 1n) text += LETTERS[bit];
  }
  return text;
}
