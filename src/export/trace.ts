/** What the trace formats have in common: the classic commands, whole seconds, and times to live in seconds. */
import { type EventShape, HAS } from '../profile/shapes.js';
import { ZERO } from './text.js';

/** Longest time to live, seconds; memcached takes larger numbers as dates (REALTIME_MAXDELTA in memcached.c). */
const TTL_MAX = 30 * 24 * 3600;
/** Readers keep seconds in signed 32-bit integers. */
const SECONDS_MAX = 2 ** 31 - 1;

/** The storage command of a meta set. */
function storageOf({ mode, cas }: EventShape): string {
  if (mode !== null && mode !== 'set') return mode;
  return cas ? 'cas' : 'set';
}

/**
 * The command of the classic text protocol that does the same as an event's: meta commands and get-and-touch get its
 * names. Null for commands without a key, and for `touch`, which no trace format knows.
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

/** Writes numbers that a trace must have, and counts those that differ from what was recorded. */
export class TraceNumbers {
  /** Dates that were turned into the time left until then; and expiries in the past, written as one second. */
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

  /** Writes 0 for the size of a value that is not known. */
  putUnknownSize(out: DataView, at: number): number {
    this.#unknownSizes++;
    out.setUint8(at, ZERO);
    return at + 1;
  }

  /**
   * Turns an expiry as memcached understands it into seconds to live.
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
    // Zero would mean no expiry.
    if (seconds <= 0) {
      this.#expired++;
      return 1;
    }
    return Math.min(seconds, SECONDS_MAX);
  }
}
