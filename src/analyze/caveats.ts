import type { Payload } from '../event/payload.js';
import { bytes, count, counted, percent } from './format.js';
import type { LossAnalysis } from './loss.js';

/** Something that is missing, and what that means for the figures. */
export interface Caveat {
  /** What is missing, with how much of it. */
  what: string;
  /** Which figures it touches, and how. */
  means: string;
}

/** What caveats are made from. */
export interface Known {
  loss: LossAnalysis;
  payload: Payload;
  complete: boolean;
  sample: number | null;
  secrets: number;
  /** Shares of the keys that are counted, and whose events are followed in order. */
  keysSampled: number;
  orderSampled: number;
  /** Connections, and those of them that are followed one by one. */
  connections: number;
  toldApart: number;
  /** Keys, and those whose item's size is not known. */
  keys: number;
  sizesUnknown: number;
  unanswered: number;
  events: number;
}

type Rule = (known: Known) => Caveat | null;

const RULES: readonly Rule[] = [
  ({ complete, loss }) =>
    complete && loss.missing_blocks === 0
      ? null
      : {
          what:
            loss.missing_blocks > 0
              ? `${count(loss.missing_blocks)} blocks are missing`
              : 'the profile was not closed, so more blocks may be missing',
          means: 'all counts are too low; ratios and percentiles cover only the blocks that are there',
        },
  ({ loss }) =>
    loss.damaged_bytes === 0
      ? null
      : {
          what: `${bytes(loss.damaged_bytes)} are damaged`,
          means: 'their events are missing from all figures',
        },
  ({ loss }) => {
    const lost = Object.values(loss.lost).reduce((sum, n) => sum + n, 0);
    return lost === 0
      ? null
      : {
          what: `${count(lost)} packets were lost while recording`,
          means:
            'counts and rates are too low; latencies are right; items may seem never stored, or never read',
        };
  },
  ({ sample }) =>
    sample === 1
      ? null
      : {
          what:
            sample === null
              ? 'the profiles have different samples'
              : `one of ${count(sample)} connections was recorded`,
          means:
            'counts and rates are those of the sample; a key may be written on one connection and read on another, ' +
            'so keys, working set, lifetimes and hit-ratio curves are based on a part of its events',
        },
  ({ payload }) => {
    const unsynced = Object.values(payload.unsynced).reduce((sum, n) => sum + n, 0);
    const share = unsynced / Math.max(1, payload.seen);
    return unsynced === 0
      ? null
      : {
          what: `${bytes(unsynced)} of payload were not understood (${percent(share)})`,
          means: 'their requests are missing from all figures',
        };
  },
  ({ payload, loss }) =>
    payload.missing === 0 && loss.gaps === 0
      ? null
      : {
          what: `${bytes(payload.missing)} of payload were never captured, with ${count(loss.gaps)} gaps outside values`,
          means:
            'requests in the gaps are missing from all figures; those around them may count as unanswered',
        },
  ({ unanswered, events }) =>
    unanswered === 0
      ? null
      : {
          what: `${count(unanswered)} events are unanswered (${percent(unanswered / Math.max(1, events))})`,
          means: 'they count neither as hits nor as misses, and have no latency',
        },
  ({ secrets }) =>
    secrets < 2
      ? null
      : {
          what: `keys were hashed with ${count(secrets)} secrets`,
          means: 'a key that is in several profiles counts once for each secret; all other figures are right',
        },
  ({ keysSampled }) =>
    keysSampled === 1
      ? null
      : {
          what: `there are too many keys to follow all: ${percent(keysSampled)} of them are sampled by hash`,
          means: 'figures of keys and item sizes are estimates; the busiest keys are exact',
        },
  ({ orderSampled }) =>
    orderSampled === 1
      ? null
      : {
          what: `figures that need events in order are based on ${percent(orderSampled)} of the keys, sampled by hash`,
          means: 'working set, lifetimes and hit-ratio curves are estimates',
        },
  ({ connections, toldApart }) =>
    connections <= toldApart
      ? null
      : {
          what: `of ${count(connections)} connections ${count(toldApart)} are followed one by one`,
          means: 'figures of single connections are based on those',
        },
  ({ keys, sizesUnknown }) =>
    sizesUnknown === 0
      ? null
      : {
          what: `the item size of ${counted(sizesUnknown, 'key')} is unknown (${percent(sizesUnknown / Math.max(1, keys))})`,
          means: 'they were neither stored nor fetched, so they count as keys, but without bytes',
        },
];

/** What is missing, the gravest first. */
export function caveatsOf(known: Known): Caveat[] {
  return RULES.map((rule) => rule(known)).filter((caveat) => caveat !== null);
}
