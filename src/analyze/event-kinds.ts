import type { Block } from '../profile/block.js';
import { ACTS, OUTCOMES } from './sequence.js';
import { actOf, bitsOf, FLAG_BYTES, kindOf, type ShapeKind } from './shape-kind.js';

/** What a row of a `Sequence` has from the shape of its event. */
export interface EventKind {
  op: string;
  /** See ACTS and OUTCOMES. */
  act: number;
  outcome: number;
  hasKey: boolean;
  hasTtl: boolean;
  /** Bytes an item takes beside its key and value, -1: the event's value is not the whole item, or unknown. */
  overhead: number;
}

/** Bytes memcached keeps for an item beside key, value and flags: its header with a cas unique, and three ends. */
export const ITEM_OVERHEAD = 48 + 8 + 1 + 2;

/** The kinds of events of several blocks, each once. */
export class EventKinds {
  readonly kinds: EventKind[] = [];
  readonly #numbers = new Map<string, number>();

  /** The numbers of a block's shapes, in the order of its table. */
  numbersOf({ shapes, names }: Block): Uint32Array {
    const bits = bitsOf(names);
    return Uint32Array.from(shapes, (shape) => this.#numberOf(eventKind(kindOf(shape, bits))));
  }

  #numberOf(kind: EventKind): number {
    const text = JSON.stringify(kind);
    const number = this.#numbers.get(text) ?? this.kinds.length;
    if (number === this.kinds.length) {
      this.#numbers.set(text, number);
      this.kinds.push(kind);
    }
    return number;
  }
}

/** What a row has from an event that is described by its fields. */
export function eventKindOf(event: {
  op: string;
  status: string;
  mode: string | null;
  hasFlags: boolean;
  hasValue: boolean;
  hasTtl: boolean;
}): EventKind {
  const { op, status, mode, hasFlags, hasValue, hasTtl } = event;
  const { act, outcome, replaces } = actOf(op, status, mode);
  return eventKind({
    ...{ op, act, outcome, replaces, hasKey: true, hasValue, hasTtl },
    flagBytes: hasFlags ? FLAG_BYTES : 0,
  });
}

type Kind = Pick<
  ShapeKind,
  'op' | 'act' | 'outcome' | 'replaces' | 'flagBytes' | 'hasKey' | 'hasValue' | 'hasTtl'
>;

function eventKind({ op, act, outcome, replaces, flagBytes, hasKey, hasValue, hasTtl }: Kind): EventKind {
  // A value's size says what the item takes where all of it was sent: not what was appended to it.
  const isWhole = hasValue && (act === 'read' || replaces);
  return {
    op,
    act: ACTS.indexOf(act === 'write' && !replaces ? 'grow' : act),
    outcome: OUTCOMES.indexOf(outcome),
    hasKey,
    hasTtl,
    overhead: isWhole ? ITEM_OVERHEAD + flagBytes : -1,
  };
}
