/**
 * Pools of equal-sized pieces: all the memory that a worker uses for flows, requests, keys, early segments
 * and partial lines. A pool hands out fresh pieces in order, so that the kernel need not provide memory never
 * used, and links returned pieces through their first word.
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
  /** Address of the piece returned last, 0 where there is none. */
  list: u32;
  /** Bytes of a piece. */
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

/** Address of a piece with undefined content, or 0 when the pool is used up. */
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

/** Returns a piece to its pool; its first word is overwritten. */
// @ts-ignore: decorator
@inline
export function give(pool: Pool, piece: usize): void {
  store<u32>(piece, pool.list);
  pool.list = <u32>piece;
}
