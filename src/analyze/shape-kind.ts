import type { Block, Shape } from '../profile/block.js';
import { presentBit } from '../profile/columns.js';

/** What a command does to an item. */
export type Act = 'read' | 'write' | 'delete' | 'count' | 'touch' | 'other';

const ACTS: Readonly<Record<string, Act>> = {
  get: 'read',
  gets: 'read',
  gat: 'read',
  gats: 'read',
  mg: 'read',
  set: 'write',
  add: 'write',
  replace: 'write',
  append: 'write',
  prepend: 'write',
  cas: 'write',
  ms: 'write',
  delete: 'delete',
  md: 'delete',
  incr: 'count',
  decr: 'count',
  ma: 'count',
  touch: 'touch',
};

const HITS = new Set(['hit', 'deleted', 'touched', 'value']);
const MISSES = new Set(['miss', 'not_found']);

/** How an event ended, as far as figures tell it apart. */
export type Outcome = 'hit' | 'miss' | 'stored' | 'error' | 'unanswered' | 'other';

export function outcomeOf(op: string, status: string): Outcome {
  // A meta arithmetic command that asks for no value is answered by a bare success.
  if (HITS.has(status) || (status === 'ok' && op === 'ma')) return 'hit';
  if (MISSES.has(status)) return 'miss';
  if (status === 'stored') return 'stored';
  if (status === 'error' || status === 'unanswered') return status;
  // A quiet store says nothing where it succeeds.
  return status === 'silent' && ACTS[op] === 'write' ? 'stored' : 'other';
}

/** What collectors ask of a shape, worked out once for a block. */
export interface ShapeKind {
  shape: Shape;
  op: string;
  act: Act;
  outcome: Outcome;
  /** It changes the whole value: not an append or prepend. */
  replaces: boolean;
  /** Bytes client flags take in memcached. */
  flagBytes: number;
  hasKey: boolean;
  hasValue: boolean;
  hasLatency: boolean;
  hasTtl: boolean;
  /** It may be the second or a later key of a request. */
  hasIndex: boolean;
}

/** Bits of `present` by column name. */
export type Bits = Readonly<Record<'key' | 'flags' | 'value_size' | 'latency' | 'ttl' | 'key_index', number>>;

export function bitsOf(names: Block['names']): Bits {
  const bit = (name: keyof Bits) => presentBit(names, name);
  return {
    key: bit('key'),
    flags: bit('flags'),
    value_size: bit('value_size'),
    latency: bit('latency'),
    ttl: bit('ttl'),
    key_index: bit('key_index'),
  };
}

/** Bytes client flags other than 0 take in memcached. */
export const FLAG_BYTES = 4;

/** What a command does, whatever its mode. */
export function actOfOp(op: string): Act {
  return ACTS[op] ?? 'other';
}

export function actOf(
  op: string,
  status: string,
  mode: string | null,
): Pick<ShapeKind, 'act' | 'outcome' | 'replaces'> {
  const act = actOfOp(op);
  const grows = op === 'append' || op === 'prepend' || mode === 'append' || mode === 'prepend';
  return { act, outcome: outcomeOf(op, status), replaces: act === 'write' && !grows };
}

export function kindOf(shape: Shape, bits: Bits): ShapeKind {
  const { op, status, mode, present } = shape;
  const has = (column: keyof Bits) => (present & bits[column]) !== 0;
  return {
    shape,
    op,
    ...actOf(op, status, mode),
    flagBytes: shape.flags === 0n || !has('flags') ? 0 : FLAG_BYTES,
    hasKey: has('key'),
    hasValue: has('value_size'),
    hasLatency: has('latency'),
    hasTtl: has('ttl'),
    hasIndex: has('key_index'),
  };
}
