import { MembenchError } from '../errors.js';
import { type MapOptions, MEMORY_MAX, type MemoryMap, mapMemory, PAGE } from './map.js';

/** Least bytes of state of a worker: some thousand flows, some hundred lines and early segments. */
const STATE_MIN = 1024 * 1024;
/** Where only the memory is given, the buffer is at most this fraction of it. */
const BUFFER_SHARE = 8;

const MEBIBYTE = 1024 * 1024;

const mebibytes = (bytes: number) => `${Math.floor((bytes * 10) / MEBIBYTE) / 10} MiB`;

/** Bytes of the given memory that can be used: no more than 32 bits can address. */
export function usableMemory(memory: number): number {
  return Math.min(memory, MEMORY_MAX);
}

/** Size of the buffer: as given, or the usual size, or less where there is little memory. */
export function bufferWithin(memory: number | undefined, buffer: number | undefined, usual: number): number {
  if (buffer !== undefined || memory === undefined) return buffer ?? usual;
  return Math.min(usual, Math.floor(memory / BUFFER_SHARE));
}

/**
 * Lays out a memory of at most `memory` bytes. The workers' state, in equal shares, gets all that the buffer
 * and the fixed needs of each worker leave.
 *
 * @throws ERR_MEMBENCH_USAGE where `memory` is too small
 */
export function mapWithin(memory: number, options: Omit<MapOptions, 'state'>): MemoryMap {
  const pages = Math.floor(usableMemory(memory) / PAGE);
  const { workers } = options;
  let state = workers * STATE_MIN;
  const least = mapMemory({ ...options, state, unlimited: true });
  if (least.pages > pages) {
    const those = workers === 1 ? 'a worker' : `${workers} workers`;
    const need = Math.ceil((least.pages * PAGE) / MEBIBYTE);
    const more = least.pages * PAGE > MEMORY_MAX ? '' : `give it ${need}M, or `;
    const fewer = workers === 1 ? '' : 'fewer workers or ';
    throw new MembenchError(
      'ERR_MEMBENCH_USAGE',
      `a memory of ${mebibytes(memory)} is too small: ${those} with this buffer need ${need} MiB`,
      `${more}use ${fewer}a smaller buffer`,
    );
  }
  // Some tables have sizes of powers of two, so the largest state that fits is found by bisection.
  let tooMuch = pages * PAGE;
  while (tooMuch - state > 1) {
    const half = Math.floor((state + tooMuch) / 2);
    if (mapMemory({ ...options, state: half, unlimited: true }).pages <= pages) state = half;
    else tooMuch = half;
  }
  return mapMemory({ ...options, state });
}
