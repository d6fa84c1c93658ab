import { UNCUT_BITMAP } from '../layout/generated.js';
import { type Libc, PROT_READ, PROT_WRITE } from '../native/libc.js';
import type { ProgramMaps, WorkerTask } from './messages.js';

/**
 * Shares the bitmap of flows whose packets the BPF program copies whole: it is mapped into the shared memory, at
 * the same place for every worker, and the parser's change is the program's. Where zero copy is off or that
 * mapping fails, it is mapped elsewhere.
 *
 * @returns copies the bitmap to where it is mapped elsewhere, to be called after each batch
 * @throws Error where the bitmap cannot be mapped at all
 */
export function shareUncut(
  libc: Libc,
  { memory, map }: WorkerTask,
  { uncut, zeroCopy }: ProgramMaps,
): () => void {
  if (uncut === null) return () => {};
  const { buffer } = memory;
  const bytes = Math.ceil(UNCUT_BITMAP / libc.pageSize) * libc.pageSize;
  const protection = PROT_READ | PROT_WRITE;
  const at = libc.addressOf(new Uint8Array(buffer)) + BigInt(map.uncut);
  if (zeroCopy && libc.mapOver(at, bytes, protection, uncut, 0) === 0) return () => {};
  const here = new Uint32Array(buffer, map.uncut, UNCUT_BITMAP / 4);
  const there = new Uint32Array(libc.map(bytes, protection, uncut, 0), 0, here.length);
  return () => there.set(here);
}
