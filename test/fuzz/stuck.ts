/** A prey that hangs and traps, as a parser would that never should. */

import { Find } from './find.js';
import type { Beat, Capture } from './prey.js';

/** `(module (func (export "run") (loop (br 0))))`, in bytes. */
const LOOP = new WebAssembly.Module(
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 7, 1, 3, 0x72, 0x75, 0x6e, 0, 0],
    ...[10, 9, 1, 7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b],
  ]),
);

export const PER_SEED = 1;

/** Hangs at seed 43, finds something at 55. */
export function run(seed: number, beat: Beat): null {
  beat(0);
  if (seed === 43) (new WebAssembly.Instance(LOOP).exports as { run(): void }).run();
  if (seed === 55) throw new Find('trap', 'unreachable');
  return null;
}

export function captureOf(seed: number): Capture {
  return { room: 'roomy', capture: Uint8Array.of(seed) };
}
