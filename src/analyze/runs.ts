/** Rows in a row whose times lie in one interval. */
export interface Run {
  /** Number of the interval. */
  at: number;
  /** The first row, and the one behind the last. */
  from: number;
  to: number;
}

/** Cuts rows into as few runs as it takes: rows of a block are nearly in order of time. */
export function runsOf(time: Float64Array, rows: number, interval: number): Run[] {
  const runs: Run[] = [];
  for (let from = 0; from < rows; ) {
    const at = Math.floor(time[from]! / interval);
    let to = from + 1;
    while (to < rows && Math.floor(time[to]! / interval) === at) to++;
    runs.push({ at, from, to });
    from = to;
  }
  return runs;
}
