/** What the trace formats of research have in common: few commands, whole seconds, and a time to live that is one. */
import { type EventShape, HAS } from './shapes.js';

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

/** Turns what memcached takes for an expiry into seconds to live, and counts where these are not the same. */
export class Lifetimes {
  /** Dates, turned into the time left until then; and what expired at once, which is said as one second. */
  dates = 0;
  expired = 0;

  /**
   * @param low with `high`, the number as it was sent
   * @param now Unix seconds of the request
   */
  secondsOf(low: number, high: number, now: number): number {
    if (high === 0 && low <= TTL_MAX) return low;
    let seconds = (high | 0) * 2 ** 32 + low;
    if (seconds > TTL_MAX) {
      this.dates++;
      seconds -= now;
    }
    // Zero would be for ever.
    if (seconds <= 0) {
      this.expired++;
      return 1;
    }
    return Math.min(seconds, SECONDS_MAX);
  }
}
