/**
 * sfc32 (Chris Doty-Humphrey, PractRand): small, fast, and with the same numbers for a seed on every machine.
 */
export class Random {
  #a: number;
  #b: number;
  #c = 0x243f6a88;
  #d = 1;

  /**
   * @param seed 32 bits
   * @param stream number of an independent sequence with the same seed
   */
  constructor(seed: number, stream: number) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    // As many rounds as in PractRand, after which every bit depends on the seed.
    for (let i = 0; i < 15; i++) this.word();
  }

  /** 32 random bits as an unsigned number. */
  word(): number {
    const t = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    return this.word() / 4294967296;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** An integer in [first, last]. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  /** Exponential distribution, mean 1. */
  exponential(): number {
    return -Math.log(1 - this.next());
  }

  /** Normal distribution, mean 0, deviation 1 (Box and Muller, 1958). */
  normal(): number {
    return Math.sqrt(2 * this.exponential()) * Math.cos(2 * Math.PI * this.next());
  }
}

/** Draws indices with given weights in constant time (Vose's alias method, 1991). */
export class Weighted {
  readonly #probability: Float64Array;
  readonly #alias: Uint32Array;

  constructor(weights: Float64Array) {
    const n = weights.length;
    const sum = weights.reduce((a, b) => a + b, 0);
    const scaled = weights.map((weight) => (weight * n) / sum);
    this.#probability = new Float64Array(n).fill(1);
    this.#alias = new Uint32Array(n);
    const small: number[] = [];
    const large: number[] = [];
    scaled.forEach((p, i) => {
      (p < 1 ? small : large).push(i);
    });
    while (small.length && large.length) {
      const low = small.pop()!;
      const high = large.at(-1)!;
      this.#probability[low] = scaled[low]!;
      this.#alias[low] = high;
      scaled[high]! -= 1 - scaled[low]!;
      if (scaled[high]! < 1) small.push(large.pop()!);
    }
  }

  draw(random: Random): number {
    const i = random.below(this.#probability.length);
    return random.next() < this.#probability[i]! ? i : this.#alias[i]!;
  }
}

/** Weights of Zipf's law: rank r has weight 1 / r^exponent. */
export function zipf(count: number, exponent: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => (i + 1) ** -exponent);
}
