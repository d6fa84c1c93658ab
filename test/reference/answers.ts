/** What may answer what, by doc/protocol.txt. */
import type { Request } from './requests.js';

export const STATUSES: Record<string, string> = {
  STORED: 'stored',
  NOT_STORED: 'not_stored',
  EXISTS: 'exists',
  NOT_FOUND: 'not_found',
  DELETED: 'deleted',
  TOUCHED: 'touched',
};
export const FORMAT = 'CLIENT_ERROR bad command line format';
export const isError = (line: string) => /^(ERROR|CLIENT_ERROR|SERVER_ERROR|Error)/.test(line);
/** What a server says that asks for credentials. */
export const REFUSALS =
  /^CLIENT_ERROR (unauthenticated|authentication failure|auth token too long|bad authentication token format|bad command line termination)$/;

/** Errors of the flags of a meta command, or of its key in base64. */
export const META_ERROR =
  /^CLIENT_ERROR (invalid (fl|or|mo)|duplicat|options |error de|opaque t|incorrec)|^SERVER_ERROR (duplicat|options |error de|opaque t|incorrec)/;

export function metaStatus(op: string, code: string): string | undefined {
  const table: Record<string, Record<string, string>> = {
    mg: { HD: 'hit', OK: 'hit', VA: 'hit', EN: 'miss' },
    ms: { HD: 'stored', OK: 'stored', NS: 'not_stored', EX: 'exists', NF: 'not_found' },
    md: { HD: 'deleted', OK: 'deleted', NS: 'not_stored', EX: 'exists', NF: 'not_found' },
    ma: { HD: 'ok', VA: 'value', OK: 'ok', NS: 'not_stored', EX: 'exists', NF: 'not_found' },
    me: { ME: 'hit', EN: 'miss' },
  };
  return table[op]?.[code];
}

/** Whether a quiet request may answer with this at all. */
export function answersDespiteQuiet(request: Request, code: string): boolean {
  if (!request.quiet) return true;
  if (request.op === 'mg') return code !== 'EN';
  // A quiet ms is refused by its cas, or by its mode.
  if (request.op === 'ms' && !request.flags.has('C'))
    return code === 'NS' && request.event.mode !== null && request.event.mode !== 'set';
  return code === 'NS' || code === 'EX' || code === 'NF' || isCreation(request, code);
}

/** Whether a quiet ma is answered because it has created its item. */
export function isCreation({ op, quiet, flags }: Request, code: string): boolean {
  if (op !== 'ma' || !quiet || !flags.has('N')) return false;
  return flags.has('v') ? code === 'VA' : code === 'HD' || code === 'OK';
}

/** Whether the value of a request in doubt was read as such, by what was answered; undefined where that does not tell. */
export function valueTaken({ doubt }: Request, line: string): boolean | undefined {
  if (!isError(line)) return true;
  if (REFUSALS.test(line)) return undefined;
  const meta = doubt === 'flag' || doubt === 'meta size' || doubt === 'size flag';
  if (line === 'ERROR') return ['indent', 'tokens', 'cas'].includes(doubt!) ? false : undefined;
  if (line === FORMAT) return doubt === 'tokens' ? undefined : doubt === 'cas';
  if (/^(CLIENT_ERROR bad data|SERVER_ERROR object t)/.test(line)) return meta ? undefined : true;
  return meta && doubt !== 'flag' ? undefined : true;
}

const WORDS: Record<string, RegExp> = {
  get: /^(VALUE .*|END)$/s,
  set: /^(STORED|NOT_STORED|EXISTS|NOT_FOUND)$/,
  incr: /^(\d+ *|NOT_FOUND)$/,
  delete: /^(DELETED|NOT_FOUND)$/,
  touch: /^(TOUCHED|NOT_FOUND)$/,
  mn: /^MN$/,
  version: /^VERSION /,
};
const FAMILIES: Record<string, string> = {
  gets: 'get',
  gat: 'get',
  gats: 'get',
  add: 'set',
  replace: 'set',
  append: 'set',
  prepend: 'set',
  cas: 'set',
  decr: 'incr',
};

/** Whether a request may be answered with this line, which is no error. */
export function mayAnswer({ meta, hidden, op, fails, doubt }: Request, line: string): boolean {
  if (op === 'lease-set') return !fails && /^(STORED|STALE_STORED|NOT_STORED|EXISTS|NOT_FOUND)$/.test(line);
  if (fails) return false;
  if (meta) return true;
  if (hidden && doubt !== 'indent') return line === 'END' && op.startsWith('gat');
  return WORDS[FAMILIES[op] ?? op]?.test(line) ?? true;
}
