/**
 * Functions shared by the walks over captures. Chunks may cut records anywhere. The incomplete record at the
 * end of a chunk is kept in the carry area and copied right before the next chunk, into the headroom of its
 * slot, so that every record is contiguous:
 *
 *   slot:  | headroom ........ [carry] | chunk .............. [begun] |
 *                              ^ walk starts here              ^ next carry
 */
import { count, indexState } from '../instance';
import { COUNTER_CAPTURES_OVERLAPPING, SLOT_HEADROOM } from '../layout';

/** Address of the first worker's list, and bytes from one list to the next. */
export let lists: usize = 0;
export let stride: usize = 0;

/**
 * Empties the workers' lists, and returns the address at which the walk begins: the carried bytes, then the
 * chunk.
 */
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
 * Keeps an incomplete record. After a limit or an error nothing is kept: the rest of the chunk is not read,
 * and may be longer than the carry area.
 */
export function carryOver(at: usize, end: usize): void {
  if (indexState.error | indexState.ended) return;
  const rest = <u32>(end - at);
  if (rest > SLOT_HEADROOM) unreachable();
  memory.copy(indexState.carry, at, rest);
  indexState.carrySize = rest;
}

/** Values of `clocked`: no packet was walked yet; one was; one was, and another capture or section begins. */
const CLOCKED_NOT: u32 = 0;
const CLOCKED: u32 = 1;
export const CLOCKED_BEFORE: u32 = 2;
/**
 * Two captures overlap where the later one begins more than this part of the earlier one, and more than a
 * second, before its end.
 */
const OVERLAP_SHIFT: u64 = 3;

/**
 * The very first packet sets the clock. The first packet of a later capture or section tells whether it
 * overlaps the one before. Of a capture in several files the next one may begin slightly early, because
 * packets of several queues are not in order.
 */
function beginClock(time: u64): void {
  const state = indexState;
  if (state.clocked == CLOCKED_NOT) state.firstTime = time;
  else {
    const back = <i64>(state.lastTime - time);
    const span = <i64>(state.lastTime - state.beginTime);
    if (back > min(span >> OVERLAP_SHIFT, <i64>state.second)) count(COUNTER_CAPTURES_OVERLAPPING);
  }
  state.clocked = CLOCKED;
  state.beginTime = time;
}

/** Whether the recording ends before a packet of this time. */
// @ts-ignore: decorator
@inline
export function isBeyond(time: u64): bool {
  const state = indexState;
  if (state.clocked != CLOCKED) beginClock(time);
  if ((state.limit | state.duration) == 0) return false;
  if (state.limit != 0 && state.matched >= state.limit) {
    state.ended = 1;
    return true;
  }
  // Time may run backwards; only a packet after the end ends the walk.
  if (state.duration != 0 && <i64>(time - state.firstTime) > <i64>state.duration) {
    state.ended = 2;
    return true;
  }
  return false;
}
