import type { KeyColumn, KeyTable } from '../key-table.js';
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

const WINDOWS = [1, 10, 60, 600, 3600, 21_600, 86_400, 604_800];

class Windows {
  /** By key: number of the last window with an event of it, + 1; 0: none. */
  readonly seen: KeyColumn;
  readonly length: number;
  at = 0;
  keys = 0;
  bytes = 0;
  sumKeys = 0;
  sumBytes = 0;
  maxKeys = 0;
  maxBytes = 0;
  readonly seconds: number;

  constructor(table: KeyTable, seconds: number) {
    this.seconds = seconds;
    this.length = seconds * 1e9;
    this.seen = table.column();
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
  }
}

/** How much of the cache is used within a time, for several lengths of time. */
export class WorkingSetCounter implements OrderedCollector {
  readonly #windows: Windows[];
  readonly #item: KeyColumn;

  readonly #start: number;

  /**
   * @param start of the time that is analysed, nanoseconds since the first event
   * @param end of it; windows up to its length are counted, and one that holds all of it
   */
  constructor(table: KeyTable, start: number, end: number) {
    this.#start = start;
    const seconds = (end - start) / 1e9;
    this.#windows = WINDOWS.filter((window) => window < seconds).map((window) => new Windows(table, window));
    this.#windows.push(new Windows(table, Math.floor(seconds) + 1));
    this.#item = table.column();
  }

  add({ rows, time, id, itemSize, weight }: Sequence): void {
    const item = this.#item.values;
    for (let i = 0; i < rows; i++) {
      const key = id[i]!;
      const before = item[key]!;
      const own = weight[i]!;
      if (itemSize[i]! >= 0) item[key] = itemSize[i]!;
      const now = item[key]!;
      for (const window of this.#windows) {
        const at = Math.floor((time[i]! - this.#start) / window.length);
        if (at !== window.at) window.turnTo(at);
        if (window.seen.values[key] === at + 1) window.bytes += (now - before) * own;
        else {
          window.seen.values[key] = at + 1;
          window.keys += own;
          window.bytes += now * own;
        }
      }
    }
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
