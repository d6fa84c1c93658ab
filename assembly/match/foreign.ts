/** Answers to commands that memcached does not know: they are skipped where their form is recognised. */
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
/** The line may answer another request, or its form is unknown. */
export const STEP_NOT: u32 = 2;

/**
 * Whether the answer can only be for this request: no other is pending, and no client byte after its line was
 * read. The server may take such bytes as a value, while they were read as requests here.
 */
function isAlone(flow: Flow): bool {
  const client = sideOf(flow, CLIENT);
  return flow.head == flow.tail && flow.current == 0 && client.state == CLIENT_LINE && client.line == 0;
}

/** Reads a line of the answer to the oldest pending request, of an unknown command. */
export function stepOver(flow: Flow, code: u32, at: usize, end: usize): u32 {
  const request = changetype<Request>(<usize>flow.head);
  const side = sideOf(flow, SERVER);
  if (code == IS_ERROR) return STEP_DONE;
  const begun = (request.bits & BIT_ANSWERED) != 0;
  const data = code == IS_FREE ? foreignData(at, end) : code == IS_VALUE ? <i32>answerSize : -1;
  if (data >= 0) {
    // Of these answers only VALUE may belong to another command.
    if (code == IS_VALUE && !begun && !(request.bits & BIT_LEASE) && !isAlone(flow)) return STEP_NOT;
    side.skip = <u32>data + 2;
    side.state = SERVER_STEP;
    return STEP_ON;
  }
  if (request.bits & BIT_LEASE && isMetaget(at, end)) return STEP_ON;
  // The length of a cluster's configuration may not include a line end.
  if (begun && at == end) return STEP_ON;
  if (begun) return code == IS_END ? STEP_DONE : code == IS_STAT ? STEP_ON : STEP_NOT;
  if (code == IS_END && request.bits & BIT_LEASE) return STEP_DONE;
  if (code == IS_FREE || code == IS_VA || !isAlone(flow)) return STEP_NOT;
  return code == IS_STAT ? STEP_ON : STEP_DONE;
}
