/** Starts the process that decodes, without packets, to find out what confines it here. */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import type { MembenchError } from '../errors.js';
import { NO_CAPTURE } from '../memory/capture-header.js';
import { findDecoder } from '../native/users.js';
import type { Check } from '../source/check.js';
import { RecorderChild } from './child.js';
import { sandboxChecks } from './sandbox-checks.js';

/**
 * One check for each restriction; where the process does not start, the reason.
 *
 * @param forGood see `handDown`
 */
export async function tryRecorder(forGood: boolean): Promise<Check[]> {
  try {
    const user = process.getuid?.() === 0 ? await findDecoder() : null;
    const sandbox = await startAndEnd(user, forGood);
    return sandboxChecks(sandbox, user ?? { name: 'this one', uid: process.getuid?.() ?? 0 });
  } catch (error) {
    const { message, hint } = error as MembenchError;
    return [{ what: 'start', ok: false, found: message, ...(hint !== undefined && { fix: hint }) }];
  }
}

async function startAndEnd(user: { uid: number; gid: number } | null, forGood: boolean) {
  const fd = openSync(devNull, 'r');
  const nobody = { onBlock() {}, onRebuilt() {} };
  const settings = {
    // A stream is not read before `run`.
    feed: { kind: 'stream', fd, header: { ...NO_CAPTURE, container: 'pcap' } },
    workers: 1,
    buffer: undefined,
    ports: [],
    count: 0,
    duration: 0n,
    run: new Uint8Array(16),
    key: new Uint8Array(16),
    addressKey: new Uint8Array(16),
    hashSeed: 0n,
    sample: 1,
    simd: false,
    zeroCopy: false,
  } as const;
  const child = new RecorderChild(settings, user, nobody, undefined, forGood);
  try {
    return await child.ready();
  } finally {
    await child.close();
    closeSync(fd);
  }
}
