/** Threads that are ended anywhere, on one thread. */

/** Thrown where a thread is ended. */
export class Death extends Error {}

const STEPS = ['store', 'add', 'compareExchange', 'notify'] as const;

/**
 * Counts the steps that other threads can see: whatever is stored with Atomics. Before one of them the thread
 * is ended; between two of them it makes no difference when. Only what runs within `of` is counted.
 */
export class Steps {
  #counted = 0;
  #deadly = Number.POSITIVE_INFINITY;
  #running = false;

  /** Steps so far. */
  get count(): number {
    return this.#counted;
  }

  /** Ends whatever runs before its n-th step from now, from 0. */
  dieAfter(n: number): void {
    this.#deadly = this.#counted + n;
  }

  /** Runs what a thread does. @throws Death */
  of<T>(run: () => T): T {
    const originals = STEPS.map((name) => Atomics[name]);
    const before = this.#running;
    this.#running = true;
    STEPS.forEach((name, i) => {
      const original = originals[i] as (...args: unknown[]) => unknown;
      Object.assign(Atomics, {
        [name]: (...args: unknown[]) => {
          if (this.#running) this.#step();
          return original(...args);
        },
      });
    });
    try {
      return run();
    } finally {
      this.#running = before;
      STEPS.forEach((name, i) => {
        Object.assign(Atomics, { [name]: originals[i] });
      });
    }
  }

  /** Runs what another thread does meanwhile. */
  aside<T>(run: () => T): T {
    const before = this.#running;
    this.#running = false;
    try {
      return run();
    } finally {
      this.#running = before;
    }
  }

  #step(): void {
    if (this.#counted++ < this.#deadly) return;
    this.#deadly = Number.POSITIVE_INFINITY;
    throw new Death('the thread was ended');
  }
}
