/**
 * Reading profiles: header, blocks, events in order, integrity.
 *
 * @module membench/profile
 */
export { MembenchError } from './errors.js';
export type { CacheEvent } from './event/event.js';
export type { Block, Shape } from './profile/decode-block.js';
export { BlockError } from './profile/decode-block.js';
export { readEvents } from './profile/events.js';
export type { Damage } from './profile/frames.js';
export type { Names } from './profile/header.js';
export { type BlockEntry, type Footer, type Header, type Loss, ProfileReader } from './profile/reader.js';
export { type Rows, readRows } from './profile/rows.js';
export { type Verification, verifyProfile } from './profile/verify.js';

import { ProfileReader } from './profile/reader.js';

/**
 * Opens a profile.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export function openProfile(path: string): ProfileReader {
  return new ProfileReader(path);
}
