import type { Tally } from './tally.js';

/** Milliseconds over which failures are judged. */
const WINDOW = 1000;
/** Least commands of a window that is judged. */
const COMMANDS_MIN = 50;

/** Watches the share of commands that fail, so that a broken or refusing server is not battered. */
export class Watch {
  readonly #maxErrors: number;
  readonly #timeout: number;
  #since = 0;
  #commands = 0;
  #errors = 0;
  /** When a connection was open last. */
  #openAt = 0;

  constructor({ maxErrors, timeout }: { maxErrors: number; timeout: number }) {
    this.#maxErrors = maxErrors;
    this.#timeout = timeout;
  }

  begin(now: number): void {
    this.#since = now;
    this.#openAt = now;
    this.#commands = 0;
    this.#errors = 0;
  }

  /**
   * Whether more fails than may.
   *
   * @param isAnyOpen whether a connection is open
   */
  isTooMuch(now: number, tally: Tally, isAnyOpen: boolean): boolean {
    if (isAnyOpen) this.#openAt = now;
    // Without any connection nothing is sent, and so hardly anything fails, with asap.
    if (this.#maxErrors < 1 && now - this.#openAt > this.#timeout + WINDOW) return true;
    if (now - this.#since < WINDOW) return false;
    const commands = tally.commands - this.#commands;
    const errors = tally.errors - this.#errors;
    this.#since = now;
    this.#commands = tally.commands;
    this.#errors = tally.errors;
    return commands + errors >= COMMANDS_MIN && errors > this.#maxErrors * Math.max(commands, errors);
  }
}
