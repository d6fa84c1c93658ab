import { receiveMessageOnPort } from 'node:worker_threads';
import type { Core } from '../decode/core.js';
import { COUNTER_NAMES, ENVELOPE_MAX } from '../layout/generated.js';
import { regionAddress } from '../memory/map.js';
import type { RingReader } from '../memory/ring-reader.js';
import type { WorkerState } from '../memory/worker-state.js';
import { blockPrefix, FRAME_HEAD, FRAME_TAIL, sealFrame } from '../profile/envelope.js';
import { sealedMeta, sealedPayload } from '../profile/sealed.js';
import type { SealedBlock, WorkerTask } from './messages.js';

/** Memory of frames is a multiple of this, bytes, so that that of one fits the next. */
const FRAME_UNIT = 128 * 1024;

/** The part of KernelRing that sealing needs. */
export interface KernelSide {
  count(): void;
}

/** Seals the open block, in the phase `sealing`. */
export function sealNow(core: Core, state: WorkerState): void {
  state.begin('sealing', 0n);
  core.sealNow();
  state.end();
}

/** Frames the blocks that a worker's parser seals, and sends them to the writer. */
export class BlockSealer {
  readonly #task: WorkerTask;
  readonly #ring: RingReader;
  readonly #kernel: KernelSide | null;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #base: number;
  readonly #state: WorkerState;

  constructor(task: WorkerTask, state: WorkerState, ring: RingReader, kernel: KernelSide | null) {
    this.#task = task;
    this.#ring = ring;
    this.#kernel = kernel;
    this.#bytes = new Uint8Array(task.memory.buffer);
    this.#view = new DataView(task.memory.buffer);
    this.#base = regionAddress(task.map, task.worker);
    this.#state = state;
  }

  /** Called by the parser when its open block is full or flushed. */
  seal(core: Core): void {
    const info = this.#base + this.#task.map.region.blockInfo.at;
    const { at: payload, size } = sealedPayload(this.#view, info);
    this.#ring.waitForWriter();
    this.#kernel?.count();
    const totals = this.#state.totals();
    const { run, worker, unit, clock } = this.#task;
    const by = { run, worker, unit, clock, seq: this.#state.blocks, counts: this.#counts(totals) };
    const meta = sealedMeta(this.#view, info, by);
    const prefix = blockPrefix(meta, size);
    if (FRAME_HEAD + prefix.length + FRAME_TAIL > ENVELOPE_MAX) {
      throw new Error(`block envelope of ${prefix.length} bytes`);
    }
    // The rest of the body is written right before the payload, so that one checksum covers both.
    const body = payload - prefix.length;
    const bodySize = prefix.length + size;
    this.#bytes.set(prefix, body);
    // V8 copies out of shared memory in words where both addresses are equal modulo 8, and otherwise in bytes,
    // which takes ten times as long (Relaxed_Memmove in src/base/atomicops.h).
    const skew = (body - FRAME_HEAD) & 7;
    const frame = this.#frame(skew + FRAME_HEAD + bodySize + FRAME_TAIL).subarray(skew);
    frame.set(this.#bytes.subarray(body, body + bodySize), FRAME_HEAD);
    sealFrame(frame, 'MBBK', bodySize, core.crc32c(body, bodySize));
    const block: SealedBlock = {
      frame,
      worker: meta.worker,
      seq: meta.seq,
      events: meta.events,
      minNs: meta.min_ns,
      maxNs: meta.max_ns,
      counts: meta.counts,
    };
    this.#task.port.postMessage(block, [frame.buffer]);
    // Stored after sending. A thread may be ended in between, and its message arrives all the same: then the
    // receiver of the blocks sets it right (Delivered).
    this.#state.setSent(meta.seq + 1, totals);
  }

  /**
   * Memory for a frame: that of one which was written and has come back, where it is large enough. The first
   * touch of new memory takes as long as the copy.
   */
  #frame(size: number): Uint8Array<ArrayBuffer> {
    const back: { message: ArrayBuffer } | undefined = receiveMessageOnPort(this.#task.port);
    const memory =
      back !== undefined && back.message.byteLength >= size
        ? back.message
        : new ArrayBuffer(Math.ceil(size / FRAME_UNIT) * FRAME_UNIT);
    return new Uint8Array(memory, 0, size);
  }

  /** The increase of each counter since the last block. */
  #counts(totals: BigUint64Array): Record<string, number> {
    const { sealed } = this.#state;
    const counts: Record<string, number> = {};
    COUNTER_NAMES.forEach((name, i) => {
      const gained = totals[i]! - sealed[i]!;
      if (gained) counts[name] = Number(gained);
    });
    return counts;
  }
}
