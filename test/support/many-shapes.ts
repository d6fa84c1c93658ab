import { client, packetsOf, server, type Turn } from './conversation.js';
import { pcapFile } from './packets.js';

/** Requests that end a block in the middle of a batch: every so many of them are all of different shapes. */
const SHAPES = 1024;

/** A capture that is recorded as at least so many blocks. */
export function captureOfBlocks(blocks: number): Uint8Array {
  const turns: Turn[] = [];
  for (let i = 0; i < blocks * SHAPES; i++) {
    const flags = Array.from('bcfhkstvNRT', (flag, bit) =>
      (i >> bit) & 1 ? ` ${flag}${/[NRT]/.test(flag) ? 1 : ''}` : '',
    );
    turns.push(client(`mg key${flags.join('')}\r\n`), server('EN\r\n'));
  }
  return pcapFile(packetsOf(turns));
}
