import type { Core } from '../decode/core.js';
import { BLOCK_INFO as B, COLUMN_NAMES, COUNTER_NAMES, ENVELOPE_MAX, SHAPE } from '../layout/generated.js';
import type { RingReader } from '../memory/batch-ring.js';
import { regionAddress } from '../memory/map.js';
import { WorkerState } from '../memory/worker-state.js';
import { type BlockMeta, blockPrefix, FRAME_HEAD, FRAME_TAIL, sealFrame } from '../profile/envelope.js';
import type { SealedBlock, WorkerTask } from './messages.js';

/** What a block needs to know of a kernel ring; see KernelRing. */
export interface KernelSide {
  clock(): bigint;
  count(): void;
}

/** Wraps the blocks one worker's parser seals and sends them to the writer. */
export class BlockSealer {
  readonly #task: WorkerTask;
  readonly #ring: RingReader;
  readonly #kernel: KernelSide | null;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #base: number;
  readonly #state: WorkerState;

  constructor(task: WorkerTask, ring: RingReader, kernel: KernelSide | null = null) {
    this.#task = task;
    this.#ring = ring;
    this.#kernel = kernel;
    this.#bytes = new Uint8Array(task.memory.buffer);
    this.#view = new DataView(task.memory.buffer);
    this.#base = regionAddress(task.map, task.worker);
    this.#state = new WorkerState(task.memory.buffer, task.map, task.worker);
  }

  /** Called by the parser when its open block is full or flushed. */
  seal(core: Core): void {
    const info = this.#base + this.#task.map.region.blockInfo.at;
    const payload = this.#view.getUint32(info + B.payload, true);
    const size = this.#view.getUint32(info + B.payload_size, true);
    const meta = this.#meta(info);
    const prefix = blockPrefix(meta, size);
    if (FRAME_HEAD + prefix.length + FRAME_TAIL > ENVELOPE_MAX) {
      throw new Error(`block envelope of ${prefix.length} bytes`);
    }
    // The body is put together in front of the payload, so that the parser can checksum it in one go.
    const body = payload - prefix.length;
    const bodySize = prefix.length + size;
    this.#bytes.set(prefix, body);
    const frame = new Uint8Array(FRAME_HEAD + bodySize + FRAME_TAIL);
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
    this.#ring.blockSealed();
    this.#task.port.postMessage(block, [frame.buffer]);
    this.#state.blocks++;
  }

  #meta(info: number): BlockMeta {
    const view = this.#view;
    const u32 = (offset: number) => view.getUint32(info + offset, true);
    const u64 = (offset: number) => view.getBigUint64(info + offset, true);
    const unit = BigInt(this.#task.unit);
    // All other times in a block are differences: to move these is to move the block.
    const clock = this.#kernel?.clock() ?? 0n;
    const shifted = (time: bigint) => (time === 0n ? 0n : time + clock);
    this.#kernel?.count();
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
      counts: this.#counts(),
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
      ];
    });
  }

  /** What the counters gained since the last block. */
  #counts(): Record<string, number> {
    const { counters, sealed } = this.#state;
    const counts: Record<string, number> = {};
    COUNTER_NAMES.forEach((name, i) => {
      const gained = counters[i]! - sealed[i]!;
      sealed[i] = counters[i]!;
      if (gained) counts[name] = Number(gained);
    });
    return counts;
  }
}
