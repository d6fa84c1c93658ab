/** Tells the protocol of a connection by the first bytes of its client. */

export const SPEAKS_TEXT: u32 = 0;
/** Magic 0x80 of doc/protocol-binary.txt: binary for the whole connection. */
export const SPEAKS_BINARY: u32 = 1;
/** A TLS handshake record (RFC 8446, section 5.1). */
export const SPEAKS_TLS: u32 = 2;
/** A PROXY protocol header, version 1: a line (haproxy's proxy-protocol.txt, section 2.1). */
export const SPEAKS_PROXY_LINE: u32 = 3;
/** A PROXY protocol header, version 2, with its fixed part complete (section 2.2). */
export const SPEAKS_PROXY: u32 = 4;
/** More bytes are needed to tell. */
export const SPEAKS_PERHAPS_PROXY: u32 = 5;

/** `PROXY ` and the version 2 signature `\r\n\r\n\0\r\nQUIT\n`, as they lie in memory. */
const PROXY_WORD: u64 = 0x2059584f5250;
const SIGNATURE_0: u64 = 0x510a0d000a0d0a0d;
const SIGNATURE_1: u32 = 0x0a544955;
/** Bytes of a version 2 header before its addresses, and of the longest version 1 line. */
export const PROXY_HEADER: usize = 16;
export const PROXY_LINE_MAX: usize = 107;

/** Whether the first `size` bytes, 1 to 8, at `at` are those of the word. Reads 8 bytes. */
// @ts-ignore: decorator
@inline
function startsWith(at: usize, size: usize, word: u64): bool {
  return size < 8 ? ((load<u64>(at) ^ word) << (64 - (size << 3))) == 0 : load<u64>(at) == word;
}

/**
 * The protocol that begins with [at, end), which must not be empty. Reads up to 8 bytes past the end and
 * ignores them.
 */
export function probe(at: usize, end: usize): u32 {
  const size = end - at;
  const first = load<u8>(at);
  if (first == 0x80) return SPEAKS_BINARY;
  if (first == 0x16) return size < 2 || load<u8>(at + 1) == 0x03 ? SPEAKS_TLS : SPEAKS_TEXT;
  if (first == 0x50) {
    if (!startsWith(at, min<usize>(size, 6), PROXY_WORD)) return SPEAKS_TEXT;
    for (let feed = at + 6; feed < end; feed++) {
      if (load<u8>(feed) == 10) return SPEAKS_PROXY_LINE;
    }
    return size < PROXY_LINE_MAX ? SPEAKS_PERHAPS_PROXY : SPEAKS_TEXT;
  }
  if (first == 0x0d) {
    if (!startsWith(at, min<usize>(size, 8), SIGNATURE_0)) return SPEAKS_TEXT;
    if (size > 8 && !startsWith(at + 8, min<usize>(size - 8, 4), SIGNATURE_1)) return SPEAKS_TEXT;
    return size < PROXY_HEADER ? SPEAKS_PERHAPS_PROXY : SPEAKS_PROXY;
  }
  return SPEAKS_TEXT;
}
