/** What fuzzing looks for. */

export type FindKind =
  | 'trap'
  | 'hang'
  | 'imbalance'
  | 'twins differ'
  | 'leak'
  | 'memory'
  | 'block'
  | 'slots differ'
  | 'readers differ';

/** Something that must not be. */
export class Find extends Error {
  readonly kind: FindKind;
  constructor(kind: FindKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
