import type { Core } from '../decode/core.js';
import { BLOCK_INFO as B, COLUMN_NAMES, COUNTER_NAMES, ENVELOPE_MAX, SHAPE } from '../layout/generated.js';
import { regionAddress } from '../memory/map.js';
import type { RingReader } from '../memory/ring-reader.js';
import type { WorkerState } from '../memory/worker-state.js';
import { type BlockMeta, blockPrefix, FRAME_HEAD, FRAME_TAIL, sealFrame } from '../profile/envelope.js';
import type { SealedBlock, WorkerTask } from './messages.js';

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
    const payload = this.#view.getUint32(info + B.payload, true);
    const size = this.#view.getUint32(info + B.payload_size, true);
    this.#ring.waitForWriter();
    this.#kernel?.count();
    const totals = this.#state.totals();
    const meta = this.#meta(info, totals);
    const prefix = blockPrefix(meta, size);
    if (FRAME_HEAD + prefix.length + FRAME_TAIL > ENVELOPE_MAX) {
      throw new Error(`block envelope of ${prefix.length} bytes`);
    }
    // The rest of the body is written right before the payload, so that one checksum covers both.
    const body = payload - prefix.length;
    const bodySize = prefix.length + size;
    this.#bytes.set(prefix, body);
    const frame = Buffer.allocUnsafeSlow(FRAME_HEAD + bodySize + FRAME_TAIL);
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

  #meta(info: number, totals: BigUint64Array): BlockMeta {
    const view = this.#view;
    const u32 = (offset: number) => view.getUint32(info + offset, true);
    const u64 = (offset: number) => view.getBigUint64(info + offset, true);
    const unit = BigInt(this.#task.unit);
    // All other times in a block are relative to these.
    const { clock } = this.#task;
    const shifted = (time: bigint) => (time === 0n ? 0n : time + clock);
    return {
      run: this.#task.run,
      worker: this.#task.worker,
      seq: this.#state.blocks,
      unit: this.#task.unit,
      min_ns: shifted(u64(B.min_time)) * unit,
      max_ns: shifted(u64(B.max_time)) * unit,
      base_time: shifted(u64(B.base_time)),
      base_ordinal: u64(B.base_ordinal),
      base_conn_time: shifted(u64(B.base_conn_time)),
      events: u32(B.events),
      requests: u32(B.requests),
      conns: u32(B.conns),
      keys: u32(B.keys),
      shapes: this.#shapes(u32(B.shape_table), u32(B.shapes)),
      columns: COLUMN_NAMES.map((name, i): [string, number] => [name, u32(B.column_ends + i * 4)]).filter(
        ([, bytes]) => bytes > 0,
      ),
      counts: this.#counts(totals),
    };
  }

  #shapes(table: number, count: number): (number | bigint)[][] {
    const view = this.#view;
    return Array.from({ length: count }, (_, i) => {
      const at = table + i * SHAPE.SIZE;
      const flags = view.getBigUint64(at + SHAPE.meta_flags, true);
      return [
        view.getUint8(at + SHAPE.op),
        view.getUint8(at + SHAPE.status),
        view.getUint8(at + SHAPE.proto),
        view.getUint8(at + SHAPE.transport),
        view.getUint8(at + SHAPE.mode),
        view.getUint8(at + SHAPE.marks),
        view.getUint8(at + SHAPE.traits),
        view.getUint32(at + SHAPE.present, true),
        // 52 bits: exact as a double.
        Number(flags),
        view.getUint8(at + SHAPE.flags),
      ];
    });
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
