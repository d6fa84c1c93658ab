/** A hash as a number: its upper 53 bits, which tell keys apart as long as there are fewer than tens of millions. */
export function hashNumber(low: number, high: number): number {
  // Short keys have only low bits, so that these must count, too.
  return (high >>> 0) * 2 ** 21 + ((low ^ (low << 10)) >>> 11);
}
