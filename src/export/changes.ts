/** Lets one function wait for the next change that others report, or for a failure. */
export class Changes {
  #failure: { error: unknown } | undefined;
  #wake = () => {};

  /** Reports a change. */
  tell(): void {
    this.#wake();
  }

  /** Reports a failure: from now on, every wait and check throws the first one. */
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
