/** Network byte order. */

// @ts-ignore: decorator
@inline
export function load16(at: usize): u32 {
  return bswap<u16>(load<u16>(at));
}

// @ts-ignore: decorator
@inline
export function load32(at: usize): u32 {
  return bswap<u32>(load<u32>(at));
}

// @ts-ignore: decorator
@inline
export function load64(at: usize): u64 {
  return bswap<u64>(load<u64>(at));
}
