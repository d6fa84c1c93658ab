/**
 * Which outcomes belong to which command. Answers of the text and meta protocols do not say what they answer, and
 * the program in the kernel does not pair them; so an outcome belongs to a command only where no other one that
 * was asked could have it. Elsewhere it is null.
 */
import type { CountAnswer, Op } from '../layout/generated.js';
import type { Counters } from './counters.js';

/** What is known of one command. Counts are per key: a get of five keys counts 5. */
export interface CountedOp {
  count: number;
  hits: number | null;
  misses: number | null;
  errors: number | null;
}

const RETRIEVALS: readonly Op[] = ['get', 'gets', 'gat', 'gats'];
const META: readonly Op[] = ['mg', 'ms', 'md', 'ma', 'me'];
/** Commands that NOT_FOUND may answer. */
const NOT_FOUND: readonly Op[] = ['cas', 'delete', 'incr', 'decr', 'touch'];
const ERRORS: readonly CountAnswer[] = ['error', 'client_error', 'server_error'];
/** The answer that says a key was found, of those commands that have their own or share it with another. */
const FOUND: Partial<Record<Op, readonly [answer: CountAnswer, others: readonly Op[]]>> = {
  delete: ['deleted', []],
  touch: ['touched', []],
  incr: ['number', ['decr']],
  decr: ['number', ['incr']],
};

/**
 * Outcomes of one command.
 *
 * @param now what was counted in the time that is asked for
 * @param total what was counted since the start, which tells what commands there were
 * @param asked the commands that were asked since the start
 */
export function outcomesOf(op: Op, now: Counters, total: Counters, asked: ReadonlySet<Op>): CountedOp {
  const isOnly = (family: readonly Op[]) => family.every((other) => other === op || !asked.has(other));
  return {
    count: now.by('asked', op),
    hits: hitsOf(op, now, total, isOnly),
    misses: missesOf(op, now, total, isOnly),
    errors: errorsOf(op, now, total, asked),
  };
}

type IsOnly = (family: readonly Op[]) => boolean;

function hitsOf(op: Op, now: Counters, total: Counters, isOnly: IsOnly): number | null {
  // What binary answers say.
  const known = now.by('hits', op);
  if (RETRIEVALS.includes(op)) {
    // A value with a cas unique was asked for by gets or gats.
    const withCas = op === 'gets' || op === 'gats';
    const counter = withCas ? 'values_with_cas' : 'values';
    if (total.of(counter) === 0) return known;
    return isOnly(withCas ? ['gets', 'gats'] : ['get', 'gat']) ? known + now.of(counter) : null;
  }
  if (op === 'mg') {
    const alone = isOnly(META);
    if (!alone && (total.of('ma_with_value') > 0 || total.of('mg_without_value') > 0)) return null;
    return now.answers('va') + (alone ? now.answers('hd') : 0);
  }
  if (op === 'me') return now.answers('me');
  if (op === 'md' || op === 'ma') {
    return isOnly(META) && total.of('meta_quiet') === 0 ? now.answers('hd') + now.answers('va') : null;
  }
  const found = FOUND[op];
  if (found === undefined) return 0;
  const [answer, others] = found;
  if (total.answers(answer) === 0) return known;
  return isOnly(others) ? known + now.answers(answer) : null;
}

function missesOf(op: Op, now: Counters, total: Counters, isOnly: IsOnly): number | null {
  const known = now.by('misses', op);
  if (RETRIEVALS.includes(op)) {
    if (total.of('key_misses') === 0) return known;
    return isOnly(RETRIEVALS) ? known + now.of('key_misses') : null;
  }
  if (op === 'mg' || op === 'me') {
    // A quiet miss has no answer.
    if (op === 'mg' && total.of('mg_quiet') > 0) return null;
    if (total.answers('en') === 0) return 0;
    return isOnly(['mg', 'me']) ? now.answers('en') : null;
  }
  if (op === 'md' || op === 'ma' || op === 'ms') {
    if (total.answers('nf') === 0) return 0;
    return isOnly(['md', 'ma', 'ms']) ? now.answers('nf') : null;
  }
  if (!NOT_FOUND.includes(op) || total.answers('not_found') === 0) return known;
  return isOnly(NOT_FOUND) ? known + now.answers('not_found') : null;
}

function errorsOf(op: Op, now: Counters, total: Counters, asked: ReadonlySet<Op>): number | null {
  const sum = (counters: Counters) => ERRORS.reduce((all, word) => all + counters.answers(word), 0);
  if (sum(total) === 0) return now.by('errors', op);
  return asked.size === 1 ? now.by('errors', op) + sum(now) : null;
}
