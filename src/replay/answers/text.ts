/** Answers of the text and meta protocols, from bytes cut anywhere. */
import { isKey } from '../keys.js';
import { type PendingQueue, WAITS } from '../pending.js';
import type { Settler } from '../settle.js';
import { S } from '../shapes.js';
import type { ValueCheck } from '../verify.js';
import { failureOf } from './errors.js';
import { MetaLine } from './meta-line.js';
import { readSize } from './size.js';

/** Longest line, bytes: a VALUE line has less than 350, and an error line is short. */
const LINE_MAX = 2048;
const CR = 13;
const LF = 10;
const SPACE = 32;

/** Reads what a server answers on one connection, in the order of the requests. */
export class TextAnswers {
  readonly #queue: PendingQueue;
  readonly #settler: Settler;
  /** The part of a line that came so far. */
  #line: Buffer | null = null;
  #lineSize = 0;
  /** Bytes of a value and its line end still to come. */
  #skip = 0;
  /** Where in the keys of a multiget answers are expected. */
  #cursor = 0;
  /** Whether the value at hand is the whole answer. */
  #endsWithValue = false;
  /** Of the value at hand, where values are checked. */
  #check: ValueCheck | null = null;
  readonly #meta = new MetaLine();

  constructor(queue: PendingQueue, settler: Settler) {
    this.#queue = queue;
    this.#settler = settler;
  }

  /** Whether the next byte begins an answer. */
  get isBetween(): boolean {
    return this.#line === null && this.#skip === 0 && this.#cursor === 0;
  }

  /** Reads bytes. Returns false where they are no answers to what was asked: nothing after them can be understood. */
  feed(bytes: Buffer, size: number): boolean {
    let at = 0;
    while (at < size) {
      if (this.#skip > 0) {
        const taken = Math.min(this.#skip, size - at);
        if (this.#check !== null) this.#settler.checker!.look(this.#check, bytes, at, at + taken);
        this.#skip -= taken;
        at += taken;
        if (this.#skip === 0) this.#endValue();
        continue;
      }
      let end = at;
      while (end < size && bytes[end] !== LF) end++;
      if (end === size || this.#line !== null) {
        if (this.#lineSize + end - at > LINE_MAX) return false;
        this.#line ??= Buffer.allocUnsafe(LINE_MAX);
        this.#lineSize += bytes.copy(this.#line, this.#lineSize, at, end);
        if (end === size) return true;
        const line = this.#line;
        const length = this.#lineSize;
        this.#line = null;
        this.#lineSize = 0;
        if (!this.#readLine(line, 0, length)) return false;
      } else if (!this.#readLine(bytes, at, end)) return false;
      at = end + 1;
    }
    return true;
  }

  #readLine(bytes: Buffer, at: number, lineEnd: number): boolean {
    const end = lineEnd > at && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    const queue = this.#queue;
    const isPair = end - at >= 2 && (end - at === 2 || bytes[at + 2] === SPACE);
    for (;;) {
      if (queue.head === queue.sent) return false;
      const head = queue.head & queue.mask;
      const waits = queue.waits[head]!;
      // What comes is not the answer of a quiet request, if it is no meta answer at all.
      if (
        waits === WAITS.nothing ||
        (waits === WAITS.meta && queue.quiet[head] !== 0 && !isPair && !isError(bytes[at]!))
      )
        this.#settler.silent(queue);
      else if (waits === WAITS.values) return this.#readValues(bytes, at, end);
      else if (waits === WAITS.line) return this.#readWord(bytes, at, end);
      else return this.#readMeta(bytes, at, end, isPair);
    }
  }

  #fail(bytes: Buffer, at: number, end: number): boolean {
    const failure = failureOf(bytes.toString('latin1', at, Math.min(end, at + 128)));
    if (failure === null) return false;
    this.#cursor = 0;
    this.#settler.fail(this.#queue, failure);
    return true;
  }

  /** VALUE <key> <flags> <bytes> [<cas unique>], or END. */
  #readValues(bytes: Buffer, at: number, end: number): boolean {
    const queue = this.#queue;
    const keys = queue.keys[queue.head & queue.mask]!;
    if (end - at === 3 && bytes[at] === 0x45 && bytes[at + 1] === 0x4e && bytes[at + 2] === 0x44) {
      this.#missRest(keys);
      this.#settler.done(queue);
      return true;
    }
    if (bytes[at] !== 0x56 || bytes[at + 5] !== SPACE) return this.#fail(bytes, at, end);
    const key = at + 6;
    let keyEnd = key;
    while (keyEnd < end && bytes[keyEnd] !== SPACE) keyEnd++;
    let flags = keyEnd + 1;
    while (flags < end && bytes[flags] !== SPACE) flags++;
    let sizeEnd = flags + 1;
    while (sizeEnd < end && bytes[sizeEnd] !== SPACE) sizeEnd++;
    const size = readSize(bytes, flags + 1, sizeEnd);
    if (size < 0) return false;
    const index = this.#find(bytes, key, keyEnd - key, keys);
    if (index < 0) return false;
    this.#settler.key(queue, index, S.hit, size);
    if (sizeEnd < end)
      this.#learnCas(index, bytes.toString('latin1', sizeEnd + 1, Math.min(end, sizeEnd + 21)));
    this.#beginValue(index, size, false);
    return true;
  }

  /** Steps over a value and its line end. */
  #beginValue(index: number, size: number, isWhole: boolean): void {
    this.#skip = size + 2;
    this.#endsWithValue = isWhole;
    const { checker } = this.#settler;
    if (checker === null) return;
    const { keyQueue } = this.#queue;
    const at = (keyQueue.head + index) & keyQueue.mask;
    this.#check = checker.start(keyQueue.low[at]!, keyQueue.high[at]!, size);
  }

  #endValue(): void {
    if (this.#check !== null) this.#settler.checker!.finish(this.#check, this.#settler.tally);
    this.#check = null;
    if (this.#endsWithValue) this.#settler.done(this.#queue);
  }

  #learnCas(index: number, unique: string): void {
    const { keyQueue } = this.#queue;
    const at = (keyQueue.head + index) & keyQueue.mask;
    if (/^\d+$/.test(unique)) this.#settler.learnCas(keyQueue.low[at]!, keyQueue.high[at]!, unique);
  }

  /**
   * Which of the keys an answer is for; negative where it is for none. Servers answer in the order of the request,
   * proxies in any.
   */
  #find(bytes: Buffer, at: number, size: number, keys: number): number {
    for (let index = this.#cursor; index < keys; index++)
      if (this.#isAt(index, bytes, at, size)) return index;
    for (let index = 0; index < this.#cursor; index++) if (this.#isAt(index, bytes, at, size)) return index;
    return -1;
  }

  #isAt(index: number, bytes: Buffer, at: number, size: number): boolean {
    const { keyQueue } = this.#queue;
    const key = (keyQueue.head + index) & keyQueue.mask;
    if (keyQueue.size[key] !== size || keyQueue.answered[key] !== 0) return false;
    if (!isKey(bytes, at, keyQueue.low[key]!, keyQueue.high[key]!, size)) return false;
    keyQueue.answered[key] = 1;
    this.#cursor = index + 1;
    return true;
  }

  #missRest(keys: number): void {
    const { keyQueue } = this.#queue;
    for (let index = 0; index < keys; index++) {
      if (keyQueue.answered[(keyQueue.head + index) & keyQueue.mask] === 0)
        this.#settler.key(this.#queue, index, S.miss);
    }
    this.#cursor = 0;
  }

  /** The one line that answers a change. */
  #readWord(bytes: Buffer, at: number, end: number): boolean {
    const status = wordStatus(bytes, at, end);
    if (status < 0) return this.#fail(bytes, at, end);
    this.#settler.key(this.#queue, 0, status);
    this.#settler.done(this.#queue);
    return true;
  }

  /** A meta answer: for the first request, or for a later one if those before it were quiet. */
  #readMeta(bytes: Buffer, at: number, end: number, isPair: boolean): boolean {
    const queue = this.#queue;
    if (!isPair) return this.#fail(bytes, at, end);
    const line = this.#meta;
    if (!line.read(bytes, at, end)) return false;
    for (;;) {
      if (queue.head === queue.sent) return false;
      const head = queue.head & queue.mask;
      const waits = queue.waits[head]!;
      const isQuiet = queue.quiet[head] !== 0;
      if (waits === WAITS.nothing || (waits === WAITS.meta && isQuiet && !line.answers(queue, bytes)))
        this.#settler.silent(queue);
      else if (waits === WAITS.noop) {
        if (!line.isNoop) return false;
        this.#settler.done(queue);
        return true;
      } else if (waits === WAITS.meta && !line.isNoop) break;
      else return false;
    }
    this.#settler.key(queue, 0, line.statusFor(queue.op[queue.head & queue.mask]!), line.size);
    if (line.cas !== '') this.#learnCas(0, line.cas);
    if (line.hasValue) this.#beginValue(0, line.size, true);
    else this.#settler.done(queue);
    return true;
  }
}

/** Whether an error line may begin with a byte: ERROR, CLIENT_ERROR, SERVER_ERROR. */
function isError(byte: number): boolean {
  return byte === 0x45 || byte === 0x43 || byte === 0x53;
}

/** Status of a word by its length and a letter; negative where it is none that is known. */
function wordStatus(bytes: Buffer, at: number, end: number): number {
  const first = bytes[at]!;
  const size = end - at;
  // A number may be padded with spaces.
  if (first >= 48 && first <= 57 && size <= 20) return S.value;
  if (size === 6 && first === 0x53 && bytes[at + 1] === 0x54) return S.stored;
  if (size === 6 && first === 0x45 && bytes[at + 1] === 0x58) return S.exists;
  if (size === 7 && first === 0x44) return S.deleted;
  if (size === 7 && first === 0x54) return S.touched;
  if (size === 10 && first === 0x4e && bytes[at + 4] === 0x53) return S.not_stored;
  if (size === 9 && first === 0x4e && bytes[at + 4] === 0x46) return S.not_found;
  return -1;
}
