/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012) of the few keys somebody asks for; those on the wire are hashed by
 * assembly/hash.ts, which gives the same.
 *
 * @param key 16 bytes
 */
export function sipHash(key: Uint8Array, message: Uint8Array): bigint {
  const k = new DataView(key.buffer, key.byteOffset, 16);
  const k0 = k.getBigUint64(0, true);
  const k1 = k.getBigUint64(8, true);
  const v = BigUint64Array.of(
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  );
  // The last word has what is left of the message, and its length in the highest byte.
  const padded = new Uint8Array((Math.floor(message.length / 8) + 1) * 8);
  padded.set(message);
  padded[padded.length - 1] = message.length;
  const words = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 8) {
    const word = words.getBigUint64(at, true);
    v[3]! ^= word;
    mix(v, 2);
    v[0]! ^= word;
  }
  v[2]! ^= 0xffn;
  mix(v, 4);
  return v[0]! ^ v[1]! ^ v[2]! ^ v[3]!;
}

function rotate(value: bigint, bits: bigint): bigint {
  return (value << bits) | (value >> (64n - bits));
}

/** SipRounds; the array cuts every sum to 64 bits. */
function mix(v: BigUint64Array, rounds: number): void {
  for (let i = 0; i < rounds; i++) {
    v[0]! += v[1]!;
    v[1] = rotate(v[1]!, 13n) ^ v[0]!;
    v[0] = rotate(v[0]!, 32n);
    v[2]! += v[3]!;
    v[3] = rotate(v[3]!, 16n) ^ v[2]!;
    v[0]! += v[3]!;
    v[3] = rotate(v[3]!, 21n) ^ v[0]!;
    v[2]! += v[1]!;
    v[1] = rotate(v[1]!, 17n) ^ v[2]!;
    v[2] = rotate(v[2]!, 32n);
  }
}
