/** Answers to commands memcached does not know: stepped over where their shape is plain. */
import { CLIENT, Flow, SERVER, sideOf } from '../flow/flow';
import { answerSize } from '../memcache/answer';
import { foreignData, isMetaget } from '../memcache/foreign';
import {
  BIT_ANSWERED, BIT_LEASE, IS_END, IS_ERROR, IS_FREE, IS_STAT, IS_VA, IS_VALUE, Request,
} from '../memcache/message';
import { CLIENT_LINE, SERVER_STEP } from './states';

/** The answer goes on. */
export const STEP_ON: u32 = 0;
/** This line was its last. */
export const STEP_DONE: u32 = 1;
/** It may be the answer to another request, or its shape is not known. */
export const STEP_NOT: u32 = 2;

/**
 * Whether the answer can only be for this request: no other is pending, and no client byte behind its line
 * was read. Such bytes may be a value to the server, and would have been read as requests.
 */
function isAlone(flow: Flow): bool {
  const client = sideOf(flow, CLIENT);
  return flow.head == flow.tail && flow.current == 0 && client.state == CLIENT_LINE && client.line == 0;
}

/** A line of the answer to the oldest pending request, of such a command. */
export function stepOver(flow: Flow, code: u32, at: usize, end: usize): u32 {
  const request = changetype<Request>(<usize>flow.head);
  const side = sideOf(flow, SERVER);
  if (code == IS_ERROR) return STEP_DONE;
  const begun = (request.bits & BIT_ANSWERED) != 0;
  const data = code == IS_FREE ? foreignData(at, end) : code == IS_VALUE ? <i32>answerSize : -1;
  if (data >= 0) {
    // Of these answers only VALUE may be for another command.
    if (code == IS_VALUE && !begun && !(request.bits & BIT_LEASE) && !isAlone(flow)) return STEP_NOT;
    side.skip = <u32>data + 2;
    side.state = SERVER_STEP;
    return STEP_ON;
  }
  if (request.bits & BIT_LEASE && isMetaget(at, end)) return STEP_ON;
  // The length of a cluster's configuration may leave out a line end.
  if (begun && at == end) return STEP_ON;
  if (begun) return code == IS_END ? STEP_DONE : code == IS_STAT ? STEP_ON : STEP_NOT;
  if (code == IS_END && request.bits & BIT_LEASE) return STEP_DONE;
  if (code == IS_FREE || code == IS_VA || !isAlone(flow)) return STEP_NOT;
  return code == IS_STAT ? STEP_ON : STEP_DONE;
}
