import { hashNumber } from './changed.js';
import type { Tally } from './tally.js';
import type { Values } from './values.js';

/** Checks the bytes of values that come back against those that a replay stores. */
export class ValueChecker {
  readonly #values: Values;
  /** Keys whose values change in place, so that their bytes are not known. */
  readonly #changed: ReadonlySet<number>;

  constructor(values: Values, changed: ReadonlySet<number>) {
    this.#values = values;
    this.#changed = changed;
  }

  /** A check of one value. */
  start(low: number, high: number, size: number): ValueCheck {
    return {
      ...{ low, high, size, offset: 0, isRight: true },
      isKnown: !this.#changed.has(hashNumber(low, high)),
    };
  }

  /** Looks at the next bytes of a value. */
  look(check: ValueCheck, bytes: Buffer, at: number, end: number): void {
    const stop = Math.min(end, at + check.size - check.offset);
    if (stop <= at) return;
    if (check.isKnown && check.isRight)
      check.isRight = this.#values.matches(check, check.offset, bytes, { at, end: stop });
    check.offset += stop - at;
  }

  /** The value has come to its end. */
  finish(check: ValueCheck, tally: Tally): void {
    if (!check.isKnown) tally.valuesUnknown++;
    else if (check.isRight) tally.valuesRight++;
    else tally.valuesWrong++;
  }
}

export interface ValueCheck {
  low: number;
  high: number;
  size: number;
  /** Bytes that were looked at. */
  offset: number;
  isRight: boolean;
  isKnown: boolean;
}
