import { addCounts } from '../profile/counts.js';
import { writeAll } from '../profile/create.js';
import type { Assembler } from './assembler.js';
import type { Encoded } from './encoder.js';
import type { ExportSink } from './options.js';

/** What was written. */
export interface Written {
  /** Bytes of the whole file. */
  bytes: number;
  /** Values that were changed, and how many. */
  changed: Record<string, number>;
  /** Events that were left out because their object's size was never seen. */
  withoutSize: number;
}

/** Writes encoded batches, in order, to a file or a sink. */
export class Output {
  readonly #assembler: Assembler;
  readonly #target: number | ExportSink;
  readonly #changed: Record<string, number> = {};
  #bytes = 0;

  /** @param target a file descriptor open for reading and writing, or a sink */
  constructor(assembler: Assembler, target: number | ExportSink) {
    this.#assembler = assembler;
    this.#target = target;
  }

  async start(): Promise<void> {
    await this.#write(this.#assembler.start());
  }

  async add(encoded: Encoded, rows: number): Promise<void> {
    addCounts(this.#changed, encoded.changed ?? {});
    await this.#write(this.#assembler.add(encoded, rows));
  }

  /** Writes what is left. */
  async finish(onChunk: () => Promise<void>): Promise<Written> {
    await this.#write(this.#assembler.end());
    if (typeof this.#target === 'number')
      this.#bytes -= (await this.#assembler.revise?.(this.#target, onChunk)) ?? 0;
    addCounts(this.#changed, this.#assembler.changed);
    const { withoutSize } = this.#assembler;
    return { bytes: this.#bytes, changed: this.#changed, withoutSize };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#bytes += bytes.length;
    if (bytes.length === 0) return;
    if (typeof this.#target === 'number') writeAll(this.#target, bytes);
    // A copy, because the sink may keep it, and this memory is used again.
    else await this.#target(bytes.slice());
  }
}
