/** The parser's pools as they lie in its memory (assembly/pools.ts): where they are, and whether one is whole. */
import type { Region } from '#src/memory/map.js';

export interface PoolPlace {
  name: string;
  /** Address of its state: next fresh piece, end, first returned piece, bytes of a piece; u32 each. */
  at: number;
  base: number;
}

/** Bytes of the scratch area the pools' states are looked for in: they are taken first. */
const SEARCHED = 4096;

/**
 * Finds the pools of a region whose parser has just been made by where they end.
 *
 * @throws Error where one is not found
 */
export function findPools(view: DataView, region: number, at: Region): PoolPlace[] {
  return (['flows', 'requests', 'keys', 'reorder', 'lines'] as const).map((name) => {
    const base = at[name].at;
    const end = base + at[name].size;
    for (let place = region + at.scratch.at; place < region + at.scratch.at + SEARCHED; place += 16) {
      const fresh = view.getUint32(place, true);
      const isIt = view.getUint32(place + 4, true) === region + end;
      if (isIt && fresh >= region + base && fresh <= region + end)
        return { name, at: place, base: region + base };
    }
    throw new Error(`no pool of ${name} in the scratch area`);
  });
}

/** Why not every piece is either fresh or on the list of returned ones, each once; null where it is so. */
export function brokenPool(view: DataView, { at, base }: PoolPlace): string | null {
  const fresh = view.getUint32(at, true);
  const size = view.getUint32(at + 12, true);
  const taken = (fresh - base) / size;
  let returned = 0;
  for (let piece = view.getUint32(at + 8, true); piece !== 0; piece = view.getUint32(piece, true)) {
    if (piece < base || piece >= fresh || (piece - base) % size !== 0) return `${piece} is on its list`;
    if (++returned > taken) return 'its list goes round';
  }
  return returned === taken ? null : `${taken - returned} of ${taken} pieces are gone`;
}
