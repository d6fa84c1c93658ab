import { KEY_MAX, type Keyspace, VALUE_MAX } from './keyspace.js';
import type { Command } from './options.js';
import type { Random } from './random.js';

/** A request on its way. */
export interface Request {
  command: Command;
  keys: number[];
  /** Keys that were found; known once it is answered. */
  hits: number;
  /** No packet of request or answer is missing so far. */
  whole: boolean;
}

/** Bytes that a key adds to an answer at most: `VALUE `, ` 0 8192\r\n` and the line end, rounded up. */
export const ANSWER_MAX_PER_KEY = KEY_MAX + VALUE_MAX + 32;

/** Longer than any value, so that values start at many places of it. */
const FILLER_SIZE = 4 * VALUE_MAX;
/** Values that look like protocol: only a parser that trusts lengths reads past them. */
const FILLER_WORDS = [
  'END\r\n',
  'VALUE k 0 5\r\n',
  'get k\r\n',
  'STORED\r\n',
  'HD\r\n',
  '\0\r\xff',
  '{"id":17}',
];

const CR_LF = 0x0d0a;
const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const REQUEST = { get: latin1('get'), mg: latin1('mg'), set: latin1('set'), delete: latin1('delete') };
const SPACE = latin1(' ');
const LINE_END = latin1('\r\n');
const META_FLAGS = latin1(' t f v');
const SET_FLAGS = latin1(' 0 3600 ');
const VALUE = latin1('VALUE ');
const CLIENT_FLAGS = latin1(' 0 ');
const END = latin1('END\r\n');
const META_VALUE = latin1('VA ');
const META_VALUE_FLAGS = latin1(' t-1 f0');
const META_MISS = latin1('EN\r\n');
const STORED = latin1('STORED\r\n');
const DELETED = latin1('DELETED\r\n');
const NOT_FOUND = latin1('NOT_FOUND\r\n');

/**
 * Writes what clients and server say. Keys and filler for the values lie in the buffer that is written to,
 * because copying inside one buffer needs no view objects.
 */
export class Dialogue {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #keyspace: Keyspace;
  readonly #names: number;
  readonly #filler: number;

  /** Bytes of the buffer that the dialogue needs for itself. */
  static reserved(keyspace: Keyspace): number {
    return keyspace.names.length + FILLER_SIZE;
  }

  /** @param at start of the reserved bytes */
  constructor(bytes: Uint8Array, at: number, keyspace: Keyspace, random: Random) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#keyspace = keyspace;
    this.#names = at;
    bytes.set(keyspace.names, at);
    this.#filler = at + keyspace.names.length;
    for (let i = this.#filler; i < this.#filler + FILLER_SIZE; ) {
      const word = FILLER_WORDS[random.below(FILLER_WORDS.length)]!;
      const size = random.between(1, 40);
      const end = Math.min(i + size + word.length, this.#filler + FILLER_SIZE);
      for (let j = i; j < end; j++)
        bytes[j] = j - i < size ? 0x61 + random.below(26) : word.charCodeAt(j - i - size);
      i = end;
    }
  }

  /** Writes a request at `at`; returns its end. */
  request({ command, keys }: Request, at: number): number {
    let end = this.#text(REQUEST[command], at);
    for (const key of keys) {
      end = this.#text(SPACE, end);
      end = this.#name(key, end);
    }
    if (command === 'mg') end = this.#text(META_FLAGS, end);
    if (command !== 'set') return this.#text(LINE_END, end);
    const size = this.#keyspace.valueSizes[keys[0]!]!;
    end = this.#text(SET_FLAGS, end);
    end = this.#number(size, end);
    return this.#value(keys[0]!, size, end);
  }

  /** Writes the answer at `at`, noting in the request what was found; returns its end. */
  answer(request: Request, random: Random, at: number): number {
    const { command, keys } = request;
    if (command === 'set') return this.#text(STORED, at);
    let end = at;
    for (const key of keys) {
      const found = random.next() < this.#keyspace.hitRatios[key]!;
      if (found) request.hits++;
      if (command === 'delete') end = this.#text(found ? DELETED : NOT_FOUND, end);
      else if (found) end = command === 'get' ? this.#textHit(key, end) : this.#metaHit(key, end);
      else if (command === 'mg') end = this.#text(META_MISS, end);
    }
    return command === 'get' ? this.#text(END, end) : end;
  }

  #textHit(key: number, at: number): number {
    const size = this.#keyspace.valueSizes[key]!;
    let end = this.#text(VALUE, at);
    end = this.#name(key, end);
    end = this.#text(CLIENT_FLAGS, end);
    end = this.#number(size, end);
    return this.#value(key, size, end);
  }

  #metaHit(key: number, at: number): number {
    const size = this.#keyspace.valueSizes[key]!;
    let end = this.#text(META_VALUE, at);
    end = this.#number(size, end);
    end = this.#text(META_VALUE_FLAGS, end);
    return this.#value(key, size, end);
  }

  /**
   * The end of the line that announced a value, the value, which is the same for a key every time, and a line
   * end.
   */
  #value(key: number, size: number, at: number): number {
    this.#view.setUint16(at, CR_LF);
    const from = this.#filler + ((Math.imul(key, 31) >>> 0) % (FILLER_SIZE - VALUE_MAX));
    this.#bytes.copyWithin(at + 2, from, from + size);
    this.#view.setUint16(at + 2 + size, CR_LF);
    return at + size + 4;
  }

  #name(key: number, at: number): number {
    const { starts } = this.#keyspace;
    const from = starts[key]!;
    const to = starts[key + 1]!;
    this.#bytes.copyWithin(at, this.#names + from, this.#names + to);
    return at + to - from;
  }

  #text(text: Uint8Array, at: number): number {
    for (let i = 0; i < text.length; i++) this.#bytes[at + i] = text[i]!;
    return at + text.length;
  }

  #number(value: number, at: number): number {
    let end = at + 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end++;
    let rest = value;
    for (let i = end - 1; i >= at; i--) {
      this.#bytes[i] = 0x30 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    return end;
  }
}
