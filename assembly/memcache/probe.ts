/** Tells what a connection speaks from its client's first bytes, once. */

export const SPEAKS_TEXT: u32 = 0;
/** Magic 0x80 of doc/protocol-binary.txt: binary for the whole connection. */
export const SPEAKS_BINARY: u32 = 1;
/** A TLS handshake record (RFC 8446, section 5.1). */
export const SPEAKS_TLS: u32 = 2;
/** A PROXY protocol header, version 2 (haproxy's proxy-protocol.txt, section 2.2). Version 1 is a line. */
export const SPEAKS_PROXY: u32 = 3;

/** What [at, end) begins. Reads up to 8 bytes past a short end, which are compared only when they count. */
export function probe(at: usize, end: usize): u32 {
  const size = end - at;
  const first = load<u8>(at);
  if (first == 0x80) return SPEAKS_BINARY;
  if (first == 0x16 && (size < 2 || load<u8>(at + 1) == 0x03)) return SPEAKS_TLS;
  // The signature "\r\n\r\n\0\r\nQUIT\n" in two parts.
  if (size >= 16 && load<u64>(at) == 0x510a0d000a0d0a0d && load<u32>(at + 8) == 0xa544955) return SPEAKS_PROXY;
  return SPEAKS_TEXT;
}

/** Whether a line is a PROXY protocol header, version 1 (section 2.1). */
export function isProxyLine(at: usize, end: usize): bool {
  return end - at >= 8 && (load<u64>(at) & 0xffffffffffff) == 0x2059584f5250;
}
