/** Numbers in lines, as accepted by strtol and strtoull in memcached's util.c. */

/** Result of the last successful call. */
export let parsed: u64 = 0;

/**
 * Reads [at, end) as an unsigned decimal with an optional plus sign. False where it is not one or exceeds 64
 * bits.
 */
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

/** Not a length. */
export const SIZE_BAD: u32 = 0;
/** A length for every release. */
export const SIZE_PLAIN: u32 = 1;
/** A length for strtol, but not, or another one, for mcmc_token_get_32 (vendor/mcmc, since 1.6.40). */
export const SIZE_AMBIGUOUS: u32 = 2;
/** Most characters that mcmc_token_get_32 accepts: MCMC_TOKTO32_MAX. */
const SIZE_DIGITS: usize = 11;
/** Largest length that memcached accepts: INT_MAX - 2 (process_update_command). */
export const VALUE_MAX: u64 = 2147483645;

/** Reads [at, end) as the length of a value. Returns SIZE_*. */
export function parseSize(at: usize, end: usize): u32 {
  const sign = at < end ? load<u8>(at) : 0;
  if (sign == 0x2d) {
    // Minus zero.
    return parseUnsigned(at + 1, end) && load<u8>(at + 1) != 0x2b && parsed == 0 ? SIZE_AMBIGUOUS : SIZE_BAD;
  }
  if (!parseUnsigned(at, end) || parsed > VALUE_MAX) return SIZE_BAD;
  return sign == 0x2b || end - at > SIZE_DIGITS ? SIZE_AMBIGUOUS : SIZE_PLAIN;
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
