/** A WASM module with one function that uses a vector (WebAssembly core specification, section 5.4.9). */
const PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0],
  // i32.const 0, i8x16.splat, drop, end
  ...[65, 0, 253, 15, 26, 11],
);

/**
 * Whether to use the parser with vector instructions instead of its scalar twin. MEMBENCH_SIMD=0 in the
 * environment selects the twin.
 */
export function usesSimd(): boolean {
  const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;
  return environment?.MEMBENCH_SIMD !== '0' && WebAssembly.validate(PROBE);
}
