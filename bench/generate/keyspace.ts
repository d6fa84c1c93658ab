import type { Random } from './random.js';

/** Keys with stable names, value sizes and presence: what the imaginary server holds. */
export class Keyspace {
  readonly names: Uint8Array;
  readonly starts: Uint32Array;
  readonly valueSizes: Uint32Array;
  /** 1 where the server has the key. */
  readonly present: Uint8Array;

  /**
   * @param count keys
   * @param meanValue mean bytes of a value; log-normal, between 1 and 8192
   * @param hitRatio share of the keys the server has
   */
  constructor(random: Random, count: number, meanValue: number, hitRatio: number) {
    this.starts = new Uint32Array(count + 1);
    this.valueSizes = new Uint32Array(count);
    this.present = new Uint8Array(count);
    const names: string[] = [];
    const sigma = 1;
    let at = 0;
    for (let i = 0; i < count; i++) {
      const size = 15 + random.below(26);
      const name = `user:${i.toString(36).padStart(8, '0')}:profile:attributes:v2`.slice(0, size).padEnd(size, 'x');
      names.push(name);
      this.starts[i] = at;
      at += size;
      const value = Math.exp(Math.log(meanValue) - (sigma * sigma) / 2 + sigma * random.normal());
      this.valueSizes[i] = Math.max(1, Math.min(8192, Math.round(value)));
      this.present[i] = random.next() < hitRatio ? 1 : 0;
    }
    this.starts[count] = at;
    this.names = new TextEncoder().encode(names.join(''));
  }

  /** Copies a key's name to `out` at `at`; returns where it ends. */
  put(key: number, out: Uint8Array, at: number): number {
    const start = this.starts[key]!;
    const end = this.starts[key + 1]!;
    for (let i = start; i < end; i++) out[at++] = this.names[i]!;
    return at;
  }
}
