/** What the trace formats of research have in common: few commands, whole seconds, and a time to live that is one. */
import { type EventShape, HAS } from './shapes.js';
import { putUint32 } from './text.js';

const ZERO = 0x30;
/** Longest time to live, in seconds; memcached takes what is longer for a date (REALTIME_MAXDELTA in memcached.c). */
const TTL_MAX = 30 * 24 * 3600;
/** Readers keep seconds in 32 bits with a sign. */
const SECONDS_MAX = 2 ** 31 - 1;

/** The storage command of a meta set. */
function storageOf({ mode, cas }: EventShape): string {
  if (mode !== null && mode !== 'set') return mode;
  return cas ? 'cas' : 'set';
}

/**
 * The command an event is in the classic text protocol, where that has one for it: meta commands and get-and-touch
 * have others' names there. Null for what looks no key up, and for `touch`, which no trace format knows.
 */
export function classicCommand(shape: EventShape): string | null {
  const { op, mode, has } = shape;
  if (!(has & HAS.key)) return null;
  switch (op) {
    case 'get':
    case 'gets':
    case 'add':
    case 'replace':
    case 'append':
    case 'prepend':
    case 'cas':
    case 'delete':
    case 'incr':
    case 'decr':
      return op;
    case 'set':
    case 'ms':
      return storageOf(shape);
    case 'gat':
    case 'mg':
      return 'get';
    case 'gats':
      return 'gets';
    case 'md':
      return 'delete';
    case 'ma':
      return mode === 'decr' ? 'decr' : 'incr';
    default:
      return null;
  }
}

const STORES: ReadonlySet<string> = new Set(['set', 'add', 'replace', 'cas', 'append', 'prepend']);

/** Whether a classic command stores a value. */
export function isStore(command: string): boolean {
  return STORES.has(command);
}

/** Writes numbers that a trace must have, whatever is known, and counts those that are not as they were recorded. */
export class TraceNumbers {
  /** Dates, turned into the time left until then; and what expired at once, which is said as one second. */
  #dates = 0;
  #expired = 0;
  #unknownSizes = 0;

  get changed(): Record<string, number> {
    return {
      ttl_of_dates: this.#dates,
      ttl_expired_as_1: this.#expired,
      value_size_unknown_as_0: this.#unknownSizes,
    };
  }

  /** Writes the size of a value; null: it is unknown. */
  putSize(out: Uint8Array, at: number, size: number | null): number {
    if (size !== null) return putUint32(out, at, size);
    this.#unknownSizes++;
    out[at] = ZERO;
    return at + 1;
  }

  /**
   * Turns what memcached takes for an expiry into seconds to live.
   *
   * @param low with `high`, the number as it was sent
   * @param now Unix seconds of the request
   */
  secondsOf(low: number, high: number, now: number): number {
    if (high === 0 && low <= TTL_MAX) return low;
    let seconds = (high | 0) * 2 ** 32 + low;
    if (seconds > TTL_MAX) {
      this.#dates++;
      seconds -= now;
    }
    // Zero would be for ever.
    if (seconds <= 0) {
      this.#expired++;
      return 1;
    }
    return Math.min(seconds, SECONDS_MAX);
  }
}
