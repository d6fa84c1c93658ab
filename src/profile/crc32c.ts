/** CRC-32C (RFC 3720, section 12.1): the Castagnoli polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;

/**
 * Eight tables to process eight bytes a step ("slicing-by-8": Kounavis and Berry, "A systematic
 * approach to building high performance software-based CRC generators", 2005). `tables[k][b]` is the
 * checksum of byte b followed by k zero bytes.
 */
const tables = Array.from({ length: 8 }, () => new Int32Array(256));

for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
  for (const table of tables) {
    table[byte] = value;
    // The checksum with one more zero byte.
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
  }
}

const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/** Checksum of bytes, continued from `initial`, the checksum of the bytes before. */
export function crc32c(bytes: Uint8Array, initial = 0): number {
  const whole = bytes.length & ~7;
  let crc = ~initial;
  let i = 0;
  for (; i < whole; i += 8) {
    crc =
      t7[(bytes[i]! ^ crc) & 0xff]! ^
      t6[(bytes[i + 1]! ^ (crc >>> 8)) & 0xff]! ^
      t5[(bytes[i + 2]! ^ (crc >>> 16)) & 0xff]! ^
      t4[bytes[i + 3]! ^ (crc >>> 24)]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}
