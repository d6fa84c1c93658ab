import { asBytes, asCount, asName, type Body, hex } from './body.js';

/** Packets lost while recording. */
export interface Loss {
  /** Hexadecimal digits. */
  run: string;
  worker: number;
  /** A `lost_…` counter's name without the prefix. */
  reason: string;
  packets: number;
}

/** @throws BlockError where it makes no sense */
export function readLoss(body: Body): Loss {
  return {
    run: hex(asBytes(body.run, 'run')),
    worker: asCount(body.worker, 'worker'),
    reason: asName(body.reason, 'reason'),
    packets: asCount(body.packets, 'packets'),
  };
}
