/** Which events are looked at. */
export interface Selection {
  /** Nanoseconds since the first event: from the first of them, up to but without the second. */
  from: number;
  to: number;
  /** Names of commands; null: all. */
  ops: ReadonlySet<string> | null;
}

export function isSelected({ from, to }: Selection, time: number): boolean {
  return time >= from && time < to;
}
