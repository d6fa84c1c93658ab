/** Requests of sampled keys, in the order in which they came, until it is known how each ended. */
import {
  KEY_HAS_FLAGS,
  KEY_HAS_VALUE,
  KEY_IS_COMPLETE,
  KEY_IS_UNPAIRED,
  KEY_RECORD,
  OP_NAMES,
} from '../layout/generated.js';
import { statusNumber, statusOf } from './key-outcomes.js';

/** Most requests that wait; a power of two. Beyond, the oldest counts as unanswered. */
const ROWS = 65536;
/** Numbers of requests that are told apart in one connection. */
const NUMBERS = 2 ** 21;

const HIT = statusNumber('hit');
const MISS = statusNumber('miss');
const SILENT = statusNumber('silent');
const UNANSWERED = statusNumber('unanswered');

const opsOf = (...names: readonly (typeof OP_NAMES)[number][]) =>
  Uint8Array.from(OP_NAMES, (name) => (names.includes(name) ? 1 : 0));
const IS_READ = opsOf('get', 'gets', 'gat', 'gats', 'mg');
const IS_WRITE = opsOf('set', 'add', 'replace', 'append', 'prepend', 'cas', 'ms');

/** Words of 32 bits in a struct key_record. */
const WORD = {
  hash: KEY_RECORD.hash / 4,
  flow: KEY_RECORD.flow / 4,
  number: KEY_RECORD.number / 4,
  valueSize: KEY_RECORD.value_size / 4,
  ttl: KEY_RECORD.ttl / 4,
  what: KEY_RECORD.what / 4,
};

/** Rows as columns, used again and again: row n of all is at n modulo ROWS. */
export class KeyRequests {
  readonly time = new Float64Array(ROWS);
  /** Number of the key in its table. */
  readonly id = new Int32Array(ROWS);
  readonly op = new Uint8Array(ROWS);
  readonly bits = new Uint8Array(ROWS);
  readonly keySize = new Uint8Array(ROWS);
  readonly mode = new Uint8Array(ROWS);
  readonly valueSize = new Uint32Array(ROWS);
  readonly ttl = new Int32Array(ROWS);
  /** See `statusNumber`; 0: waits. */
  readonly status = new Uint8Array(ROWS);
  readonly #hash = new Uint32Array(2 * ROWS);
  /** The request in its connection; rows of one are a chain, of which the first knows the last. */
  readonly #request = new Float64Array(ROWS);
  readonly #next = new Int32Array(ROWS);
  readonly #last = new Int32Array(ROWS);
  readonly #firsts = new Map<number, number>();
  #begin = 0;
  #end = 0;
  /** Reads of which it cannot be told what answered them. */
  unpaired = 0;

  get isFull(): boolean {
    return this.#end - this.#begin === ROWS;
  }

  /** Takes a request; there must be room. */
  add(words: Uint32Array, at: number, time: number, id: number): void {
    const row = this.#end++ & (ROWS - 1);
    const what = words[at + WORD.what]!;
    const op = what & 255;
    const bits = (what >>> 8) & 255;
    this.time[row] = time;
    this.id[row] = id;
    this.op[row] = op;
    this.bits[row] = bits;
    this.keySize[row] = (what >>> 16) & 255;
    this.mode[row] = what >>> 24;
    this.valueSize[row] = words[at + WORD.valueSize]!;
    this.ttl[row] = words[at + WORD.ttl]!;
    this.#hash[2 * row] = words[at + WORD.hash]!;
    this.#hash[2 * row + 1] = words[at + WORD.hash + 1]!;
    this.#next[row] = -1;
    const isRead = IS_READ[op] === 1;
    if ((bits & KEY_IS_UNPAIRED) !== 0) {
      if (isRead) this.unpaired++;
      // As a store without an answer: few are refused.
      this.status[row] = IS_WRITE[op] === 1 ? SILENT : UNANSWERED;
    } else if ((bits & KEY_IS_COMPLETE) === 0 && !isRead) {
      this.status[row] = SILENT;
    } else {
      this.status[row] = 0;
      this.#chain(row, requestOf(words, at));
    }
  }

  #chain(row: number, request: number): void {
    this.#request[row] = request;
    const first = this.#firsts.get(request);
    if (first === undefined) {
      this.#firsts.set(request, row);
      this.#last[row] = row;
    } else {
      this.#next[this.#last[first]!] = row;
      this.#last[first] = row;
    }
  }

  /** Takes an answer: a value with the hash of its key, or what completes the answer to a request. */
  answer(words: Uint32Array, at: number): void {
    const request = requestOf(words, at);
    const first = this.#firsts.get(request);
    if (first === undefined) return;
    const what = words[at + WORD.what]!;
    const word = what & 255;
    const bits = (what >>> 8) & 255;
    const low = words[at + WORD.hash]!;
    const high = words[at + WORD.hash + 1]!;
    const found = (row: number) => {
      this.valueSize[row] = words[at + WORD.valueSize]!;
      this.bits[row]! |= bits & (KEY_HAS_VALUE | KEY_HAS_FLAGS);
    };
    if ((bits & KEY_IS_COMPLETE) === 0) {
      let row = first;
      while (row >= 0 && !(this.status[row] === 0 && this.#isOf(row, low, high))) row = this.#next[row]!;
      if (row < 0) return;
      this.status[row] = HIT;
      found(row);
      return;
    }
    for (let row = first; row >= 0; row = this.#next[row]!) {
      if (this.status[row] !== 0) continue;
      // Quiet gets are answered before the next request that must be, where they are hits.
      const isQuiet = (this.bits[row]! & KEY_IS_COMPLETE) === 0;
      this.status[row] = isQuiet ? MISS : statusOf(this.op[row]!, word);
      if (!isQuiet && (bits & KEY_HAS_VALUE) !== 0) found(row);
    }
    this.#firsts.delete(request);
  }

  #isOf(row: number, low: number, high: number): boolean {
    return this.#hash[2 * row] === low && this.#hash[2 * row + 1] === high;
  }

  /**
   * The oldest row, which is no longer kept, where it does not wait or came before a time; else -1. What still waits
   * counts as unanswered.
   */
  take(before: number): number {
    if (this.#begin === this.#end) return -1;
    const row = this.#begin & (ROWS - 1);
    if (this.status[row] === 0) {
      if (this.time[row]! >= before) return -1;
      this.status[row] = UNANSWERED;
      const request = this.#request[row]!;
      if (this.#firsts.get(request) === row) this.#firsts.delete(request);
    }
    this.#begin++;
    return row;
  }

  /** The numbers of the keys have changed; -1: gone. */
  renumber(ids: Int32Array): void {
    for (let n = this.#begin; n < this.#end; n++) {
      const row = n & (ROWS - 1);
      if (this.id[row]! >= 0) this.id[row] = ids[this.id[row]!]!;
    }
  }
}

/** One number for a request of a connection. */
function requestOf(words: Uint32Array, at: number): number {
  return words[at + WORD.flow]! * NUMBERS + (words[at + WORD.number]! % NUMBERS);
}
