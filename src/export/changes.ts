/** Waiting for what threads say, whatever that is, until one of them fails. */
export class Changes {
  #failure: { error: unknown } | undefined;
  #wake = () => {};

  /** Wakes whoever waits. */
  tell(): void {
    this.#wake();
  }

  /** From now on, every wait and check throws this; the first failure counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  /** Throws where something failed. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Waits for the next change. */
  async next(): Promise<void> {
    this.check();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.check();
  }
}
