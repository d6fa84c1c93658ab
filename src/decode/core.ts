import { LAYOUT_HASH } from '../layout/generated.js';

/** The exports of the WASM parser; addresses and sizes are in bytes of its memory. See assembly/index.ts. */
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
  decodeRing(at: number, size: number, limit: number, now: bigint): number;
  decodePerf(buffer: number, limit: number, now: bigint): number;
  decodeBlock(block: number): void;
  lagOfRing(at: number, size: number, now: bigint): void;
  lagOfPerf(buffer: number, now: bigint): void;
  lagOfBlock(block: number, now: bigint): void;
  sealNow(): void;
  finish(): void;
  crc32c(at: number, size: number): number;
}

/** Calls from the parser to the host: one for each sealed block or batch of events. */
export interface CoreCallbacks {
  onBlock(): void;
  onEvents(count: number): void;
}

/**
 * Instantiates the parser with a memory that is laid out already.
 *
 * @throws Error where the module was built from another layout than the host, which is a bug of the build
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
