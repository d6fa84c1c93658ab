/**
 * CRC-32C (RFC 3720, section 12.1), eight bytes a step with eight tables (Kounavis and Berry, "slicing by 8",
 * 2005). The tables are made at the first call, in the instance's scratch area.
 */
import { reserve } from '../instance';

/** The Castagnoli polynomial, reflected. */
const POLYNOMIAL: u32 = 0x82f63b78;

let tables: usize = 0;

function createTables(): void {
  tables = reserve(8 * 1024);
  for (let byte: u32 = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value >> 1) ^ (value & 1 ? POLYNOMIAL : 0);
    store<u32>(tables + (byte << 2), value);
  }
  for (let byte: u32 = 0; byte < 256; byte++) {
    let value = load<u32>(tables + (byte << 2));
    for (let table: u32 = 1; table < 8; table++) {
      value = (value >> 8) ^ load<u32>(tables + ((value & 0xff) << 2));
      store<u32>(tables + (table << 10) + (byte << 2), value);
    }
  }
}

// @ts-ignore: decorator
@inline
function entry(table: u32, byte: u32): u32 {
  return load<u32>(tables + (table << 10) + ((byte & 0xff) << 2));
}

/** CRC-32C of [at, at + size). */
export function crc32c(at: usize, size: usize): u32 {
  if (tables == 0) createTables();
  let crc: u32 = 0xffffffff;
  const end = at + size;
  for (const whole = at + (size & ~7); at < whole; at += 8) {
    const low = load<u32>(at) ^ crc;
    const high = load<u32>(at, 4);
    crc =
      entry(7, low) ^ entry(6, low >> 8) ^ entry(5, low >> 16) ^ entry(4, low >> 24) ^
      entry(3, high) ^ entry(2, high >> 8) ^ entry(1, high >> 16) ^ entry(0, high >> 24);
  }
  for (; at < end; at++) crc = (crc >> 8) ^ entry(0, crc ^ load<u8>(at));
  return ~crc;
}
