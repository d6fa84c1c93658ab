/** The thread that encodes: takes filled batches, and writes or sends the bytes. */
import { parentPort, workerData } from 'node:worker_threads';
import { createEncoder, Encoding } from './encoding.js';
import type { EventShape } from './shapes.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

const { format, fd, batches } = workerData as ThreadData;
const shapes: EventShape[] = [];
let bytes: Uint8Array<ArrayBuffer>[] = [];

function send(message: FromThread): void {
  parentPort!.postMessage(
    message,
    bytes.map(({ buffer }) => buffer),
  );
  bytes = [];
}

async function start(): Promise<Encoding> {
  const output = fd ?? ((chunk: Uint8Array) => void bytes.push(new Uint8Array(chunk)));
  const encoding = new Encoding(await createEncoder(format), output);
  await encoding.start();
  return encoding;
}

async function take(encoding: Encoding, message: ToThread): Promise<void> {
  if (message === 'finish') {
    const encoded = await encoding.finish(async () => {});
    send({ kind: 'done', bytes, encoded });
    parentPort!.close();
    return;
  }
  const { index, rows } = message;
  shapes.push(...message.shapes);
  const batch = batches[index]!;
  batch.rows = rows;
  await encoding.add(batch, shapes);
  send({ kind: 'done', index, bytes });
}

const started = start();
/** Messages are dealt with one after another. */
let last: Promise<void> = started.then(() => {});
parentPort!.on('message', (message: ToThread) => {
  last = last
    .then(async () => take(await started, message))
    .catch((error: NodeJS.ErrnoException) => {
      send({ kind: 'failed', errno: error.code, text: error.message });
      parentPort!.close();
    });
});
