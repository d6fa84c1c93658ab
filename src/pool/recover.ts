import { clearRegion } from '../memory/map.js';
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
  clearRegion(task.memory.buffer, task.map, task.worker);
  state.end();
}
