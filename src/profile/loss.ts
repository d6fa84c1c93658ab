import { asBytes, asCount, asName, type Body } from './body.js';
import { hex } from './bytes.js';

/** Packets lost while recording. */
export interface Loss {
  /** Hexadecimal digits. */
  run: string;
  worker: number;
  /** Name of a `lost_…` counter without the prefix. */
  reason: string;
  packets: number;
}

/** Reads a loss record. @throws BlockError where it is invalid */
export function readLoss(body: Body): Loss {
  return {
    run: hex(asBytes(body.run, 'run')),
    worker: asCount(body.worker, 'worker'),
    reason: asName(body.reason, 'reason'),
    packets: asCount(body.packets, 'packets'),
  };
}
