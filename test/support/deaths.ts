/** Threads that are ended anywhere, on one thread. */

/** Thrown where a thread is ended. */
export class Death extends Error {}

const STEPS = ['store', 'add', 'compareExchange', 'notify'] as const;
/** Other threads cannot see a load, but what it loads depends on them. */
const ACCESSES = [...STEPS, 'load'] as const;

/**
 * Counts the steps that other threads can see: whatever is stored with Atomics. Before one of them the thread
 * is ended; between two of them it makes no difference when. Only what runs within `of` is counted.
 */
export class Steps {
  #counted = 0;
  #deadly = Number.POSITIVE_INFINITY;
  #accesses = 0;
  #pauseAt = Number.POSITIVE_INFINITY;
  #pause = () => {};
  #running = false;

  /** Steps so far. */
  get count(): number {
    return this.#counted;
  }

  /** Ends whatever runs before its n-th step from now, from 0. */
  dieAfter(n: number): void {
    this.#deadly = this.#counted + n;
  }

  /** Lets other threads get on before the n-th access from now to what is shared, from 0. */
  pauseBefore(n: number, others: () => void): void {
    this.#pauseAt = this.#accesses + n;
    this.#pause = others;
  }

  /** Runs what a thread does. @throws Death */
  of<T>(run: () => T): T {
    const names = this.#pauseAt < Number.POSITIVE_INFINITY ? ACCESSES : STEPS;
    const originals = names.map((name) => Atomics[name]);
    const before = this.#running;
    this.#running = true;
    names.forEach((name, i) => {
      const original = originals[i] as (...args: unknown[]) => unknown;
      Object.assign(Atomics, {
        [name]: (...args: unknown[]) => {
          if (this.#running) this.#access(name !== 'load');
          return original(...args);
        },
      });
    });
    try {
      return run();
    } finally {
      this.#running = before;
      names.forEach((name, i) => {
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

  #access(isStep: boolean): void {
    if (this.#accesses++ === this.#pauseAt) {
      this.#pauseAt = Number.POSITIVE_INFINITY;
      this.aside(this.#pause);
    }
    if (isStep) this.#step();
  }

  #step(): void {
    if (this.#counted++ < this.#deadly) return;
    this.#deadly = Number.POSITIVE_INFINITY;
    throw new Death('the thread was ended');
  }
}
