/** Options of what is sent slice by slice. */
import { draws } from '../analyze/compare.js';
import { MembenchError } from '../errors.js';
import type { ReplayOptions } from './options.js';
import type { Draw } from './statistics.js';

/** What a sweep, a search and a comparison take besides what every replay takes. */
export interface SlicesOptions {
  /** What random choices begin with, 1 to 2^32 − 1. Default: another one every time; the result tells it. */
  seed?: number;
  /** Called before each slice with what is being done, a few words. */
  onStage?: (stage: string) => void;
}

const SEED_MAX = 2 ** 32 - 1;

/**
 * The seed that was given, or any.
 *
 * @throws ERR_MEMBENCH_USAGE
 */
export function checkSeed(seed = 1 + Math.floor(Math.random() * SEED_MAX)): number {
  if (Number.isInteger(seed) && seed >= 1 && seed <= SEED_MAX) return seed;
  throw new MembenchError('ERR_MEMBENCH_USAGE', `seed is ${seed}, and may be from 1 to ${SEED_MAX}`);
}

/** Draws that begin with a seed. Small seeds are spread first: xorshift takes a while to leave small numbers. */
export function drawsFrom(seed: number): Draw {
  return draws(Math.imul(seed, 0x9e3779b1));
}

/**
 * Refuses options that a mode sets itself.
 *
 * @throws ERR_MEMBENCH_USAGE
 */
export function refuseWith(
  mode: string,
  options: Partial<ReplayOptions>,
  names: readonly (keyof ReplayOptions)[],
): void {
  for (const name of names)
    if (options[name] !== undefined)
      throw new MembenchError('ERR_MEMBENCH_USAGE', `${mode} and ${name} exclude each other`);
}
