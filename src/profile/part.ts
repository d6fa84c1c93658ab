import { addCounts } from './counts.js';
import type { BlockInfo, FooterInfo, ProfileWriter } from './writer.js';

/** One file of a series while it is written, and what its own blocks and losses add up to. */
export class Part {
  readonly writer: ProfileWriter;
  /** Wall clock when it was begun, ms since 1970. */
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
    // The times of a block without events say nothing.
    if (block.events === 0) return;
    if (this.#firstNs === 0n || block.minNs < this.#firstNs) this.#firstNs = block.minNs;
    if (block.maxNs > this.#lastNs) this.#lastNs = block.maxNs;
  }

  /** @throws ERR_MEMBENCH_PROFILE_WRITE */
  writeLoss(worker: number, reason: string, packets: number): void {
    this.writer.writeLoss(worker, reason, packets);
    addCounts(this.counts, { [`lost_${reason}`]: packets });
  }

  /** What its footer tells where the recording goes on in another part. */
  footer(): FooterInfo {
    return {
      ended: 'rotated',
      // Not by the wall clock, which may be set back.
      elapsed_ns: process.hrtime.bigint() - this.#started,
      counts: this.counts,
      first_ns: this.#firstNs,
      last_ns: this.#lastNs,
    };
  }
}
