/** A recording on real threads, fed from memory. */
import { join } from 'node:path';
import { usesSimd } from '#src/decode/simd.js';
import { parseCaptureHeader } from '#src/memory/capture-header.js';
import type { SealedBlock } from '#src/pool/messages.js';
import { ProfileWriter } from '#src/profile/writer.js';
import { Recorder, type RecorderResult } from '#src/recorder/recorder.js';
import { temporary } from './cli.js';

export interface RecordingOptions {
  workers: number;
  /**
   * Called with every block, in place of the writer, who is told to go on by `written`. With the block, the worker gets
   * the memory of its frame back.
   */
  onBlock?: (block: SealedBlock, written: (block?: SealedBlock) => void) => void;
  /** Called before each chunk is read. */
  beforeChunk?: (recorder: Recorder, chunk: number) => Promise<void> | void;
  /** Bytes of a chunk. Default: as many as there is room for. */
  chunk?: number;
}

export interface RecordingResult extends RecorderResult {
  path: string;
  rebuilt: string[];
  blocks: SealedBlock[];
}

/** Records a capture given as bytes. */
export async function recordOnThreads(
  t: { teardown(fn: () => void): void },
  capture: Uint8Array,
  { workers, onBlock, beforeChunk, chunk = Number.POSITIVE_INFINITY }: RecordingOptions,
): Promise<RecordingResult> {
  const path = join(temporary(t), 'out.mbp');
  const header = parseCaptureHeader(capture.subarray(0, 24));
  const run = new Uint8Array(16);
  const ports = [[11211, 11211]] as const;
  const profile = ProfileWriter.create(path, {
    force: false,
    header: {
      run,
      created_ns: 0n,
      tool: 'test',
      source: 'file',
      unit: header.unit,
      workers,
      ports,
      key_id: new Uint8Array(8),
    },
  });
  let at: number = header.size;
  let chunks = 0;
  const reader = {
    get bytesRead() {
      return at;
    },
    async read(into: Uint8Array) {
      await beforeChunk?.(recorder, chunks++);
      const part = capture.subarray(at, at + Math.min(into.length, chunk));
      into.set(part);
      at += part.length;
      return part.length;
    },
    stop() {},
    close() {},
  };
  const rebuilt: string[] = [];
  const blocks: SealedBlock[] = [];
  const recorder: Recorder = new Recorder(
    {
      feed: { kind: 'captures', captures: [{ name: 'test', header, reader, bytesTotal: capture.length }] },
      sample: 1,
      simd: usesSimd(),
      workers,
      buffer: undefined,
      ports,
      count: 0,
      duration: 0n,
      run,
      key: new Uint8Array(16),
      addressKey: new Uint8Array(16),
      hashSeed: 1n,
      zeroCopy: true,
    },
    {
      onBlock(block) {
        profile.writeBlock(block.frame, block);
        blocks.push(block);
        if (onBlock === undefined) recorder.blockWritten();
        else onBlock(block, (written) => recorder.blockWritten(written));
      },
      onRebuilt: (worker, why) => rebuilt.push(`${worker}: ${why}`),
    },
  );
  try {
    await recorder.ready();
    const result = await recorder.run();
    const counts = Object.fromEntries(Object.entries(result.counters).filter(([, value]) => value > 0));
    profile.finish({ ended: result.ended, elapsed_ns: 1n, counts, first_ns: 0n, last_ns: 0n });
    return { ...result, path, rebuilt, blocks };
  } finally {
    await recorder.close();
  }
}
