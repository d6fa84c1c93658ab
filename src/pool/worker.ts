/**
 * The worker's whole life is one call: it ends when the source has ended and all is decoded, and returns
 * how many blocks were sent. A parser that traps is replaced here; a thread that hangs or dies, by the pool.
 */
import { type Core, createCore } from '../decode/core.js';
import { RingReader } from '../memory/batch-ring.js';
import { WorkerState } from '../memory/worker-state.js';
import { decodeBatches } from './batches.js';
import { BlockSealer } from './block-sealer.js';
import { openBpfRing } from './bpf-ring.js';
import { drain, type KernelRing } from './drain.js';
import { type FromWorker, READY, type WorkerTask } from './messages.js';
import { openPacketRing } from './packet-ring.js';
import { recover } from './recover.js';

/** Parsers one worker may use up: what traps at every packet is a broken build, not a strange packet. */
const TRAPS_MAX = 1000;

export default async function work(task: WorkerTask): Promise<number> {
  const { map, memory, port } = task;
  const state = new WorkerState(memory.buffer, map, task.worker);
  const ring = new RingReader(memory.buffer as unknown as SharedArrayBuffer, map, state);
  const kernel = await openRing(task, state);
  const sealer = new BlockSealer(task, ring, kernel);
  const newCore = (): Core => {
    const core = createCore(task.module, memory, { onBlock: () => sealer.seal(core), onEvents() {} });
    core.init(task.config);
    return core;
  };
  if (task.again) recover(task, state, ring, kernel);
  port.postMessage(READY satisfies FromWorker);
  for (let traps = 0; ; traps++) {
    try {
      const core = newCore();
      if (kernel === null) decodeBatches(task, ring, core, state);
      else drain(kernel, ring, core);
      core.finish();
      break;
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError) || traps === TRAPS_MAX) throw error;
      recover(task, state, ring, kernel);
      port.postMessage({ trapped: error.message } satisfies FromWorker);
    }
  }
  kernel?.close();
  return state.blocks;
}

async function openRing(task: WorkerTask, state: WorkerState): Promise<KernelRing | null> {
  switch (task.ring?.kind) {
    case 'bpf ring':
      return openBpfRing(task, task.ring, state);
    case 'packet ring':
      return openPacketRing(task, task.ring, state);
    default:
      return null;
  }
}
