/**
 * What the walks over captures share. Chunks cut records anywhere. What a chunk ends with is kept in the
 * carry area and put right before the next chunk, in the slot's headroom, so that every record is
 * contiguous when it is read:
 *
 *   slot:  | headroom ........ [carry] | chunk .............. [begun] |
 *                              ^ walk starts here              ^ next carry
 */
import { indexState } from '../instance';
import { SLOT_HEADROOM } from '../layout';

/** Address of the first worker's list, and bytes from one list to the next. */
export let lists: usize = 0;
export let stride: usize = 0;

/** Empties the workers' lists, and returns where the walk begins: what was carried over, then the chunk. */
export function beginWalk(chunk: usize, firstList: usize, listStride: usize, workers: u32): usize {
  lists = firstList;
  stride = listStride;
  for (let worker: u32 = 0; worker < workers; worker++) store<u32>(lists + <usize>worker * stride, 0);
  const at = chunk - indexState.carrySize;
  memory.copy(at, indexState.carry, indexState.carrySize);
  indexState.carrySize = 0;
  return at;
}

/**
 * Keeps a record that is not whole yet. Behind a limit or an error there is none: the rest of the chunk is not read,
 * and may be longer than the carry area.
 */
export function carryOver(at: usize, end: usize): void {
  if (indexState.error | indexState.ended) return;
  const rest = <u32>(end - at);
  if (rest > SLOT_HEADROOM) unreachable();
  memory.copy(indexState.carry, at, rest);
  indexState.carrySize = rest;
}

/** Whether the recording ends before a packet of this time. The first packet of all sets the clock. */
// @ts-ignore: decorator
@inline
export function isBeyond(time: u64): bool {
  const state = indexState;
  if (!state.clocked) {
    state.clocked = 1;
    state.firstTime = time;
  }
  if ((state.limit | state.duration) == 0) return false;
  if (state.limit != 0 && state.matched >= state.limit) {
    state.ended = 1;
    return true;
  }
  // Time may run backwards; only what is later than the end is left out, and ends the walk.
  if (state.duration != 0 && <i64>(time - state.firstTime) > <i64>state.duration) {
    state.ended = 2;
    return true;
  }
  return false;
}
