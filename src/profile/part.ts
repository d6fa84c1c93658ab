import { addCounts } from './counts.js';
import type { BlockInfo, FooterInfo, ProfileWriter } from './writer.js';

/** A file of a series that is being written, with the sums of its own blocks and losses. */
export class Part {
  readonly writer: ProfileWriter;
  /** Wall clock at its beginning, ms since 1970. */
  readonly begun: number;
  readonly counts: Record<string, number> = {};
  readonly #started = process.hrtime.bigint();
  #firstNs = 0n;
  #lastNs = 0n;

  constructor(writer: ProfileWriter, begun: number) {
    this.writer = writer;
    this.begun = begun;
  }

  /** @throws ERR_MEMBENCH_PROFILE_WRITE */
  writeBlock(frame: Uint8Array, block: BlockInfo): void {
    this.writer.writeBlock(frame, block);
    addCounts(this.counts, block.counts);
    // A block without events has no times.
    if (block.events === 0) return;
    if (this.#firstNs === 0n || block.minNs < this.#firstNs) this.#firstNs = block.minNs;
    if (block.maxNs > this.#lastNs) this.#lastNs = block.maxNs;
  }

  /** @throws ERR_MEMBENCH_PROFILE_WRITE */
  writeLoss(worker: number, reason: string, packets: number): void {
    this.writer.writeLoss(worker, reason, packets);
    addCounts(this.counts, { [`lost_${reason}`]: packets });
  }

  /** The fields of its footer where the recording goes on in another part. */
  footer(): FooterInfo {
    return {
      ended: 'rotated',
      // Measured by CLOCK_MONOTONIC, because the wall clock may be set back.
      elapsed_ns: process.hrtime.bigint() - this.#started,
      counts: this.counts,
      first_ns: this.#firstNs,
      last_ns: this.#lastNs,
    };
  }
}
