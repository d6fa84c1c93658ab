import { type BlockName, format } from '../index.js';

/** Most missing blocks named one by one. */
const NAMED = 3;

/** The incomplete parts of a profile. */
export interface Lack {
  /** Missing or damaged blocks: their names, or only their number. */
  blocks: readonly BlockName[] | number;
  /** Bytes that cannot be used, without a frame that is still being written. */
  damagedBytes: number;
  footer: boolean;
}

/** Describes what a profile lacks; null where it lacks nothing, or only what is not written yet. */
export function lacks({ blocks, damagedBytes, footer }: Lack): string | null {
  const number = typeof blocks === 'number' ? blocks : blocks.length;
  if (number === 0 && damagedBytes === 0) return null;
  const what: string[] = [];
  if (number > 0) {
    const names = typeof blocks === 'number' ? [] : blocks.slice(0, NAMED).map(nameOf);
    if (names.length > 0 && number > NAMED) names.push('…');
    const which = names.length > 0 ? ` (${names.join(', ')})` : '';
    what.push(`${format.count(number)} ${number === 1 ? 'block is' : 'blocks are'} missing${which}`);
  }
  if (damagedBytes > 0) what.push(`${format.bytes(damagedBytes)} are damaged`);
  if (!footer) what.push('the footer is missing');
  return what.join(', ');
}

function nameOf({ worker, seq }: BlockName): string {
  return `block ${seq} of worker ${worker}`;
}
