/** The memcached that is installed: which it is, and what our parser makes of what that one says. */
import { spawnSync } from 'node:child_process';
import type { ExecutionContext } from 'ava';
import { referenceEvents } from '../reference/reference.js';
import { packetsOf, type Turn } from './conversation.js';
import { recordInProcess } from './in-process.js';
import { pcapFile } from './packets.js';

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
const said = spawnSync('memcached', ['-V'], { encoding: 'utf8' }).stdout ?? '';

/** Its release, undefined where none is installed. */
export const version = /\d+\.\d+\.\d+/.exec(said)?.[0];
const [major = 0, minor = 0, patch = 0] = (version ?? '').split('.').map(Number);
const place = (major * 1000 + minor) * 1000 + patch;
/** Whether it answers as the conversations and models of this suite do: releases 1.6.10 to 1.6.39. */
export const speaksAsWritten = place >= 1_006_010 && place <= 1_006_039;
/** Which of the two models of refused values it is like. */
export const release = place >= 1_006_040 ? 'late' : 'old';
/** Added to the titles of tests of it. */
export const reason = version === undefined ? ' (needs memcached)' : ` (here ${version})`;

/** What was really said is read as the reference parser reads it, and every answer belongs to something. */
export function readsAlike(t: ExecutionContext, turns: readonly Turn[], message: string): void {
  const packets = packetsOf(turns);
  const { events, counters } = recordInProcess(pcapFile(packets), { key: KEY });
  t.deepEqual(events, referenceEvents(packets, KEY), message);
  t.is(counters.gaps, 0, message);
}
