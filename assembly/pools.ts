/**
 * Pools of equal-sized pieces, all memory a worker ever uses for flows, requests, keys, early segments
 * and partial lines. Untouched memory costs nothing: a pool hands out fresh pieces in order and keeps
 * returned ones in a list through their first word.
 *
 *   base                 fresh                    end
 *   | in use or in list  |  never touched         |
 */
import { reserve } from './instance';

/** State of one pool. */
// @ts-ignore: decorator
@unmanaged
export class Pool {
  fresh: u32;
  end: u32;
  /** First returned piece, 0 where there is none. */
  list: u32;
  size: u32;
}

/** Makes a pool of `size`-byte pieces between two addresses. */
export function createPool(base: usize, end: usize, size: u32): Pool {
  const pool = changetype<Pool>(reserve(offsetof<Pool>()));
  pool.fresh = <u32>base;
  pool.end = <u32>end;
  pool.list = 0;
  pool.size = size;
  return pool;
}

/** A piece whose content is undefined, or 0 when the pool is used up. */
// @ts-ignore: decorator
@inline
export function take(pool: Pool): usize {
  const first = pool.list;
  if (first) {
    pool.list = load<u32>(first);
    return first;
  }
  const piece = pool.fresh;
  if (piece + pool.size > pool.end) return 0;
  pool.fresh = piece + pool.size;
  return piece;
}

/** Returns a piece; its first word is overwritten. */
// @ts-ignore: decorator
@inline
export function give(pool: Pool, piece: usize): void {
  store<u32>(piece, pool.list);
  pool.list = <u32>piece;
}
