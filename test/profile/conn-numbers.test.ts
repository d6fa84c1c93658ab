import test from 'ava';
import { ConnNumbers } from '#src/profile/conn-numbers.js';
import { between, oneOf, seeded } from '../support/random.js';

/** Numbers by first appearance, the slow way. */
class Naive {
  readonly #numbers = new Map<string, number>();

  numberOf(worker: number, conn: number): number {
    const name = `${worker} ${conn}`;
    if (!this.#numbers.has(name)) this.#numbers.set(name, this.#numbers.size);
    return this.#numbers.get(name)!;
  }

  get size(): number {
    return this.#numbers.size;
  }
}

const WORKERS = [0, 1, 7, Number.MAX_SAFE_INTEGER];

for (const [what, draw] of [
  ['dense', (random: () => number) => between(random, 0, 20_000)],
  ['as far apart as can be', (random: () => number) => between(random, 0, 2 ** 32 - 1)],
  ['dense, then far apart, then dense again', null],
] as const) {
  test(`connections are numbered by first appearance: ${what}`, (t) => {
    const random = seeded(9);
    const numbers = new ConnNumbers();
    const exchanged = new ConnNumbers();
    const naive = new Naive();
    const seen: [worker: number, conn: number][] = [];
    for (let i = 0; i < 60_000; i++) {
      const worker = oneOf(random, WORKERS);
      const far = i > 20_000 && i < 40_000;
      const fresh = draw === null ? between(random, 0, far ? 2 ** 32 - 1 : 9999) : draw(random);
      const [w, conn] = seen.length > 0 && random() < 0.3 ? oneOf(random, seen) : [worker, fresh];
      seen.push([w, conn]);
      if (numbers.numberOf(w, conn) !== naive.numberOf(w, conn)) t.fail(`${w} ${conn}`);
      const column = Uint32Array.of(conn, conn);
      exchanged.exchange(w, column);
      if (column.some((number) => number !== naive.numberOf(w, conn))) t.fail(`${w} ${conn} in place`);
    }
    t.is(numbers.size, naive.size);
    t.is(exchanged.size, naive.size);
  });
}
