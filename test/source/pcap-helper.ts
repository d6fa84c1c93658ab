/**
 * A parent of the capturing child, to be run in a network namespace of a test's own: it captures, hands the
 * stream to a process that writes it to a file, and does what its stdin says. Each answer is a JSON line.
 *
 * Arguments: JSON of the options, path of the file. As a reader: `read`.
 */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MembenchError } from '#src/errors.js';
import { openPcap, type PcapOptions } from '#src/source/pcap/open.js';

/** Reads descriptor 3, which does not block, to its end. */
async function read(): Promise<void> {
  const buffer = new Uint8Array(1 << 20);
  for (;;) {
    try {
      const got = readSync(3, buffer);
      if (got === 0) return;
      for (let at = 0; at < got; ) at += writeSync(1, buffer, at, got - at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await sleep(5);
    }
  }
}

function say(what: unknown): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}

async function main(options: PcapOptions & { become?: number }, path: string): Promise<void> {
  if (options.become !== undefined) {
    process.setgroups!([]);
    process.setgid!(options.become);
    process.setuid!(options.become);
  }
  try {
    const capture = await openPcap(options);
    const { fd, linktype } = capture;
    const file = openSync(path, 'w');
    // Time for this process to read what it must not: the stream has its header by now.
    await sleep(50);
    const reader = spawn(process.execPath, [fileURLToPath(import.meta.url), 'read'], {
      stdio: ['ignore', file, 'inherit', fd],
    });
    const fifo = fstatSync(fd).isFIFO();
    closeSync(fd);
    closeSync(file);
    reader.on('exit', (code) => say({ reader: code }));
    void capture.exited.then((exit) => say({ exit }));
    say({ pid: capture.process.pid, reader: reader.pid, linktype, fifo });
    createInterface({ input: process.stdin }).on('line', () => capture.stop());
  } catch (error) {
    const { name, code, message, hint } = error as MembenchError;
    say({ name, code, message, hint });
    process.exit(0);
  }
}

if (process.argv[2] === 'read') await read();
else await main(JSON.parse(process.argv[2]!), process.argv[3]!);
