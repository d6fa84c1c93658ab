import { PERF_BUFFER, PERF_CURSOR } from '../layout/generated.js';
import { PAGE } from './map.js';

/** Most bytes of a sample: its size is a u16 (struct perf_event_header, linux/perf_event.h). */
const SAMPLE_MAX = 65536;

/**
 * Where a worker's perf buffer lies in its window; offsets and sizes are in bytes.
 *
 * ```
 *   window: | perf_buffer | perf_cursor of each ring | spare | page of the 1st ring | data | page of the 2nd …
 * ```
 */
export interface PerfWindow {
  /** Offset of the room for a sample in one piece. */
  readonly spare: number;
  /** Offset of the first ring's page of the kernel, which its data follows. */
  readonly first: number;
  /** From one ring to the next. */
  readonly stride: number;
  readonly size: number;
}

export function perfWindow(rings: number, ringSize: number, pageSize: number): PerfWindow {
  const spare = Math.ceil((PERF_BUFFER.SIZE + rings * PERF_CURSOR.SIZE) / 64) * 64;
  const first = Math.ceil((spare + SAMPLE_MAX) / PAGE) * PAGE;
  const stride = pageSize + ringSize;
  return { spare, first, stride, size: first + rings * stride };
}
