/** What a hunt (`hunt.ts`) needs to know of what it is hunting in: a module that runs seeds. */
import type { Room } from './parser.js';

/** Called before each execution of a seed, with how many of it are done. */
export type Beat = (done: number) => void;

/** Bytes that are a capture, and how they were given to the parsers. */
export interface Capture {
  room: Room;
  capture: Uint8Array;
  /** Bytes of the second twin's pieces. */
  step?: number;
}

export interface Prey {
  /** Executions of a seed. */
  PER_SEED: number;
  /**
   * Runs a seed, and returns what the parser counted meanwhile, if anything.
   *
   * @throws Find
   */
  run(seed: number, beat: Beat): Uint32Array | null;
  /** The same packets, up to the execution before which `done` were done. */
  captureOf(seed: number, done: number): Capture;
}
