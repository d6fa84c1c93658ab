/**
 * Flows of which the BPF program is to copy whole packets. Where it leaves out values, it took bytes for a
 * value that were none, and what misled it once, text within a value, say, may do so again: so until the flow
 * ends. Where it parses, bytes are needed until the parser knows again where messages begin; but not over and
 * over. The program reads the bitmap at the next packet. Flows that share a bit share its effect, which only
 * costs time.
 */
import { config, count, keysAreHashed } from '../instance';
import { COUNTER_FLOWS_UNCUT } from '../layout';
import { Flow, UNCUT } from './flow';

/** Address of the word with a flow's bit: the high 16 bits of its hash choose the bit. */
// @ts-ignore: decorator
@inline
function wordOf(flow: Flow): usize {
  return <usize>config.uncut + ((flow.hash >> 21) << 2);
}

// @ts-ignore: decorator
@inline
function bitOf(flow: Flow): u32 {
  return <u32>1 << ((flow.hash >> 16) & 31);
}

/** Times that a flow's packets are parsed again after they were copied whole. */
const RETURNS_MAX: u8 = 8;

/** From here on packets of the flow are copied whole. */
export function askUncut(flow: Flow): void {
  if (!(flow.agreed & UNCUT)) {
    if (flow.asked == 0) count(COUNTER_FLOWS_UNCUT);
    if (flow.asked <= RETURNS_MAX) flow.asked++;
  }
  setBit(flow);
}

/** The same in case what is missing before an early segment never comes: that is not the flow's doing. */
export function askForEarly(flow: Flow): void {
  if (flow.asked == 0) {
    count(COUNTER_FLOWS_UNCUT);
    flow.asked = 1;
  }
  setBit(flow);
}

function setBit(flow: Flow): void {
  flow.agreed |= UNCUT;
  if (config.uncut == 0) return;
  // Workers share the words.
  if (ASC_FEATURE_THREADS) atomic.or<u32>(wordOf(flow), bitOf(flow));
  else store<u32>(wordOf(flow), load<u32>(wordOf(flow)) | bitOf(flow));
}

/** Whole packets are not needed any more, where the program parses: the flow is in sync. */
// @ts-ignore: decorator
@inline
export function endAsking(flow: Flow): void {
  if (flow.agreed & UNCUT && keysAreHashed && flow.asked <= RETURNS_MAX) stopAsking(flow);
}

function stopAsking(flow: Flow): void {
  flow.agreed &= ~UNCUT;
  clearBit(flow);
}

/** A flow ends: a later one between the same endpoints is not concerned. */
// @ts-ignore: decorator
@inline
export function endUncut(flow: Flow): void {
  if (flow.agreed & UNCUT) clearBit(flow);
}

function clearBit(flow: Flow): void {
  if (config.uncut == 0) return;
  if (ASC_FEATURE_THREADS) atomic.and<u32>(wordOf(flow), ~bitOf(flow));
  else store<u32>(wordOf(flow), load<u32>(wordOf(flow)) & ~bitOf(flow));
}
