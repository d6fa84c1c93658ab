/** CRC-32C (RFC 3720, section 12.1): the Castagnoli polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;

const table = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
  table[byte] = value;
}

/** Checksum of bytes, continuing from `initial` (the checksum of what came before). */
export function crc32c(bytes: Uint8Array, initial = 0): number {
  let crc = ~initial;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}
