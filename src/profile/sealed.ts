import { BLOCK_INFO as B, COLUMN_NAMES, SHAPE } from '../layout/generated.js';
import type { BlockMeta } from './envelope.js';

/** What the parser does not know of a block it has sealed. */
export interface SealedBy extends Pick<BlockMeta, 'run' | 'worker' | 'seq' | 'unit' | 'counts'> {
  /** Units to add to its times. */
  clock: bigint;
}

/**
 * The fields of a block that a parser has sealed.
 *
 * @param view of the parser's memory
 * @param info address of what describes the block
 */
export function sealedMeta(view: DataView, info: number, by: SealedBy): BlockMeta {
  const u32 = (offset: number) => view.getUint32(info + offset, true);
  const u64 = (offset: number) => view.getBigUint64(info + offset, true);
  const { run, worker, seq, counts, clock } = by;
  const unit = BigInt(by.unit);
  // All other times in a block are relative to these.
  const shifted = (time: bigint) => (time === 0n ? 0n : time + clock);
  return {
    run,
    worker,
    seq,
    unit: by.unit,
    min_ns: shifted(u64(B.min_time)) * unit,
    max_ns: shifted(u64(B.max_time)) * unit,
    base_time: shifted(u64(B.base_time)),
    base_ordinal: u64(B.base_ordinal),
    base_conn_time: shifted(u64(B.base_conn_time)),
    events: u32(B.events),
    requests: u32(B.requests),
    conns: u32(B.conns),
    keys: u32(B.keys),
    shapes: shapesAt(view, u32(B.shape_table), u32(B.shapes)),
    columns: COLUMN_NAMES.map((name, i): [string, number] => [name, u32(B.column_ends + i * 4)]).filter(
      ([, bytes]) => bytes > 0,
    ),
    counts,
  };
}

/** The payload of a block that a parser has sealed: its columns, one after another. */
export function sealedPayload(view: DataView, info: number): { at: number; size: number } {
  return { at: view.getUint32(info + B.payload, true), size: view.getUint32(info + B.payload_size, true) };
}

function shapesAt(view: DataView, table: number, count: number): (number | bigint)[][] {
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
