/**
 * The order of a round: round by round everyone comes after everyone else equally often (the rows of a
 * Williams square), because what ran before leaves caches, clocks and memory behind for the next.
 *
 * @param round from 0; it is balanced after as many rounds as there are contestants, twice as many where
 *   that is odd
 */
export function rotate<T>(contestants: readonly T[], round: number): T[] {
  const count = contestants.length;
  // 0, 1, -1, 2, -2, …: every distance between neighbours once.
  const offsets = contestants.map((_, i) => (i % 2 === 1 ? (i + 1) / 2 : count - i / 2));
  const order = offsets.map((offset) => contestants[(offset + round) % count]!);
  return count % 2 === 1 && round % 2 === 1 ? order.reverse() : order;
}
