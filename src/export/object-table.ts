import { randomBytes } from 'node:crypto';

/** Number of places at the start; a power of two. */
const CAPACITY_MIN = 1024;
/** Words of a place: the hash, low and high; the size; 1 where the place is taken; a number as a double. */
const PLACE = 6;
/** Odd factors, random in each process, so that no profile can be crafted to put all objects into one place. */
const FACTORS = randomBytes(8);
const LOW_FACTOR = FACTORS.readUInt32LE(0) | 1;
const HIGH_FACTOR = FACTORS.readUInt32LE(4) | 1;

/** A hash table of the objects of an oracleGeneral file: 24 bytes for each, in one buffer. */
export class ObjectTable {
  #capacity = CAPACITY_MIN;
  #shift = Math.clz32(CAPACITY_MIN) + 1;
  #words = new Uint32Array(CAPACITY_MIN * PLACE);
  #doubles = new Float64Array(this.#words.buffer);
  #count = 0;

  /** Number of objects. */
  get count(): number {
    return this.#count;
  }

  /** The place of an object, which is added if it is new. Valid until the next call. */
  place(low: number, high: number): number {
    if (this.#count * 4 >= this.#capacity * 3) this.#grow();
    const at = this.#find(low, high);
    const words = this.#words;
    if (words[PLACE * at + 3] === 0) {
      words[PLACE * at] = low;
      words[PLACE * at + 1] = high;
      words[PLACE * at + 3] = 1;
      this.#count++;
    }
    return at;
  }

  /** Bytes of the object as last seen; 0 where they are not known. */
  size(place: number): number {
    return this.#words[PLACE * place + 2]!;
  }

  setSize(place: number, size: number): void {
    this.#words[PLACE * place + 2] = size;
  }

  /** A number kept with the object, 0 at first. */
  number(place: number): number {
    return this.#doubles[3 * place + 2]!;
  }

  setNumber(place: number, value: number): void {
    this.#doubles[3 * place + 2] = value;
  }

  /** Sets the numbers of all objects to 0. */
  clearNumbers(): void {
    for (let place = 0; place < this.#capacity; place++) this.#doubles[3 * place + 2] = 0;
  }

  #find(low: number, high: number): number {
    const words = this.#words;
    const mask = this.#capacity - 1;
    let at = (Math.imul(low, LOW_FACTOR) + Math.imul(high, HIGH_FACTOR)) >>> this.#shift;
    while (words[PLACE * at + 3] !== 0 && (words[PLACE * at] !== low || words[PLACE * at + 1] !== high))
      at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const words = this.#words;
    this.#capacity *= 2;
    this.#shift--;
    this.#words = new Uint32Array(this.#capacity * PLACE);
    this.#doubles = new Float64Array(this.#words.buffer);
    for (let from = 0; from < words.length; from += PLACE) {
      if (words[from + 3] === 0) continue;
      const to = PLACE * this.#find(words[from]!, words[from + 1]!);
      for (let i = 0; i < PLACE; i++) this.#words[to + i] = words[from + i]!;
    }
  }
}
