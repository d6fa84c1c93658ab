import { asBytes, asText, asUint64, type Body } from './body.js';
import { hex } from './bytes.js';

/** An incident during the recording that no counter shows. */
export interface Note {
  /** Hexadecimal digits. */
  run: string;
  /** Wall clock, Unix nanoseconds. */
  atNs: bigint;
  /** `interface down`, `interface up`, `interface gone`, `interface new`, `worker replaced`. */
  what: string;
}

/** Reads a note. @throws BlockError where it is invalid */
export function readNote(body: Body): Note {
  return {
    run: hex(asBytes(body.run, 'run')),
    atNs: asUint64(body.at_ns, 'at_ns'),
    what: asText(body.what, 'what'),
  };
}
