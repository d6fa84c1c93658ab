/** A thread that sends. */
import { parentPort, workerData } from 'node:worker_threads';
import { Commands } from './commands.js';
import { Incoming } from './incoming.js';
import type { FromThread, ThreadData, ToThread } from './messages.js';
import { openWires } from './open-wires.js';
import { rehearse } from './rehearse.js';
import { Sender } from './sender.js';
import type { Tally } from './tally.js';

/** Milliseconds between two reports of progress. */
const INTERVAL = 250;

const { share, options, baseNs } = workerData as ThreadData;
const send = (message: FromThread) => parentPort!.postMessage(message);
const incoming = new Incoming(
  () => send({ kind: 'taken' }),
  (memory) => send({ kind: 'released', memory }),
);
const wires = await openWires(options.address);
await rehearse(options);
const sender = new Sender(new Commands(incoming, share), options, wires, baseNs);
let isPrepared = false;

async function prepare(): Promise<void> {
  if (isPrepared || !sender.isReady) return;
  isPrepared = true;
  await sender.prepare();
  send({ kind: 'ready' });
}

function progressOf(tally: Tally) {
  let hits = 0;
  let misses = 0;
  for (const op of tally.ops) {
    hits += op?.hits ?? 0;
    misses += op?.misses ?? 0;
  }
  const { requests, commands, errors } = tally;
  return { requests, commands, hits, misses, errors };
}

parentPort!.on('message', async (message: ToThread) => {
  switch (message.kind) {
    case 'delivery':
      incoming.put(message.delivery);
      sender.wake();
      await prepare();
      break;
    case 'slice': {
      const timer = setInterval(
        () => send({ kind: 'progress', progress: progressOf(sender.tally) }),
        INTERVAL,
      );
      const end = await sender.run(message.slice);
      clearInterval(timer);
      send({ kind: 'slice', end, tally: sender.tally.toData() });
      break;
    }
    case 'stop':
      sender.stop();
      break;
    case 'close':
      sender.close();
      parentPort!.close();
      break;
    default:
  }
});
