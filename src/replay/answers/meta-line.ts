import { isKey } from '../keys.js';
import type { PendingQueue } from '../pending.js';
import { OPS, S } from '../shapes.js';
import { readSize } from './size.js';

const SPACE = 32;
const pair = (text: string) => text.charCodeAt(0) * 256 + text.charCodeAt(1);
const HD = pair('HD');
const VA = pair('VA');
const EN = pair('EN');
const NS = pair('NS');
const EX = pair('EX');
const NF = pair('NF');
const ME = pair('ME');
const MN = pair('MN');
/** What releases before 1.6.10 answer instead of HD. */
const OK = pair('OK');
const CODES = new Set([HD, VA, EN, NS, EX, NF, ME, MN, OK]);

const op = (name: (typeof OPS)[number]) => OPS.indexOf(name);
const STORES = new Set(
  ['ms', 'set', 'add', 'replace', 'append', 'prepend', 'cas'].map((name) => op(name as 'ms')),
);
const ARITHMETIC = new Set([op('ma'), op('incr'), op('decr')]);
const DELETES = new Set([op('md'), op('delete')]);
const TOUCHES = new Set([op('touch')]);

/** One line of a meta answer, read. */
export class MetaLine {
  /** Bytes of the value that follows, or by the flag s; 0 where neither is told. */
  size = 0;
  hasValue = false;
  isNoop = false;
  /** The cas unique it tells, as digits; empty where there is none. */
  cas = '';
  #code = 0;
  #opaque = -1;
  #key = -1;
  #keyEnd = 0;

  /** Reads a line that begins with two letters; false where it is no meta answer. */
  read(bytes: Buffer, at: number, end: number): boolean {
    this.#code = bytes[at]! * 256 + bytes[at + 1]!;
    if (!CODES.has(this.#code)) return false;
    this.isNoop = this.#code === MN;
    this.hasValue = this.#code === VA;
    this.size = 0;
    this.cas = '';
    this.#opaque = -1;
    this.#key = -1;
    let from = at + 3;
    if (this.hasValue) {
      const start = from;
      while (from < end && bytes[from] !== SPACE) from++;
      this.size = readSize(bytes, start, from);
      if (this.size < 0) return false;
    }
    if (this.#code !== ME) this.#readFlags(bytes, from, end);
    return true;
  }

  #readFlags(bytes: Buffer, at: number, end: number): void {
    for (let from = at; from < end; ) {
      if (bytes[from] === SPACE) {
        from++;
        continue;
      }
      let to = from;
      while (to < end && bytes[to] !== SPACE) to++;
      const letter = bytes[from];
      if (letter === 0x4f) this.#opaque = Number(bytes.toString('latin1', from + 1, to));
      else if (letter === 0x6b) {
        this.#key = from + 1;
        this.#keyEnd = to;
      } else if (letter === 0x63) this.cas = bytes.toString('latin1', from + 1, to);
      else if (letter === 0x73 && !this.hasValue) this.size = Math.max(0, readSize(bytes, from + 1, to));
      from = to;
    }
  }

  /** Whether it is the answer of the first request: by its opaque or key, as far as it has one. */
  answers(queue: PendingQueue, bytes: Buffer): boolean {
    if (this.isNoop) return false;
    const head = queue.head & queue.mask;
    const opaque = queue.opaque[head]!;
    if (this.#opaque >= 0) return this.#opaque === opaque;
    if (opaque !== 0) return false;
    if (this.#key < 0) return true;
    const { keyQueue } = queue;
    const at = keyQueue.head & keyQueue.mask;
    const size = keyQueue.size[at]!;
    const low = keyQueue.low[at]!;
    const high = keyQueue.high[at]!;
    if (this.#keyEnd - this.#key === size) return isKey(bytes, this.#key, low, high, size);
    // It is longer than the key where it is in base64.
    const decoded = Buffer.from(bytes.toString('latin1', this.#key, this.#keyEnd), 'base64');
    return decoded.length === size && isKey(decoded, 0, low, high, size);
  }

  /** The status of the key, by the command that was sent. */
  statusFor(command: number): number {
    switch (this.#code) {
      case EN:
        return S.miss;
      case NS:
        return S.not_stored;
      case EX:
        return S.exists;
      case NF:
        return S.not_found;
      default:
    }
    if (STORES.has(command)) return S.stored;
    if (DELETES.has(command)) return S.deleted;
    if (TOUCHES.has(command)) return S.touched;
    if (ARITHMETIC.has(command)) return this.#code === VA ? S.value : S.ok;
    return S.hit;
  }
}
