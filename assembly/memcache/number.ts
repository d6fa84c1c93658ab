/** Numbers in lines, as strtol and strtoull of memcached's util.c take them. */

/** Result of the last successful call. */
export let parsed: u64 = 0;

/** Reads [at, end) as an unsigned decimal, an optional plus before it. False where it is not one or exceeds 64 bits. */
export function parseUnsigned(at: usize, end: usize): bool {
  if (at < end && load<u8>(at) == 0x2b) at++;
  const size = end - at;
  if (size == 0) return false;
  // 19 digits always fit; leading zeros are skipped first so that they do not count.
  if (size > 19) {
    while (at < end - 1 && load<u8>(at) == 0x30) at++;
    if (end - at > 20) return false;
  }
  let value: u64 = 0;
  for (; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) return false;
    if (value > 1844674407370955161 || (value == 1844674407370955161 && digit > 5)) return false;
    value = value * 10 + digit;
  }
  parsed = value;
  return true;
}

/** Reads [at, end) as a signed decimal; the value is `<i64>parsed`. */
export function parseSigned(at: usize, end: usize): bool {
  if (at < end && load<u8>(at) == 0x2d) {
    if (at + 1 == end || load<u8>(at + 1) == 0x2b) return false;
    if (!parseUnsigned(at + 1, end) || parsed > 0x8000000000000000) return false;
    parsed = 0 - parsed;
    return true;
  }
  return parseUnsigned(at, end) && <i64>parsed >= 0;
}
