/**
 * Lines after which one release of memcached reads a value, and another the next command. Where their answers
 * differ, the answer tells which it was; until then the client's bytes are held.
 *
 * By proto_text.c up to release 1.6.39, and proto_parser.c and vendor/mcmc since; each kind was tried with
 * both.
 */
import { ERROR_BARE, ERROR_FORMAT, ERROR_STORAGE } from './answer';
import { IS_ERROR, Request } from './message';

/** Where the kind of ambiguity is in `Request.bits`. */
const SHIFT: u32 = 16;
export const AMBIGUOUS_MASK: u32 = 7 << SHIFT;

/**
 * A length that strtoul accepts and mcmc_token_get_32 does not, `+1`: refused since 1.6.40, without a value.
 */
export const AMBIGUOUS_SIZE: u32 = 1 << SHIFT;
/** Spaces before the command: not a command since 1.6.40. */
export const AMBIGUOUS_INDENT: u32 = 2 << SHIFT;
/** Too many tokens: refused up to 1.6.39. */
export const AMBIGUOUS_TOKENS: u32 = 3 << SHIFT;
/** cas without a unique: refused by all releases, and the value is skipped only since 1.6.40. */
export const AMBIGUOUS_CAS: u32 = 4 << SHIFT;
/**
 * A flag of ms that is neither letter nor digit: refused by all releases, and the value is skipped only up to
 * 1.6.39.
 */
export const AMBIGUOUS_FLAG: u32 = 5 << SHIFT;
/** As AMBIGUOUS_SIZE, of ms. */
export const AMBIGUOUS_META_SIZE: u32 = 6 << SHIFT;
/** The length of an ms in a flag S, as before 1.6.10: refused since, without a value. */
export const AMBIGUOUS_SIZE_FLAG: u32 = 7 << SHIFT;

/** The server read the bytes after the line as a value. */
export const TAKEN: u32 = 0;
/** The server read the bytes after the line as commands. */
export const NOT_TAKEN: u32 = 1;
/** The answer does not tell. */
export const NOT_TOLD: u32 = 2;

/** What the answer to an ambiguous request tells of its value; `error` is the class of an error. */
export function isTaken(request: Request, code: u32, error: u32): u32 {
  const ambiguity = request.bits & AMBIGUOUS_MASK;
  if (code != IS_ERROR) return TAKEN;
  const isMeta = ambiguity >= AMBIGUOUS_FLAG;
  if (error == ERROR_BARE) {
    const isIndent = ambiguity == AMBIGUOUS_INDENT;
    return isIndent || ambiguity == AMBIGUOUS_TOKENS || ambiguity == AMBIGUOUS_CAS ? NOT_TAKEN : NOT_TOLD;
  }
  if (error == ERROR_FORMAT) {
    if (ambiguity == AMBIGUOUS_CAS) return TAKEN;
    return ambiguity == AMBIGUOUS_TOKENS ? NOT_TOLD : NOT_TAKEN;
  }
  // Releases before 1.6.10 mean a wrong end of the value, some later ones an unreadable length.
  if (error == ERROR_STORAGE) return isMeta ? NOT_TOLD : TAKEN;
  return ambiguity == AMBIGUOUS_SIZE_FLAG || ambiguity == AMBIGUOUS_META_SIZE ? NOT_TOLD : TAKEN;
}
