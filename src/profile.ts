/**
 * Reads profiles: header, blocks and events in order, and verifies their integrity.
 *
 * ```ts
 * using profile = openProfile('web.mbp');
 * for (const event of readEvents(profile)) console.log(event.op, event.status);
 * ```
 *
 * @module membench/profile
 */
import { FileBytes } from './profile/file-bytes.js';
import { ProfileReader } from './profile/reader.js';

export { MembenchError } from './errors.js';
export type { CacheEvent } from './event/event.js';
export type { Block, Shape } from './profile/block.js';
export type { ProfileBytes } from './profile/bytes.js';
export {
  type ConnColumns,
  decodeColumns,
  decodeConns,
  decodeKeys,
  type EventColumn,
  type EventColumns,
  type KeyColumns,
  type SomeColumns,
} from './profile/columns.js';
export { BlockError, type Damage } from './profile/damage.js';
export { readEvents } from './profile/events.js';
export type { BlockEntry, Footer } from './profile/footer.js';
export type { Header, Names } from './profile/header.js';
export type { Loss } from './profile/loss.js';
export type { BlockName } from './profile/missing.js';
export type { Note } from './profile/note.js';
export { ProfileReader } from './profile/reader.js';
export { type Verification, verifyProfile } from './profile/verify.js';

/**
 * Opens a profile, which may be complete, still being written, cut short or damaged.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export function openProfile(path: string): ProfileReader {
  return new ProfileReader(new FileBytes(path));
}
