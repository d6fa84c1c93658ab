/** Damage done to a recorder in another process, through /proc (proc_pid_mem(5)): root may. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { regionAddress } from '#src/memory/map.js';
import { Recorder } from '#src/recorder/recorder.js';

/** As source/afpacket/open.ts has it. */
const BLOCK_SIZE = 256 * 1024;

/**
 * Leaves no free bucket in the flow table of the only worker of an afpacket: recording of its defaults: its
 * next search has no end. Its socket's ring, mapped in its window, shows where its memory lies.
 */
export function hangFromOutside(pid: number): void {
  const ring = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+ +socket:\[\d+\]$/m.exec(
    readFileSync(`/proc/${pid}/maps`, 'latin1'),
  )!;
  const [window, end] = [Number.parseInt(ring[1]!, 16), Number.parseInt(ring[2]!, 16)];
  const { map } = new Recorder(
    {
      feed: {
        kind: 'packet rings',
        sockets: [0],
        blockSize: BLOCK_SIZE,
        blockCount: (end - window) / BLOCK_SIZE,
        blockTimeout: 1,
        linktype: 1,
      },
      workers: 1,
      buffer: undefined,
      ports: [],
      count: 0,
      duration: 0n,
      run: new Uint8Array(16),
      key: new Uint8Array(16),
      addressKey: new Uint8Array(16),
      hashSeed: 0n,
      sample: 1,
      simd: true,
      zeroCopy: true,
    },
    { onBlock() {}, onRebuilt() {} },
  ).shared;
  const { region } = map;
  const memory = window - regionAddress(map, 0) - region.window.at;
  const fd = openSync(`/proc/${pid}/mem`, 'r+');
  try {
    const bytes = Buffer.alloc(region.flowBucketCount * 8, 0xff);
    const at = memory + regionAddress(map, 0) + region.flowBuckets.at;
    if (writeSync(fd, bytes, 0, bytes.length, at) !== bytes.length) throw new Error('a short write');
  } finally {
    closeSync(fd);
  }
}
