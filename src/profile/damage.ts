/** How a profile says what is wrong with it. */
import { MembenchError } from '../errors.js';

/** A stretch of the file that cannot be used. */
export interface Damage {
  /** Where it starts, and how many bytes it has. */
  offset: number;
  bytes: number;
  /** It reaches to the end of the file, as a frame still being written does. */
  atEnd: boolean;
  /** What is wrong with it. */
  reason: string;
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
