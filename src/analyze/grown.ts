/** A longer copy of an array of numbers, with zeros behind the first `used` of them. */
export function grown<T extends Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array>(
  from: T,
  length: number,
  used = from.length,
): T {
  const to = new (from.constructor as new (length: number) => T)(length);
  to.set(from.subarray(0, used));
  return to;
}
