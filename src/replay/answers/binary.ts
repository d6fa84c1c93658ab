/** Answers of the binary protocol, from bytes cut anywhere. */
import { type PendingQueue, WAITS } from '../pending.js';
import type { Settler } from '../settle.js';
import { OPS, S } from '../shapes.js';
import type { Failure } from '../tally.js';
import type { ValueCheck } from '../verify.js';

const HEADER = 24;
const ANSWER = 0x81;

/** Statuses of doc/protocol-binary.txt that are outcomes, not failures. */
const NOT_FOUND = 1;
const EXISTS = 2;
const NOT_STORED = 5;
const FAILURES: Readonly<Record<number, Failure>> = {
  3: 'too_large',
  4: 'client_error',
  6: 'client_error',
  129: 'error',
  130: 'out_of_memory',
};

/** Reads what a server answers on one connection; opaques tell which requests stayed silent. */
export class BinaryAnswers {
  readonly #queue: PendingQueue;
  readonly #settler: Settler;
  readonly #header = Buffer.allocUnsafe(HEADER);
  #headerSize = 0;
  /** Bytes of the body still to come. */
  #skip = 0;
  /** Of the value at hand, where values are checked. */
  #check: ValueCheck | null = null;

  constructor(queue: PendingQueue, settler: Settler) {
    this.#queue = queue;
    this.#settler = settler;
  }

  /** Whether the next byte begins an answer. */
  get isBetween(): boolean {
    return this.#headerSize === 0 && this.#skip === 0;
  }

  /** Reads bytes. Returns false where they are no answers to what was asked. */
  feed(bytes: Buffer, size: number): boolean {
    let at = 0;
    while (at < size) {
      if (this.#skip > 0) {
        const taken = Math.min(this.#skip, size - at);
        this.#lookAt(bytes, at, at + taken);
        this.#skip -= taken;
        at += taken;
        continue;
      }
      const taken = Math.min(HEADER - this.#headerSize, size - at);
      bytes.copy(this.#header, this.#headerSize, at, at + taken);
      this.#headerSize += taken;
      at += taken;
      if (this.#headerSize < HEADER) return true;
      this.#headerSize = 0;
      if (!this.#readHeader(this.#header)) return false;
    }
    return true;
  }

  #readHeader(header: Buffer): boolean {
    if (header[0] !== ANSWER) return false;
    const keySize = header.readUInt16BE(2);
    const extras = header[4]!;
    const status = header.readUInt16BE(6);
    const body = header.readUInt32BE(8);
    const opaque = header.readUInt32BE(12);
    if (keySize + extras > body) return false;
    this.#skip = body;
    const queue = this.#queue;
    for (;;) {
      if (queue.head === queue.sent) return false;
      const head = queue.head & queue.mask;
      const waits = queue.waits[head]!;
      if (waits !== WAITS.binary && waits !== WAITS.binaryNoop) return false;
      if (queue.opaque[head] === opaque) break;
      if (queue.quiet[head] === 0) return false;
      this.#settler.silent(queue);
    }
    if (queue.waits[queue.head & queue.mask] === WAITS.binaryNoop) {
      this.#settler.done(queue);
      return true;
    }
    const outcome = statusOf(status, queue.op[queue.head & queue.mask]!);
    if (outcome < 0) this.#settler.fail(queue, FAILURES[status] ?? 'server_error');
    else {
      if (status === 0) this.#learnCas(header);
      if (outcome === S.hit) this.#beginCheck(body - keySize - extras);
      this.#settler.key(queue, 0, outcome, body - keySize - extras);
      this.#settler.done(queue);
    }
    return true;
  }

  #beginCheck(size: number): void {
    const { checker } = this.#settler;
    if (checker === null) return;
    const { keyQueue } = this.#queue;
    const at = keyQueue.head & keyQueue.mask;
    this.#check = checker.start(keyQueue.low[at]!, keyQueue.high[at]!, size);
    if (size === 0) this.#endCheck();
  }

  /** Looks at the value, which is at the end of the body. */
  #lookAt(bytes: Buffer, at: number, end: number): void {
    const check = this.#check;
    if (check === null) return;
    const valueAt = at + this.#skip - (check.size - check.offset);
    this.#settler.checker!.look(check, bytes, Math.max(at, valueAt), end);
    if (check.offset === check.size) this.#endCheck();
  }

  #endCheck(): void {
    this.#settler.checker!.finish(this.#check!, this.#settler.tally);
    this.#check = null;
  }

  #learnCas(header: Buffer): void {
    const { keyQueue } = this.#queue;
    const at = keyQueue.head & keyQueue.mask;
    const unique = header.readBigUInt64BE(16);
    if (unique !== 0n) this.#settler.learnCas(keyQueue.low[at]!, keyQueue.high[at]!, unique.toString());
  }
}

const numbers = (...names: (typeof OPS)[number][]) => new Set(names.map((name) => OPS.indexOf(name)));
const GETS = numbers('get', 'gets', 'gat', 'gats', 'mg');
const STORES = numbers('set', 'add', 'replace', 'append', 'prepend', 'cas', 'ms');
const CHANGES = numbers('replace', 'append', 'prepend');
const ADD = numbers('add');
const DELETES = numbers('delete', 'md');
const TOUCHES = numbers('touch');

/** The outcome a status stands for, as a recording names it; negative for a failure. */
function statusOf(status: number, op: number): number {
  if (status === NOT_STORED) return S.not_stored;
  if (status === EXISTS) return ADD.has(op) ? S.not_stored : S.exists;
  if (status === NOT_FOUND) {
    if (GETS.has(op)) return S.miss;
    return CHANGES.has(op) ? S.not_stored : S.not_found;
  }
  if (status !== 0) return -1;
  if (GETS.has(op)) return S.hit;
  if (STORES.has(op)) return S.stored;
  if (DELETES.has(op)) return S.deleted;
  return TOUCHES.has(op) ? S.touched : S.value;
}
