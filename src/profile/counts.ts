/** Adds counters to a sum. */
export function addCounts(sum: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) {
    // A profile may have a counter with the name `constructor`.
    sum[name] = (Object.hasOwn(sum, name) ? sum[name]! : 0) + count;
  }
}
