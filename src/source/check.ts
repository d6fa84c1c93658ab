/** One thing that is needed, or promised. */
export interface Check {
  what: string;
  /** null where it could not be found out. */
  ok: boolean | null;
  /** What there is, or why not. */
  found: string;
  /** What to do about it. */
  fix?: string;
}
