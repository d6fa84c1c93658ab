/** A queue of waiting connections by the time of their answers: a binary heap without objects. */
export class Schedule {
  readonly #times: Float64Array;
  readonly #flows: Uint32Array;
  #size = 0;

  /** @param capacity most connections that wait at a time */
  constructor(capacity: number) {
    this.#times = new Float64Array(capacity);
    this.#flows = new Uint32Array(capacity);
  }

  /** Time of the next answer; infinite where no connection waits. */
  get time(): number {
    return this.#size > 0 ? this.#times[0]! : Number.POSITIVE_INFINITY;
  }

  push(time: number, flow: number): void {
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent]! <= time) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#times[at] = time;
    this.#flows[at] = flow;
  }

  /** Removes and returns the connection with the next answer. Call it only where a connection waits. */
  pop(): number {
    const next = this.#flows[0]!;
    const last = --this.#size;
    const time = this.#times[last]!;
    const flow = this.#flows[last]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#times[child + 1]! < this.#times[child]!) child++;
      if (this.#times[child]! >= time) break;
      this.#move(child, at);
      at = child;
    }
    this.#times[at] = time;
    this.#flows[at] = flow;
    return next;
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]!;
    this.#flows[to] = this.#flows[from]!;
  }
}
