import type { Random } from './random.js';

export const KEY_MIN = 15;
export const KEY_MAX = 40;
export const VALUE_MAX = 8192;

/**
 * Standard deviation of the logarithm of a value's size: its 99th percentile is about ten times the median.
 */
const VALUE_SIGMA = 1;
/** Rounds until clamping changes the mean by less than a thousandth. */
const SCALE_ROUNDS = 8;
/** Prefix of keys, no longer than KEY_MIN less the 7 characters that make keys different. */
const FAMILIES = ['user:', 'session:', 'item:', 'feed:v2:', 'cfg/'];
const TAIL = ':profile:attributes:v2:en-us';

/**
 * The content of the imaginary server: keys with names, value sizes and hit probabilities that do not change.
 */
export class Keyspace {
  /** All names, one after the other. */
  readonly names: Uint8Array;
  /** Offset of the name of key i, which ends at the next offset. */
  readonly starts: Uint32Array;
  /** Size of the value of each key, bytes. */
  readonly valueSizes: Uint32Array;
  /** Probability that a request finds the key, for each key. */
  readonly hitRatios: Float64Array;

  /**
   * @param popularity weight of every key in the means
   * @param valueSize mean size of a value, bytes
   * @param hitRatio mean hit probability
   */
  constructor(random: Random, popularity: Float64Array, valueSize: number, hitRatio: number) {
    const keys = popularity.length;
    this.starts = new Uint32Array(keys + 1);
    this.names = new Uint8Array(keys * KEY_MAX);
    let at = 0;
    for (let key = 0; key < keys; key++) {
      this.starts[key] = at;
      at += putName(key, random.between(KEY_MIN, KEY_MAX), this.names, at);
    }
    this.starts[keys] = at;
    this.names = this.names.subarray(0, at);
    const sizes = popularity.map(() => Math.exp(VALUE_SIGMA * random.normal()));
    this.valueSizes = Uint32Array.from(scaleToMean(sizes, popularity, valueSize, VALUE_MAX), (size) =>
      Math.max(1, Math.round(size)),
    );
    const misses = popularity.map(() => random.next());
    this.hitRatios = scaleToMean(misses, popularity, 1 - hitRatio, 1).map((miss) => 1 - miss);
  }
}

/** Writes a unique name of `size` characters. Returns its size. */
function putName(key: number, size: number, out: Uint8Array, at: number): number {
  // Multiplied by an odd number, so that names of keys with similar popularity differ.
  const id = (Math.imul(key, 0x9e3779b1) >>> 0).toString(36).padStart(7, '0');
  const name = `${FAMILIES[key % FAMILIES.length]}${id}${TAIL}`.slice(0, size).padEnd(size, 'x');
  for (let i = 0; i < size; i++) out[at + i] = name.charCodeAt(i);
  return size;
}

/**
 * Scales numbers to a weighted mean of `mean`, with values of at most `most`. Without scaling, a few heavy
 * weights would make the mean vary much between seeds.
 */
function scaleToMean(values: Float64Array, weights: Float64Array, mean: number, most: number): Float64Array {
  const sum = weights.reduce((a, b) => a + b, 0);
  let scaled = values;
  for (let round = 0; round < SCALE_ROUNDS; round++) {
    const now = scaled.reduce((total, value, i) => total + value * weights[i]!, 0) / sum;
    scaled = scaled.map((value) => Math.min(most, now > 0 ? (value * mean) / now : 0));
  }
  return scaled;
}
