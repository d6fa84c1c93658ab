/**
 * Commands of other servers and proxies, unknown to memcached: they are counted and skipped where their
 * answers are recognised. Known by name are leases and metaget of
 * mcrouter (McAsciiParser.rl):
 *
 *   lease-get <key>+                                      LVALUE <key> <token> <flags> <bytes>, data, END
 *   lease-set <key> <token> <flags> <exptime> <bytes>     STORED, STALE_STORED, …
 *   metaget <key>+                                        META <key> age: <n>; exptime: <n>; …, END
 *
 * and, by its answer, `config get cluster` of ElastiCache ("Adding Auto Discovery to your client library"):
 * CONFIG <name> <flags> <bytes>, data, END.
 */
import { refused, unknown } from './command';
import {
  BIT_FOREIGN, BIT_LEASE, BIT_NO_EVENT, BIT_NOREPLY, IS_ERROR, IS_EXISTS, IS_NOT_FOUND, IS_NOT_STORED,
  IS_STORED, IS_WORD, LINE_DATA, LINE_WHOLE, Request,
} from './message';
import { parsed, parseUnsigned, VALUE_MAX } from './number';
import { nextToken, tokenEnd } from './tokens';

// `lease-ge`, `lease-se` and `t`, `metaget`, `LVAL`, `CONF`, `META`, as they lie in memory.
const NAME_LEASE_G: u64 = 0x65672d657361656c;
const NAME_LEASE_S: u64 = 0x65732d657361656c;
const LAST_T: u8 = 0x74;
const NAME_METAGET: u64 = 0x7465676174656d;
const ANSWER_LVALUE: u32 = 0x4c41564c;
const ANSWER_CONFIG: u32 = 0x464e4f43;
const ANSWER_META: u32 = 0x4154454d;
/** One-line answers to a lease-set. */
const LEASE_SET_ANSWERS: u32 =
  (1 << IS_ERROR) | (1 << IS_STORED) | (1 << IS_NOT_STORED) | (1 << IS_EXISTS) | (1 << IS_NOT_FOUND) |
  (1 << IS_WORD);

/** Reads a line with a command [at, nameEnd) that memcached does not know. Returns as `parseRequest`. */
export function foreign(request: Request, at: usize, nameEnd: usize, end: usize, noreply: bool): u32 {
  unknown(request, noreply);
  request.bits |= BIT_FOREIGN;
  if (nameEnd - at == 7 && (load<u64>(at) & 0x00ffffffffffffff) == NAME_METAGET) request.bits |= BIT_LEASE;
  if (nameEnd - at != 9 || load<u8>(nameEnd - 1) != LAST_T) return LINE_WHOLE;
  if (load<u64>(at) == NAME_LEASE_G) request.bits |= BIT_LEASE;
  return load<u64>(at) == NAME_LEASE_S ? leaseSet(request, nameEnd, end, noreply) : LINE_WHOLE;
}

/** Reads a lease-set, after which a value follows as after set. */
function leaseSet(request: Request, at: usize, end: usize, noreply: bool): u32 {
  let size = at;
  for (let i = 0; i < 5; i++) size = nextToken(i ? tokenEnd : at, end);
  if (size == end || !parseUnsigned(size, tokenEnd) || parsed > VALUE_MAX) return refused(request);
  request.dataSize = <u32>parsed;
  request.fits = LEASE_SET_ANSWERS;
  request.bits = BIT_NO_EVENT | (noreply ? BIT_NOREPLY : 0);
  return LINE_DATA;
}

/** Whether a line is `META <key> age:…`: the answer to metaget for one key. */
export function isMetaget(at: usize, end: usize): bool {
  if (end - at < 6 || load<u32>(at) != ANSWER_META || load<u8>(at + 4) != 0x20) return false;
  nextToken(at + 5, end);
  const age = nextToken(tokenEnd, end);
  // `age:`.
  return end - age >= 4 && load<u32>(age) == 0x3a656761;
}

/** Bytes of the data block after a line `LVALUE …` or `CONFIG …`; -1 for other lines. */
export function foreignData(at: usize, end: usize): i32 {
  if (end - at < 8) return -1;
  const head = load<u32>(at);
  const lease = head == ANSWER_LVALUE;
  if (!lease && head != ANSWER_CONFIG) return -1;
  // `UE` and `IG` and a space.
  if (load<u16>(at + 4) != (lease ? 0x4555 : 0x4749) || load<u8>(at + 6) != 0x20) return -1;
  let size = at + 7;
  const tokens = lease ? 4 : 3;
  for (let i = 0; i < tokens; i++) size = nextToken(i ? tokenEnd : size, end);
  if (size == end || !parseUnsigned(size, tokenEnd) || parsed > VALUE_MAX) return -1;
  return <i32>parsed;
}
