import { DICTIONARY_ENTRY_SIZE, FLOW_BUCKET_SIZE, regionAddress, SYN_SIZE } from '../memory/map.js';
import type { WorkerState } from '../memory/worker-state.js';
import type { Packets } from './loop.js';
import type { WorkerTask } from './messages.js';

/**
 * Makes a worker's region fit for a new parser, after the one before trapped, hung or died. What was not
 * sealed is given up and counted as lost, with what is left of the batch at hand; its flows are picked up
 * again in mid-stream. A recovery that was cut short itself is simply done again.
 */
export function recover(task: WorkerTask, state: WorkerState, packets: Packets): void {
  state.planLoss(() => packets.lost());
  state.loseUnsealed();
  packets.giveUp();
  clearRegion(task);
  state.end();
}

/** What the parser expects to be zero when it starts. Pools need not be. */
function clearRegion({ map, memory, worker }: WorkerTask): void {
  const base = regionAddress(map, worker);
  const { region } = map;
  const clear = (at: number, size: number) => new Uint8Array(memory.buffer, base + at, size).fill(0);
  clear(region.scratch, region.scratchSize);
  clear(region.dictionary, region.dictionarySize * DICTIONARY_ENTRY_SIZE);
  clear(region.syns, region.synCount * SYN_SIZE);
  clear(region.flowBuckets, region.flowBucketCount * FLOW_BUCKET_SIZE);
}
