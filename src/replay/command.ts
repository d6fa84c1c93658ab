import { HAS } from '../profile/shapes.js';
import type { Wide } from './rows.js';
import type { CommandShape } from './shapes.js';

/** Keys of the longest request known so far; room grows by doubling. */
const KEYS = 64;

/**
 * One request to send: the events of its keys put together. There is one such object for a thread, filled again for each
 * request, so that sending makes no garbage.
 */
export class Command {
  shape!: CommandShape;
  /** Nanoseconds after the first request of the replay. */
  at = 0;
  /** Nanoseconds the answer took in the recording; 0 where there was none. */
  latency = 0;
  /** Number of the recorded connection. */
  conn = 0;
  /** Bytes of the value to store, or that came back. */
  valueSize = 0;
  keys = 0;
  keyLow = new Uint32Array(KEYS);
  keyHigh = new Uint32Array(KEYS);
  keySize = new Uint32Array(KEYS);
  /** Recorded outcome of each key, an index into STATUSES. */
  keyStatus = new Uint8Array(KEYS);
  /** Recorded size of the value of each key that was there; 0 otherwise. */
  keyValueSize = new Uint32Array(KEYS);
  /** Low and high words of the numbers it carries; `shape.has` tells which are valid. */
  readonly low: Record<Wide, number> = emptyWide();
  readonly high: Record<Wide, number> = emptyWide();

  /** Whether it carries a number. */
  has(name: keyof typeof HAS): boolean {
    return (this.shape.has & HAS[name]) !== 0;
  }

  /** Makes room for another key. */
  growKeys(): void {
    if (this.keys < this.keyLow.length) return;
    const grow = (from: Uint32Array) => {
      const to = new Uint32Array(2 * from.length);
      to.set(from);
      return to;
    };
    this.keyLow = grow(this.keyLow);
    this.keyHigh = grow(this.keyHigh);
    this.keySize = grow(this.keySize);
    this.keyValueSize = grow(this.keyValueSize);
    const statuses = new Uint8Array(2 * this.keyStatus.length);
    statuses.set(this.keyStatus);
    this.keyStatus = statuses;
  }
}

function emptyWide(): Record<Wide, number> {
  return { flags: 0, ttl: 0, delta: 0, initial: 0, cas_new: 0, vivify: 0, recache: 0 };
}
