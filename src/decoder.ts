/**
 * The parser by itself: takes the bytes of a capture and returns events. It uses no file, thread, shared
 * memory or native module, and runs wherever WebAssembly does.
 *
 * @module membench/decoder
 */
import { MembenchError, refuseUnknown } from './errors.js';
import { EventCursor } from './event/cursor.js';
import type { CacheEvent } from './event/event.js';
import { type Counter, EVENT_RECORD } from './layout/generated.js';
import type { PortRanges } from './memory/configure.js';
import { loadModule, Standalone, type StandaloneOptions } from './standalone.js';

export { MembenchError } from './errors.js';
export type { CacheEvent } from './event/event.js';

export interface DecoderOptions {
  /** Server port. Default 11211. */
  port?: number;
  /** Server ports as inclusive ranges, instead of `port`. */
  ports?: PortRanges;
  /** Secret for the hashes of keys (SipHash-2-4), 16 bytes. Default: random. */
  key?: Uint8Array;
  /** Size of the decoder's memory in bytes, from 10 MiB to 4 GiB. Default: 76 MiB. */
  memory?: number;
  /** A compiled parser to use instead of the embedded one. */
  wasm?: WebAssembly.Module;
}

type KnownOptions = Record<keyof DecoderOptions, true>;

/**
 * Decodes one capture. The iterables that `decode` and `end` return share one queue of events: each event is
 * yielded once, in the order of completion, by the iterable that is asked next. Events that a loop left early
 * did not take are the first of the next call's iterable.
 *
 * A failure in the capture is thrown after the events before it, and again by the iterables of all later
 * calls.
 */
export interface Decoder {
  /**
   * Decodes the next bytes of a capture, of any length, and returns the events they complete.
   *
   * The first 256 KiB are decoded at once, the rest as its events are taken, so that a chunk of any size
   * costs little memory. The chunk must not be changed during a loop over its events. When the loop is over,
   * or is left by `break`, `return` or an exception, the undecoded rest is copied, and the chunk may be
   * changed again. Without a loop the chunk must stay unchanged until the next call of the decoder.
   *
   * @throws ERR_MEMBENCH_USAGE after `end`; ERR_MEMBENCH_NOT_A_CAPTURE and ERR_MEMBENCH_LINKTYPE at the call;
   *   ERR_MEMBENCH_BROKEN_CAPTURE from the iteration
   */
  decode(chunk: Uint8Array): Iterable<CacheEvent>;
  /**
   * Ends the capture and returns the remaining events, those of requests without an answer included. A second
   * call returns the events that the loop of the first did not take.
   *
   * @throws ERR_MEMBENCH_NOT_A_CAPTURE at the call, where the capture ended before its format could be told;
   *   ERR_MEMBENCH_BROKEN_CAPTURE from the iteration, where the capture ends within a record
   */
  end(): Iterable<CacheEvent>;
  /**
   * The counters of all chunks given to `decode` so far, by name. Reading them decodes the rest of these
   * chunks, and its events wait in memory.
   */
  readonly counters: Readonly<Record<Counter, number>>;
}

/** Makes a decoder for one capture. */
export async function createDecoder(options: DecoderOptions = {}): Promise<Decoder> {
  refuseUnknown(options, {
    port: true,
    ports: true,
    key: true,
    memory: true,
    wasm: true,
  } satisfies KnownOptions);
  const key = options.key ?? crypto.getRandomValues(new Uint8Array(16));
  if (key.length !== 16)
    throw new MembenchError('ERR_MEMBENCH_USAGE', `the key has ${key.length} bytes, not 16`);
  const { memory, port = 11211, ports = [[port, port]] } = options;
  const module = options.wasm ?? (await loadModule());
  return new StandaloneDecoder({ module, ports, key, memory });
}

/** Bytes to be decoded, and whether they are in memory of the decoder's own. */
interface Piece {
  bytes: Uint8Array;
  own: boolean;
}

class StandaloneDecoder implements Decoder {
  readonly #parser: Standalone;
  readonly #cursor = new EventCursor();
  /** Decoded events; those from index `#given` on have not been taken yet. */
  #events: CacheEvent[] = [];
  #given = 0;
  /** Bytes to be decoded, in order. */
  #pieces: Piece[] = [];
  /** Thrown after the last event. */
  #failure: MembenchError | undefined;
  #ended = false;
  #finished = false;

  constructor(options: Omit<StandaloneOptions, 'output'>) {
    this.#parser = new Standalone(
      { ...options, output: 'events' },
      { onEvents: (count) => this.#take(count) },
    );
  }

  #take(count: number): void {
    const { view, events, unit } = this.#parser;
    for (let i = 0; i < count; i++) {
      this.#events.push(this.#cursor.read(view, events + i * EVENT_RECORD.SIZE, unit!));
    }
  }

  decode(chunk: Uint8Array): Iterable<CacheEvent> {
    if (this.#ended) throw new MembenchError('ERR_MEMBENCH_USAGE', 'the decoder has ended');
    this.#keep();
    const waits = this.#pieces.length > 0;
    const pieces = this.#failure === undefined ? this.#parser.behindHead(chunk) : [];
    for (const bytes of pieces) if (bytes.length > 0) this.#pieces.push({ bytes, own: false });
    if (!waits) this.#step();
    return this.#give();
  }

  /** Yields the events one by one: delegating to another generator costs more than decoding does. */
  *#give(): Generator<CacheEvent> {
    try {
      do {
        // Another iterable may have taken events, or had more decoded, since the last yield.
        while (this.#given < this.#events.length) yield this.#events[this.#given++]!;
      } while (this.#step());
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      this.#keep();
    }
  }

  /** Copies the undecoded bytes that are in the caller's memory, which the caller may reuse. */
  #keep(): void {
    for (const piece of this.#pieces) {
      if (piece.own) continue;
      // slice() would not copy a Buffer.
      piece.bytes = new Uint8Array(piece.bytes);
      piece.own = true;
    }
  }

  /** Decodes the next slot, or ends the capture. Returns false where there was nothing to do. */
  #step(): boolean {
    if (this.#given === this.#events.length) {
      this.#events = [];
      this.#given = 0;
    }
    const piece = this.#pieces[0];
    if (piece !== undefined) {
      const { slotSize } = this.#parser;
      const part = piece.bytes.subarray(0, slotSize);
      piece.bytes = piece.bytes.subarray(slotSize);
      if (piece.bytes.length === 0) this.#pieces.shift();
      const failure = this.#parser.walk(part);
      this.#parser.seal();
      if (failure !== undefined) {
        this.#failure = failure;
        this.#pieces = [];
      }
      return true;
    }
    if (!this.#ended || this.#finished) return false;
    this.#finished = true;
    const failure = this.#parser.finish();
    this.#failure ??= failure;
    return true;
  }

  end(): Iterable<CacheEvent> {
    if (!this.#ended) {
      this.#parser.checkHead();
      this.#keep();
      this.#ended = true;
      if (this.#pieces.length === 0) this.#step();
    }
    return this.#give();
  }

  get counters(): Record<Counter, number> {
    while (this.#step());
    return this.#parser.counters;
  }
}
