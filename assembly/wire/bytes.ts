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
