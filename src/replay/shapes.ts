/** What a recorded event was, in the terms a replay needs: from the names in a profile to small numbers. */
import { flagLetters } from '../event/values.js';
import type { Block, Shape } from '../profile/block.js';
import { presentBit } from '../profile/columns.js';
import { HAS } from '../profile/shapes.js';
import type { ReplayProtocol } from './options.js';

/** Data commands, which may be sent again. Nothing else ever is: admin commands are counted and left out. */
export const OPS = [
  ...['get', 'gets', 'gat', 'gats', 'set', 'add', 'replace', 'append', 'prepend', 'cas'],
  ...['delete', 'incr', 'decr', 'touch', 'mg', 'ms', 'md', 'ma', 'me', 'mn', 'noop'],
] as const;

/** Outcomes of one key, in the order of FORMAT.md's statuses. */
export const STATUSES = [
  ...['hit', 'miss', 'stored', 'not_stored', 'exists', 'not_found', 'deleted', 'touched', 'ok', 'value'],
  ...['error', 'silent', 'unanswered'],
] as const;
/** Numbers of the statuses. */
export const S = {
  hit: 0,
  miss: 1,
  stored: 2,
  not_stored: 3,
  exists: 4,
  not_found: 5,
  deleted: 6,
  touched: 7,
  ok: 8,
  value: 9,
  error: 10,
  silent: 11,
  unanswered: 12,
  /** Of what was not recorded at all. */
  none: 13,
} as const;

/** What a command does, whatever its protocol calls it. */
export type Verb = 'get' | 'gat' | 'store' | 'delete' | 'arithmetic' | 'touch' | 'debug' | 'barrier';

const VERBS: Readonly<Record<string, Verb>> = {
  get: 'get',
  gets: 'get',
  gat: 'gat',
  gats: 'gat',
  set: 'store',
  add: 'store',
  replace: 'store',
  append: 'store',
  prepend: 'store',
  cas: 'store',
  delete: 'delete',
  incr: 'arithmetic',
  decr: 'arithmetic',
  touch: 'touch',
  mg: 'get',
  ms: 'store',
  md: 'delete',
  ma: 'arithmetic',
  me: 'debug',
  mn: 'barrier',
  noop: 'barrier',
};

const COLUMNS = Object.keys(HAS) as (keyof typeof HAS)[];

/** What many events have in common. */
export interface CommandShape {
  /** Index into OPS; -1 where the event is not sent. */
  op: number;
  verb: Verb;
  /** Whether it is sent over UDP, as it was recorded. */
  udp: boolean;
  /** Protocol it is sent in. */
  protocol: 'text' | 'meta' | 'binary';
  /** Whether it is sent in the protocol it was recorded in. */
  asRecorded: boolean;
  /** What is stored or how arithmetic goes: set, add, …, incr, decr. */
  mode: string;
  /** Wants the cas unique in the answer. */
  gets: boolean;
  /** Compares a cas unique. */
  cas: boolean;
  quiet: boolean;
  base64: boolean;
  /** Makes another value of the one that is there: arithmetic, append, prepend. */
  changesInPlace: boolean;
  /** Letters of a meta request. */
  letters: string;
  /** Index into STATUSES; that of unanswered for names of later versions. */
  status: number;
  /** Bit set over HAS. */
  has: number;
  /** Why the event is not sent; empty where it is. */
  leftOut: string;
}

const CHANGES_IN_PLACE: ReadonlySet<string> = new Set(['append', 'prepend', 'incr', 'decr']);

/** The tally of sets after misses, which are no recorded requests. */
export const FILL = OPS.length;

/** Flags of meta requests that text and binary requests have nothing for. */
const META_ONLY = /[EINRx]/;

/** What a server is sent. */
export interface Target {
  protocol: ReplayProtocol;
  /** Whether it can be asked over UDP, too. */
  udp: boolean;
}

/** The shapes of a block, for sending in a protocol. */
export function commandShapes({ shapes, names }: Block, target: Target): CommandShape[] {
  const bits = COLUMNS.map((column) => [HAS[column], presentBit(names, column)] as const);
  return shapes.map((shape) => commandShape(shape, bits, target));
}

function commandShape(
  shape: Shape,
  bits: readonly (readonly [has: number, present: number])[],
  wanted: Target,
): CommandShape {
  const { op, proto, mode, traits, present } = shape;
  const letters = flagLetters(shape.metaFlags);
  // The meta no-op is recorded as text, where nothing else of the connection is meta.
  const recorded = op === 'mn' ? 'meta' : proto;
  const protocol = (
    wanted.protocol === 'as-recorded' ? recorded : wanted.protocol
  ) as CommandShape['protocol'];
  const status = STATUSES.indexOf(shape.status as (typeof STATUSES)[number]);
  const isTouching = op === 'mg' && letters.includes('T');
  const found = shapeOf({
    op: OPS.indexOf(op as (typeof OPS)[number]),
    verb: isTouching ? (letters.includes('v') ? 'gat' : 'touch') : (VERBS[op] ?? 'barrier'),
    udp: shape.transport === 'udp',
    protocol,
    asRecorded: protocol === recorded,
    mode: modeOf(op, mode),
    gets: op === 'gets' || op === 'gats' || letters.includes('c'),
    cas: traits.includes('cas'),
    quiet: traits.includes('quiet'),
    base64: traits.includes('base64'),
    changesInPlace: CHANGES_IN_PLACE.has(modeOf(op, mode)),
    letters,
    status: status < 0 ? S.unanswered : status,
    has: bits.reduce((has, [bit, stored]) => (present & stored ? has | bit : has), 0),
  });
  found.leftOut = reasonToLeaveOut(found, shape, wanted.udp);
  if (found.leftOut !== '') found.op = -1;
  return found;
}

/** A shape by what is not usual about it. */
export function shapeOf(
  known: Pick<CommandShape, 'op' | 'verb' | 'protocol' | 'mode' | 'status' | 'has'> & Partial<CommandShape>,
): CommandShape {
  return {
    ...{ op: -1, verb: 'barrier', udp: false, protocol: 'text', asRecorded: true, mode: '' },
    ...{ gets: false, cas: false, quiet: false, base64: false, changesInPlace: false, letters: '' },
    ...{ status: S.none, has: 0, leftOut: '' },
    ...known,
  };
}

function modeOf(op: string, mode: string | null): string {
  if (op === 'ms') return mode === null || mode === 'invalidate' ? 'set' : mode;
  if (op === 'ma') return mode === 'decr' ? 'decr' : 'incr';
  return op;
}

function reasonToLeaveOut(shape: CommandShape, { transport, op }: Shape, hasUdp: boolean): string {
  if (shape.op < 0) return op === 'auth' || op.startsWith('sasl') ? 'login' : 'admin command';
  if (transport !== 'tcp' && transport !== 'udp') return 'unknown transport';
  if (shape.udp && !hasUdp) return 'udp';
  if (!['text', 'meta', 'binary'].includes(shape.protocol)) return 'unknown protocol';
  if (shape.verb !== 'barrier' && !(shape.has & HAS.key)) return 'without key';
  if (shape.verb === 'store' && !(shape.has & HAS.value_size)) return 'without size';
  if (shape.asRecorded) return '';
  if (shape.verb === 'barrier') return shape.protocol === 'text' ? 'no equivalent' : '';
  if (shape.verb === 'debug' || META_ONLY.test(shape.letters)) return 'no equivalent';
  if (shape.protocol === 'text' && shape.has & HAS.initial) return 'no equivalent';
  return '';
}
