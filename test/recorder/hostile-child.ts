/**
 * A recorder that packets have taken over: it says what stands in its descriptor of the feed, one JSON line each,
 * and does nothing else. Argument as main.ts has it.
 */
import { readFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHANNEL_FD, FIRST_FD } from '#src/recorder/messages.js';

export type Step =
  /** Bytes for its parent, base64. */
  | { say: string }
  /** The same again and again, for ever, and never listens. */
  | { flood: string }
  /** Goes on when it was told something of this type. */
  | { await: number }
  | { stderr: string }
  /** Once the kernel has all that it said. */
  | { exit: number };

const socket = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
let heard = Buffer.alloc(0);
let wake = () => {};
socket.on('data', (chunk) => {
  heard = Buffer.concat([heard, chunk]);
  wake();
});

/** Drops what it hears up to a message of this type. */
async function hear(type: number): Promise<void> {
  for (;;) {
    while (heard.length >= 5 && heard.length >= 5 + heard.readUInt32LE(1)) {
      const found = heard[0] === type;
      heard = heard.subarray(5 + heard.readUInt32LE(1));
      if (found) return;
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

// Whatever happens to it, it does not end by itself before its test is over.
setTimeout(() => process.exit(9), 60_000);
socket.on('error', () => {});
for (const line of readFileSync(FIRST_FD, 'utf8').split('\n').filter(Boolean)) {
  const step: Step = JSON.parse(line);
  if ('await' in step) await hear(step.await);
  if ('say' in step) socket.write(Buffer.from(step.say, 'base64'));
  if ('stderr' in step) writeSync(2, step.stderr);
  if ('exit' in step) {
    while (socket.writableLength > 0) await sleep(1);
    process.exit(step.exit);
  }
  if ('flood' in step) {
    socket.pause();
    // Numbers of blocks have to grow.
    const block = Buffer.from(step.flood, 'base64');
    for (let seq = 0; ; seq++) {
      block.writeUInt32LE(seq, 5 + 4);
      if (!socket.write(Uint8Array.from(block)))
        await new Promise((resolve) => socket.once('drain', resolve));
    }
  }
}
