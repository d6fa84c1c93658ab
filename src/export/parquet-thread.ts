/** A thread that encodes row groups of Parquet: takes the batches of a group, and sends the group back. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Batch } from './batch.js';
import { GroupEncoder } from './group-encoder.js';
import type { FromGroupThread, ToGroupThread } from './group-messages.js';
import type { EventShape } from './shapes.js';

const batches = workerData as readonly Batch[];
const shapes: EventShape[] = [];
const encoder = new GroupEncoder();

function send(message: FromGroupThread, memory: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, memory);
}

parentPort!.on('message', (message: ToGroupThread) => {
  if (message.kind === 'seal') {
    const group = encoder.seal();
    send({ kind: 'group', number: message.number, group }, [group.bytes.buffer as ArrayBuffer]);
    return;
  }
  const { index, rows } = message;
  shapes.push(...message.shapes);
  const batch = batches[index]!;
  batch.rows = rows;
  encoder.add(batch, shapes);
  send({ kind: 'free', index });
});
