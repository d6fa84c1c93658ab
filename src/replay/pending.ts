/** Which answer a request waits for. */
export const WAITS = {
  /** None will come: noreply. */
  nothing: 0,
  /** VALUE lines and END, for one or more keys. */
  values: 1,
  /** One line: STORED, DELETED, a number and so on. */
  line: 2,
  /** One meta answer. */
  meta: 3,
  /** MN, which proves that all quiet requests before it were worked off. */
  noop: 4,
  /** One binary answer. */
  binary: 5,
  /** A binary NOOP. */
  binaryNoop: 6,
} as const;

/** Room of a new queue; a power of two, as all sizes. */
const ROOM = 8;

/** Columns of a ring that grows by doubling. */
abstract class Ring {
  mask = ROOM - 1;
  head = 0;
  tail = 0;

  get length(): number {
    return this.tail - this.head;
  }

  protected abstract grow(): void;

  protected claim(): number {
    if (this.tail - this.head > this.mask) this.grow();
    return this.tail++ & this.mask;
  }

  protected moved<Values extends Uint8Array | Uint32Array | Float64Array>(from: Values): Values {
    const size = 2 * from.length;
    const to = new (from.constructor as new (length: number) => Values)(size);
    for (let i = this.head; i < this.tail; i++) to[i & (size - 1)] = from[i & (from.length - 1)]!;
    return to;
  }
}

/** The keys of pending requests, in order. */
export class KeyQueue extends Ring {
  low = new Uint32Array(ROOM);
  high = new Uint32Array(ROOM);
  size = new Uint32Array(ROOM);
  /** Recorded outcome, and the recorded size of the value where it was there. */
  status = new Uint8Array(ROOM);
  valueSize = new Uint32Array(ROOM);
  /** 1 where the answer for the key was read. */
  answered = new Uint8Array(ROOM);

  push(low: number, high: number, size: number, recorded: { status: number; valueSize: number }): void {
    const at = this.claim();
    this.low[at] = low;
    this.high[at] = high;
    this.size[at] = size;
    this.status[at] = recorded.status;
    this.valueSize[at] = recorded.valueSize;
    this.answered[at] = 0;
  }

  protected grow(): void {
    this.low = this.moved(this.low);
    this.high = this.moved(this.high);
    this.size = this.moved(this.size);
    this.status = this.moved(this.status);
    this.valueSize = this.moved(this.valueSize);
    this.answered = this.moved(this.answered);
    this.mask = this.low.length - 1;
  }
}

/**
 * The requests of a connection from being encoded until they are answered, in order: those up to `sent` were sent. A
 * queue of columns, because a request must not cost an object.
 */
export class PendingQueue extends Ring {
  /** WAITS of each request. */
  waits = new Uint8Array(ROOM);
  /** Index into OPS. */
  op = new Uint8Array(ROOM);
  /** 1 for a quiet one, which is answered only in some cases. */
  quiet = new Uint8Array(ROOM);
  /** What finds its answer: its opaque, where it was sent. */
  opaque = new Uint32Array(ROOM);
  /** 1 where a recorded request begins; one may be sent as several. */
  begins = new Uint8Array(ROOM);
  keys = new Uint32Array(ROOM);
  bytes = new Uint32Array(ROOM);
  /** 1 where it was sent late, and that was the sender's fault. */
  late = new Uint8Array(ROOM);
  /** Number of the request, counted as `head` counts, that must have its answer before; -1 for none. */
  after = new Float64Array(ROOM);
  /** Milliseconds of performance.now(). */
  intended = new Float64Array(ROOM);
  sentAt = new Float64Array(ROOM);
  /** Where the first request is that was not sent; between head and tail. */
  sent = 0;
  /** Where its keys are. */
  sentKeys = 0;
  readonly keyQueue = new KeyQueue();

  /** Appends a request, and returns where it is. */
  push(waits: number, op: number, quiet: boolean, keys: number): number {
    const at = this.claim();
    this.waits[at] = waits;
    this.op[at] = op;
    this.quiet[at] = quiet ? 1 : 0;
    this.opaque[at] = 0;
    this.keys[at] = keys;
    this.begins[at] = 0;
    this.bytes[at] = 0;
    this.late[at] = 0;
    this.after[at] = -1;
    return at;
  }

  /** Removes the first request, which was sent, with its keys. */
  shift(): void {
    this.keyQueue.head += this.keys[this.head & this.mask]!;
    this.head++;
  }

  protected grow(): void {
    this.waits = this.moved(this.waits);
    this.op = this.moved(this.op);
    this.quiet = this.moved(this.quiet);
    this.opaque = this.moved(this.opaque);
    this.begins = this.moved(this.begins);
    this.keys = this.moved(this.keys);
    this.bytes = this.moved(this.bytes);
    this.late = this.moved(this.late);
    this.after = this.moved(this.after);
    this.intended = this.moved(this.intended);
    this.sentAt = this.moved(this.sentAt);
    this.mask = this.waits.length - 1;
  }
}
