/** Profiles to export, and what is known of them by other ways. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CacheEvent } from 'membench/decoder';
import { openProfile, readEvents } from 'membench/profile';
import { PACKETS } from '../profile/frozen.js';
import { sample } from '../profile/sample.js';
import { client, packetsOf, server } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { pcapFile } from '../support/packets.js';

/** Unix seconds of the first packet of packetsOf(), and an hour: a date, not a time to live. */
const IN_AN_HOUR = 1_767_225_600 + 3600;

/** What the trace formats cannot say as it is: dates, negative expiries, meta modes, commands without a key. */
const ODD = packetsOf([
  client(`set date 0 ${IN_AN_HOUR} 3\r\nabc\r\n`),
  server('STORED\r\n'),
  client(`set hour 0 ${IN_AN_HOUR} 5\r\nabcde\r\n`),
  server('STORED\r\n'),
  client('set past 0 1000000000 1\r\na\r\n'),
  server('STORED\r\n'),
  client('set gone 0 -1 1\r\na\r\n'),
  server('STORED\r\n'),
  client('set month 0 2592000 0\r\n\r\n'),
  server('STORED\r\n'),
  client('get month never missing date\r\n'),
  server('VALUE month 0 0\r\n\r\nVALUE date 0 3\r\nabc\r\nEND\r\n'),
  client('ms date S2 MA\r\nde\r\n'),
  server('HD\r\n'),
  client('ms new S4 T60 C7\r\nwxyz\r\n'),
  server('NF\r\n'),
  client('gat 90 date\r\n'),
  server('VALUE date 0 5\r\nabcde\r\nEND\r\n'),
  client('append date 0 0 1\r\nf\r\n'),
  server('STORED\r\n'),
  client('ma count MD D2\r\n'),
  server('HD\r\n'),
  client('decr count 1\r\n'),
  server('3\r\n'),
  client('add date 0 0 9\r\n123456789\r\n'),
  server('NOT_STORED\r\n'),
  client('get date\r\n'),
  server('VALUE date 0 6\r\nabcdef\r\nEND\r\n'),
  client('me date\r\n'),
  server('ME date exp=-1\r\n'),
  client('md date q\r\nmn\r\n'),
  server('MN\r\n'),
  client('touch month 0\r\n'),
  server('TOUCHED\r\n'),
  client('get missing\r\n'),
  server('END\r\n'),
  client('stats\r\n'),
  server('STAT pid 1\r\nEND\r\n'),
]);

/** Two recordings of random conversations, a hand-written one, and one of odd things: each with its own key id. */
export function makeProfiles(folder: string): Record<'one' | 'two' | 'hand' | 'odd', string> {
  const write = (name: string, profile: Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, profile);
    return path;
  };
  const header = (byte: number) => ({ run: Buffer.alloc(16, byte), key_id: Buffer.alloc(8, byte) });
  return {
    one: write('one.mbp', sample(1)),
    two: write('two.mbp', sample(2)),
    hand: write('hand.mbp', recordInProcess(pcapFile(PACKETS), { header: header(3), workers: 2 }).profile),
    odd: write('odd.mbp', recordInProcess(pcapFile(ODD), { header: header(4) }).profile),
  };
}

/** Makes them in a folder of their own; call the second function in the end. */
export function profiles(): [ReturnType<typeof makeProfiles>, folder: string, remove: () => void] {
  const folder = mkdtempSync(join(tmpdir(), 'membench-test-'));
  return [makeProfiles(folder), folder, () => rmSync(folder, { recursive: true, force: true })];
}

/** The events of a profile, as `cat` prints them. */
export function eventsOf(path: string): CacheEvent[] {
  using profile = openProfile(path);
  return [...readEvents(profile)];
}

export const secondsOf = ({ ts_ns }: CacheEvent) => Number(BigInt(ts_ns) / 1_000_000_000n);
