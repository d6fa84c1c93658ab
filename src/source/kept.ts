/** Captures that stay: a recording never replaces one by its profile. */
import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { PCAP_HEADER } from '../layout/generated.js';
import { parseCaptureHeader } from '../memory/capture-header.js';
import type { PacketSource } from './source.js';
import { compressionOf } from './unpack.js';

/**
 * Refuses a path of a profile where a capture is: that of the source, or another one, as where `capture*` was
 * expanded to two files. The usual hint, --force, would destroy it.
 *
 * @throws ERR_MEMBENCH_USAGE
 */
export function keepCaptures(source: PacketSource, profile: string): void {
  const refuse = (what: string, hint: string) => {
    throw new MembenchError('ERR_MEMBENCH_USAGE', `${profile}: ${what}`, hint);
  };
  if (isOf(source, profile)) refuse('it is the capture itself', 'name another PROFILE');
  if (holdsCapture(profile)) {
    refuse(
      'it is a capture, which no profile replaces',
      'name another PROFILE; several captures need -w PROFILE',
    );
  }
}

/** Whether the path is that of the source. Where stat fails, creating the profile reports the reason. */
function isOf(source: PacketSource, path: string): boolean {
  try {
    return source.is(path);
  } catch {
    return false;
  }
}

/** Whether a regular file begins like a capture, or is compressed, which no profile is. */
function holdsCapture(path: string): boolean {
  const head = headOf(path);
  if (head === undefined || head.length === 0) return false;
  if (compressionOf(head) !== undefined) return true;
  try {
    parseCaptureHeader(head);
    return true;
  } catch (error) {
    return (error as MembenchError).code === 'ERR_MEMBENCH_LINKTYPE';
  }
}

/** The first bytes of a regular file; undefined where they cannot be read. */
function headOf(path: string): Uint8Array | undefined {
  let fd: number | undefined;
  try {
    // Opening a FIFO or a device may have effects.
    if (!lstatSync(path).isFile()) return undefined;
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const head = new Uint8Array(PCAP_HEADER);
    return head.subarray(0, readSync(fd, head));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
