/** Base64 (RFC 4648, section 4), as memcached accepts it for keys: padded, with the standard alphabet. */

// @ts-ignore: decorator
@inline
function sextet(byte: u32): u32 {
  if (byte - 0x41 < 26) return byte - 0x41;
  if (byte - 0x61 < 26) return byte - 0x61 + 26;
  if (byte - 0x30 < 10) return byte - 0x30 + 52;
  if (byte == 0x2b) return 62;
  if (byte == 0x2f) return 63;
  return 64;
}

/**
 * Decodes [at, end) into `out`, which must have room for three quarters of it. Returns the number of bytes,
 * or -1.
 */
export function decodeBase64(at: usize, end: usize, out: usize): i32 {
  const size = end - at;
  if (size == 0 || size & 3) return -1;
  const start = out;
  for (; at < end; at += 4) {
    const a = sextet(load<u8>(at));
    const b = sextet(load<u8>(at, 1));
    let c = sextet(load<u8>(at, 2));
    let d = sextet(load<u8>(at, 3));
    if (a > 63 || b > 63) return -1;
    let bytes: usize = 3;
    if (c > 63 || d > 63) {
      if (at + 4 != end || load<u8>(at, 3) != 0x3d) return -1;
      d = 0;
      bytes = 2;
      if (c > 63) {
        if (load<u8>(at, 2) != 0x3d) return -1;
        c = 0;
        bytes = 1;
      }
    }
    const word = (a << 18) | (b << 12) | (c << 6) | d;
    store<u8>(out, <u8>(word >> 16));
    if (bytes > 1) store<u8>(out, <u8>(word >> 8), 1);
    if (bytes > 2) store<u8>(out, <u8>word, 2);
    out += bytes;
  }
  return <i32>(out - start);
}
