import { type BlockName, format } from '../index.js';

/** Missing blocks named one by one. */
const NAMED = 3;

/** What a profile lacks. */
export interface Lack {
  /** Blocks that are missing or not good: their names, or only how many. */
  blocks: readonly BlockName[] | number;
  /** Bytes that cannot be used; a frame still being written is not damage. */
  damagedBytes: number;
  footer: boolean;
}

/** Says what a profile lacks; null where it lacks nothing, or only what is still to be written. */
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
