import { clearRegion } from '../memory/map.js';
import type { WorkerState } from '../memory/worker-state.js';
import type { Packets } from './loop.js';
import type { WorkerTask } from './messages.js';

/**
 * Prepares a worker's region for a new parser after the previous one trapped, hung or died. Events that are
 * in no sealed block are given up, and their packets are counted as lost, as is the rest of the current
 * batch. The new parser joins the flows in mid-stream. A recovery that was interrupted can be repeated.
 */
export function recover(task: WorkerTask, state: WorkerState, packets: Packets): void {
  state.planLoss(() => packets.lost());
  state.loseUnsealed();
  packets.giveUp();
  clearRegion(task.memory.buffer, task.map, task.worker);
  state.end();
}
