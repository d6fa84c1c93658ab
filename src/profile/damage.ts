/** Descriptions of damage in a profile. */
import { MembenchError } from '../errors.js';

/** A range of the file that cannot be used. */
export interface Damage {
  /** Where it starts, and how many bytes it has. */
  offset: number;
  bytes: number;
  /** Whether it is the start of a frame at the end of the file, as of a frame that is still being written. */
  unfinished: boolean;
  /** What is wrong, in words. */
  reason: string;
}

/** Most ranges listed one by one, so that a file of garbage does not make a list as long as itself. */
const LISTED_MAX = 10_000;

/** Collects damage; from LISTED_MAX entries on, further bytes are added to the last one. */
export class DamageList {
  readonly entries: Damage[] = [];

  add(damage: Damage): void {
    if (this.entries.length < LISTED_MAX) {
      this.entries.push({ ...damage });
      return;
    }
    const last = this.entries.at(-1)!;
    last.bytes += damage.bytes;
    last.unfinished = false;
    last.reason = 'further places, too many to be told one by one';
  }
}

/**
 * A frame with a right checksum and a contradictory content, or a block that is not where the index says.
 * Readers of whole profiles catch it, add a `Damage` and go on.
 */
export class BlockError extends MembenchError {
  constructor(what: string) {
    super('ERR_MEMBENCH_PROFILE_READ', what);
  }
}
