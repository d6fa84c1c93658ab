/**
 * The order of a round. Over the rounds each contestant follows each other one equally often (rows of a
 * Williams square), because a run affects caches, clocks and memory of the next.
 *
 * @param round number of the round, from 0; the order is balanced after as many rounds as contestants, or
 *   twice as many where that number is odd
 */
export function rotate<T>(contestants: readonly T[], round: number): T[] {
  const count = contestants.length;
  // 0, 1, -1, 2, -2, …: each distance between neighbours occurs once.
  const offsets = contestants.map((_, i) => (i % 2 === 1 ? (i + 1) / 2 : count - i / 2));
  const order = offsets.map((offset) => contestants[(offset + round) % count]!);
  return count % 2 === 1 && round % 2 === 1 ? order.reverse() : order;
}
