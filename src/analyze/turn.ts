/** Between two reports of progress, ms; others get a turn then, too. */
export const INTERVAL = 100;

/** Lets others have a turn; browsers have no setImmediate. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
