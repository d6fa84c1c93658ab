import { MembenchError } from '../errors.js';
import { type MapOptions, MEMORY_MAX, type MemoryMap, mapMemory, PAGE } from './map.js';

/** Bytes of state a worker cannot do without: some thousand flows, some hundred lines and early segments. */
const STATE_MIN = 1024 * 1024;
/** Where only the memory is given, no more than one byte of so many lies between source and workers. */
const BUFFER_SHARE = 8;

const MEBIBYTE = 1024 * 1024;

const mebibytes = (bytes: number) => `${Math.floor((bytes * 10) / MEBIBYTE) / 10} MiB`;

/** What a recording can use of what it was given: no more than 32 bits address. */
export function usableMemory(memory: number): number {
  return Math.min(memory, MEMORY_MAX);
}

/** Bytes between source and workers: as asked for, or the usual, or less where there is little memory. */
export function bufferWithin(memory: number | undefined, buffer: number | undefined, usual: number): number {
  if (buffer !== undefined || memory === undefined) return buffer ?? usual;
  return Math.min(usual, Math.floor(memory / BUFFER_SHARE));
}

/**
 * Lays out a memory of at most so many bytes. What is not taken by the buffer and by what every worker needs
 * however few flows there are is the workers' state, in equal shares.
 *
 * @throws ERR_MEMBENCH_USAGE where that is too little
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
  // Tables are powers of two: how much state fits is found by trying, not by a formula.
  let tooMuch = pages * PAGE;
  while (tooMuch - state > 1) {
    const half = Math.floor((state + tooMuch) / 2);
    if (mapMemory({ ...options, state: half, unlimited: true }).pages <= pages) state = half;
    else tooMuch = half;
  }
  return mapMemory({ ...options, state });
}
