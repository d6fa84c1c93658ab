/** The result of checking one requirement or restriction. */
export interface Check {
  what: string;
  /** Whether it is fulfilled; null where that could not be found out. */
  ok: boolean | null;
  /** What was found, or why it is not fulfilled. */
  found: string;
  /** What the user can do about it. */
  fix?: string;
}
