/** Milliseconds a timer of Node may be late, and a wait on an atomic. */
const TIMER_SLACK = 1.5;
const WAIT_SLACK = 0.08;
/** Milliseconds of looking for answers without a pause, and of the pauses after that. */
const SPIN = 0.3;
const PAUSE = 0.05;

/**
 * How a thread waits for its next request. Node's timers have a resolution of a millisecond, and nothing finer waits
 * for sockets, too. So the thread sleeps by a timer while milliseconds are left, and then, as long as no answer is
 * expected, by an atomic wait that nothing ends early; else it polls for answers, with pauses where none came for a
 * while.
 */
export class Idle {
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));

  /** Milliseconds for which a timer may be set; 0 where the wait is too short for one. */
  timerFor(wait: number): number {
    return wait > 1 + TIMER_SLACK ? Math.floor(wait - TIMER_SLACK) : 0;
  }

  /**
   * Sleeps for a part of a short wait, if that harms nothing.
   *
   * @param wait milliseconds
   * @param quietFor milliseconds since an answer came; Infinity where none is expected
   */
  sleep(wait: number, quietFor: number): void {
    if (quietFor === Number.POSITIVE_INFINITY) {
      if (wait > 2 * WAIT_SLACK) Atomics.wait(this.#cell, 0, 0, wait - WAIT_SLACK);
    } else if (quietFor > SPIN && wait > PAUSE + WAIT_SLACK) Atomics.wait(this.#cell, 0, 0, PAUSE);
  }
}
