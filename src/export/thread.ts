/** A thread that decodes blocks and encodes batches. */
import { parentPort, workerData } from 'node:worker_threads';
import type { EventShape } from '../profile/shapes.js';
import { type Encoder, OutputBuffer } from './encoder.js';
import { createEncoder } from './formats.js';
import { decodeInto } from './shared-block.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

const { format, batches } = workerData as ThreadData;
const shapes: EventShape[] = [];

/** The answer to a message, and memory that is transferred with it, because it is not shared. */
function perform(encoder: Encoder, message: ToThread): [FromThread, ArrayBuffer[]] {
  const { id, memory } = message;
  if (message.kind === 'decode') {
    const result = decodeInto(message.task, memory);
    if (typeof result === 'string') return [{ id, kind: 'damaged', reason: result }, []];
    return [{ id, kind: 'block', block: result }, []];
  }
  const { index, rows, blocks } = message;
  shapes.push(...message.shapes);
  const encoded = encoder.encode({ ...batches[index]!, rows, blocks }, shapes, new OutputBuffer(memory));
  const { buffer } = encoded.bytes;
  return [{ id, kind: 'encoded', encoded }, buffer instanceof ArrayBuffer ? [buffer] : []];
}

createEncoder(format).then((encoder) => {
  parentPort!.on('message', (message: ToThread) => parentPort!.postMessage(...perform(encoder, message)));
});
