import { asBytes, asText, asUint64, type Body, hex } from './body.js';

/** Something that happened while recording and that the numbers do not tell. */
export interface Note {
  /** Hexadecimal digits. */
  run: string;
  /** Wall clock, Unix nanoseconds. */
  atNs: bigint;
  /** `interface down`, `interface up`, `interface gone`, `interface new`, `worker replaced`. */
  what: string;
}

/** @throws BlockError where it makes no sense */
export function readNote(body: Body): Note {
  return {
    run: hex(asBytes(body.run, 'run')),
    atNs: asUint64(body.at_ns, 'at_ns'),
    what: asText(body.what, 'what'),
  };
}
