/** How a profile says what is wrong with it. */
import { MembenchError } from '../errors.js';

/** A stretch of the file that cannot be used. */
export interface Damage {
  /** Where it starts, and how many bytes it has. */
  offset: number;
  bytes: number;
  /** It is the start of a frame and ends where the file ends, as a frame still being written does. */
  unfinished: boolean;
  /** What is wrong with it. */
  reason: string;
}

/** Stretches told one by one at most: a file of rubbish must not make a list as long as itself. */
const LISTED_MAX = 10_000;

/** Collects damage; what is too much to be told one by one is added to the last entry. */
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
 * A frame whose checksum fits but whose content contradicts itself, or a block that is not where it was.
 * The readers of whole profiles catch it, note a `Damage` and go on.
 */
export class BlockError extends MembenchError {
  constructor(what: string) {
    super('ERR_MEMBENCH_PROFILE_READ', what);
  }
}
