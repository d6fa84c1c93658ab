import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { MembenchError } from '../errors.js';
import { READY, type SealedBlock, type WorkerTask } from './messages.js';

/** Cores this process may use. */
export const defaultWorkers = availableParallelism;

/** The running workers: one long-lived task each. */
export interface Pool {
  /** Resolves when every worker has loaded all it needs; rejects when one failed. */
  readonly ready: Promise<void>;
  /** Resolves when every worker has ended, with all their blocks delivered; rejects when one failed. */
  readonly done: Promise<void>;
  /** Stops the threads. */
  close(): Promise<void>;
}

/**
 * Starts the workers.
 *
 * @param tasks one for each worker, without its port
 * @param onBlock called on this thread for every sealed block
 */
export function startPool(
  tasks: readonly Omit<WorkerTask, 'port'>[],
  onBlock: (block: SealedBlock) => void,
): Pool {
  const piscina = new Piscina({
    filename: fileURLToPath(new URL('./worker.js', import.meta.url)),
    minThreads: tasks.length,
    maxThreads: tasks.length,
    // A task lasts as long as the recording: idle threads must not be reaped, tasks must not share one.
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 1,
  });
  const ports: MessagePort[] = [];
  let waiting = tasks.length;
  let onReady = () => {};
  const allReady = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const runs = tasks.map(async (task) => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1);
    let received = 0;
    let onReceived = () => {};
    port1.on('message', (block: SealedBlock | typeof READY) => {
      if (block === READY) {
        if (--waiting === 0) onReady();
        return;
      }
      received++;
      onBlock(block);
      onReceived();
    });
    let sent: number;
    try {
      sent = await piscina.run({ ...task, port: port2 }, { transferList: [port2] });
    } catch (error) {
      throw new MembenchError(
        'ERR_MEMBENCH_WORKER',
        `worker ${task.worker}: ${(error as Error).message}`,
        undefined,
        error,
      );
    }
    // The result and the blocks come through different ports, in no common order.
    await new Promise<void>((resolve) => {
      onReceived = () => {
        if (received === sent) resolve();
      };
      onReceived();
    });
  });
  const done = Promise.all(runs).then(() => undefined);
  const ready = Promise.race([allReady, done]);
  // Whoever waits is told; when nobody does any more, it is no news.
  ready.catch(() => {});
  return {
    done,
    ready,
    async close() {
      for (const port of ports) port.close();
      await piscina.destroy();
    },
  };
}
