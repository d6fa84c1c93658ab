/** What the answers to requests of sampled keys mean. */
import { type EventKind, eventKindOf } from '../analyze/event-kinds.js';
import {
  COUNT_ANSWER_NAMES,
  type CountAnswer,
  KEY_HAS_FLAGS,
  KEY_HAS_TTL,
  KEY_HAS_VALUE,
  type Mode,
  OP_NAMES,
  STATUS_NAMES,
  type Status,
} from '../layout/generated.js';

/** Statuses, numbered from 1 on; 0 is a request that waits for its answer. */
export const statusNumber = (status: Status): number => STATUS_NAMES.indexOf(status) + 1;

const COMMANDS: Partial<Record<CountAnswer, Status | Record<string, Status>>> = {
  // What is left of a retrieval when it ends.
  end: 'miss',
  stored: 'stored',
  not_stored: 'not_stored',
  exists: 'exists',
  not_found: 'not_found',
  deleted: 'deleted',
  touched: 'touched',
  number: 'value',
  hd: { mg: 'hit', ms: 'stored', md: 'deleted', ma: 'ok' },
  va: { mg: 'hit', ma: 'value' },
  en: 'miss',
  ns: 'not_stored',
  ex: 'exists',
  nf: 'not_found',
  error: 'error',
  client_error: 'error',
  server_error: 'error',
  binary_success: {
    ...{ get: 'hit', gat: 'hit', touch: 'touched', delete: 'deleted', incr: 'value', decr: 'value' },
    ...{ set: 'stored', add: 'stored', replace: 'stored', append: 'stored', prepend: 'stored' },
  },
  binary_not_found: { get: 'miss', gat: 'miss' },
  binary_exists: 'exists',
  binary_not_stored: 'not_stored',
  binary_error: 'error',
};

/** By enum count_answer and enum op: the number of the status. */
const STATUSES = COUNT_ANSWER_NAMES.map((word) =>
  Uint8Array.from(OP_NAMES, (op) => {
    const known = COMMANDS[word];
    const status = typeof known === 'object' ? known[op] : known;
    return statusNumber(status ?? (word === 'binary_not_found' ? 'not_found' : 'ok'));
  }),
);

/** The number of the status of a request of command `op` whose answer begins with `word`. */
export const statusOf = (op: number, word: number): number => STATUSES[word]?.[op] ?? statusNumber('ok');

/** Modes of `ms` and `ma` by the letter that is sent for them. */
const MODES: Readonly<Record<string, Mode>> = {
  ...{ E: 'add', A: 'append', P: 'prepend', R: 'replace', S: 'set' },
  ...{ I: 'incr', '+': 'incr', D: 'decr', '-': 'decr' },
};

const kinds = new Map<number, EventKind>();

/** What analyses ask of a request with an outcome. */
export function kindOf(op: number, status: number, bits: number, mode: number): EventKind {
  const id = ((op << 8) | status) * 65536 + ((bits << 8) | mode);
  const known = kinds.get(id);
  if (known !== undefined) return known;
  const kind = eventKindOf({
    op: OP_NAMES[op] ?? 'other',
    status: STATUS_NAMES[status - 1] ?? 'unanswered',
    mode: MODES[String.fromCharCode(mode).toUpperCase()] ?? null,
    hasFlags: (bits & KEY_HAS_FLAGS) !== 0,
    hasValue: (bits & KEY_HAS_VALUE) !== 0,
    hasTtl: (bits & KEY_HAS_TTL) !== 0,
  });
  kinds.set(id, kind);
  return kind;
}
