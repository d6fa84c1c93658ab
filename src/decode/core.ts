import { LAYOUT_HASH } from '../layout/generated.js';

/** What the WASM parser exports; addresses are byte offsets in its memory. See assembly/index.ts. */
export interface Core {
  layoutHash(): number;
  init(config: number): void;
  indexSlot(
    chunk: number,
    size: number,
    lists: number,
    stride: number,
    workers: number,
    room: number,
  ): number;
  decodeSlot(list: number, ordinal: bigint): void;
  decodeRing(at: number, size: number, limit: number): number;
  decodeBlock(block: number): void;
  lagOfRing(at: number, size: number, now: bigint): void;
  lagOfBlock(block: number, now: bigint): void;
  sealNow(): void;
  finish(): void;
  crc32c(at: number, size: number): number;
}

/** Called from within the parser: once a block, once a batch of events. */
export interface CoreCallbacks {
  onBlock(): void;
  onEvents(count: number): void;
}

/**
 * Instantiates the parser over a memory laid out already.
 *
 * @throws Error where module and host were built from different layouts: a broken build, not the world's fault
 */
export function createCore(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  callbacks: CoreCallbacks,
): Core {
  const instance = new WebAssembly.Instance(module, { env: { memory, ...callbacks } });
  const core = instance.exports as unknown as Core;
  const hash = core.layoutHash() >>> 0;
  if (hash !== LAYOUT_HASH) {
    throw new Error(
      `the WASM parser was built for layout ${hash.toString(16)}, this host for ${LAYOUT_HASH.toString(16)}: rebuild`,
    );
  }
  return core;
}
