/** The BPF ring (kernel/bpf/ringbuf.c) that sampled keys leave the kernel in. */
import { KEY_RECORD } from '../layout/generated.js';
import { type Libc, PROT_READ, PROT_WRITE } from '../native/libc.js';

/** Bits of a record's head: the kernel is writing it; it was given up. */
const BUSY = 2 ** 31;
const DISCARDED = 2 ** 30;
const HEAD = 8;

/** Mapped, so that reading it needs neither a system call nor a right. */
export class KeyRing {
  readonly #consumer: BigUint64Array;
  readonly #producer: BigUint64Array;
  /** The data, twice in a row. */
  readonly #words: Uint32Array;
  readonly #size: number;

  /** @throws Error where the ring cannot be mapped */
  constructor(libc: Libc, ring: number, size: number) {
    const { pageSize } = libc;
    this.#size = size;
    this.#consumer = new BigUint64Array(libc.map(pageSize, PROT_READ | PROT_WRITE, ring, 0), 0, 1);
    const rest = libc.map(pageSize + 2 * size, PROT_READ, ring, pageSize);
    this.#producer = new BigUint64Array(rest, 0, 1);
    this.#words = new Uint32Array(rest, pageSize, (2 * size) / 4);
  }

  /** Takes all records, which are structs key_record at an index of 32-bit words, and frees their room. */
  drain(take: (words: Uint32Array, at: number) => void): void {
    const words = this.#words;
    const start = Atomics.load(this.#consumer, 0);
    const end = Atomics.load(this.#producer, 0);
    let done = 0;
    for (const bytes = Number(end - start); done < bytes; ) {
      const at = ((Number(start % BigInt(this.#size)) + done) % this.#size) / 4;
      const head = Atomics.load(words, at);
      if (head >= BUSY) break;
      if (head < DISCARDED) take(words, at + HEAD / 4);
      done += HEAD + KEY_RECORD.SIZE;
    }
    Atomics.store(this.#consumer, 0, start + BigInt(done));
  }
}
