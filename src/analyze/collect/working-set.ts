import { KeyRecords } from '../key-records.js';
import type { OrderedCollector, Sequence } from '../sequence.js';

/** Distinct keys used, and the bytes of their items, in consecutive windows of a number of seconds. */
export interface WorkingSet {
  seconds: number;
  /** Mean over the complete windows. */
  keys: number;
  bytes: number;
  keys_max: number;
  bytes_max: number;
}

/**
 * Seconds. Each holds a whole number of those before it, so that a key that is new in one is new in those.
 */
const WINDOWS = [1, 10, 60, 600, 3600, 21_600, 86_400, 604_800];

/**
 * What is known of a key: when it was last used, nanoseconds since the first event, + 1, 0: never; and its
 * item's bytes.
 */
const KEY = 2;
const [USED, BYTES] = [0, 1] as const;

class Windows {
  /** Nanoseconds. */
  readonly length: number;
  /** Number of the current window, and when it began. */
  at = 0;
  begin: number;
  keys = 0;
  bytes = 0;
  sumKeys = 0;
  sumBytes = 0;
  maxKeys = 0;
  maxBytes = 0;
  readonly seconds: number;
  readonly #start: number;

  /** @param start of the first window, nanoseconds since the first event */
  constructor(seconds: number, start: number) {
    this.seconds = seconds;
    this.length = seconds * 1e9;
    this.begin = start;
    this.#start = start;
  }

  get end(): number {
    return this.begin + this.length;
  }

  /** Number of the window that a time is in. */
  numberOf(time: number): number {
    return Math.floor((time - this.#start) / this.length);
  }

  /** Ends the current window. */
  turnTo(at: number): void {
    this.sumKeys += this.keys;
    this.sumBytes += this.bytes;
    this.maxKeys = Math.max(this.maxKeys, this.keys);
    this.maxBytes = Math.max(this.maxBytes, this.bytes);
    this.keys = 0;
    this.bytes = 0;
    this.at = at;
    this.begin = this.#start + at * this.length;
  }
}

/** How much of the cache is used within a time, for several lengths of time. */
export class WorkingSetCounter implements OrderedCollector {
  /** The shortest first; the last one holds all. */
  readonly #windows: Windows[];
  readonly #keys = new KeyRecords(KEY);
  readonly #start: number;

  /**
   * @param start of the time that is analysed, nanoseconds since the first event
   * @param end of it; windows up to its length are counted, and one that holds all of it
   */
  constructor(start: number, end: number) {
    this.#start = start;
    const seconds = (end - start) / 1e9;
    const lengths = [...WINDOWS.filter((window) => window < seconds), Math.floor(seconds) + 1];
    this.#windows = lengths.map((length) => new Windows(length, start));
  }

  add({ rows, time, id, itemSize, weight }: Sequence): void {
    const windows = this.#windows;
    let next = windows[0]!.end;
    for (let i = 0; i < rows; i++) {
      const now = time[i]!;
      if (now >= next) {
        this.#turn(now);
        next = windows[0]!.end;
      }
      const own = KEY * id[i]!;
      this.#keys.reach(id[i]!);
      const { values } = this.#keys;
      const used = values[own + USED]!;
      const before = values[own + BYTES]!;
      const bytes = itemSize[i]! >= 0 ? itemSize[i]! : before;
      values[own + USED] = now + 1;
      // Most keys were used a moment ago, and have kept their size.
      if (used > windows[0]!.begin && bytes === before) continue;
      values[own + BYTES] = bytes;
      for (const window of windows) {
        if (used > window.begin) window.bytes += (bytes - before) * weight[i]!;
        else {
          window.keys += weight[i]!;
          window.bytes += bytes * weight[i]!;
        }
      }
    }
  }

  /** Ends the windows that a time is not in. */
  #turn(now: number): void {
    for (const window of this.#windows) {
      const at = window.numberOf(now);
      if (at !== window.at) window.turnTo(at);
    }
  }

  renumber(ids: Int32Array): void {
    this.#keys.renumber(ids);
  }

  /** @param end of the recording, nanoseconds since the first event */
  result(end: number): WorkingSet[] {
    return this.#windows.map((window, i) => {
      const whole = Math.floor((end - this.#start) / window.length);
      // The current window counts if it is complete or the only one.
      if (window.at < whole || whole === 0) window.turnTo(window.at + 1);
      const number = Math.max(1, whole);
      const isLast = i === this.#windows.length - 1;
      return {
        seconds: isLast ? Math.max(1, Math.ceil((end - this.#start) / 1e9)) : window.seconds,
        keys: Math.round(window.sumKeys / number),
        bytes: Math.round(window.sumBytes / number),
        keys_max: Math.round(window.maxKeys),
        bytes_max: Math.round(window.maxBytes),
      };
    });
  }
}
