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
  /** Share of keys told apart, and of those whose order is followed. */
  keysSampled: number;
  orderSampled: number;
  /** Connections, and those told apart. */
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
          means: 'all counts are too low; ratios and percentiles are of what is there',
        },
  ({ loss }) =>
    loss.damaged_bytes === 0
      ? null
      : { what: `${bytes(loss.damaged_bytes)} are damaged`, means: 'what they held is in no figure' },
  ({ loss }) => {
    const lost = Object.values(loss.lost).reduce((sum, n) => sum + n, 0);
    return lost === 0
      ? null
      : {
          what: `${count(lost)} packets were lost while recording`,
          means:
            'counts and rates are too low; latencies stand; items seem to come unstored and to go unread',
        };
  },
  ({ sample }) =>
    sample === 1
      ? null
      : {
          what: sample === null ? 'profiles of several samples' : `one of ${count(sample)} connections`,
          means:
            'counts and rates are of the sample; a key is written on one connection and read on another, so keys, ' +
            'working set, lifetimes and hit-ratio curves see only part of what happened to each',
        },
  ({ payload }) => {
    const unsynced = Object.values(payload.unsynced).reduce((sum, n) => sum + n, 0);
    const share = unsynced / Math.max(1, payload.seen);
    return unsynced === 0
      ? null
      : {
          what: `${bytes(unsynced)} of payload were not understood (${percent(share)})`,
          means: 'the requests in them are in no figure',
        };
  },
  ({ payload, loss }) =>
    payload.missing === 0 && loss.gaps === 0
      ? null
      : {
          what: `${bytes(payload.missing)} of payload were never seen, ${count(loss.gaps)} holes outside values`,
          means: 'requests in the holes are in no figure; those around them may count as unanswered',
        },
  ({ unanswered, events }) =>
    unanswered === 0
      ? null
      : {
          what: `${count(unanswered)} events are unanswered (${percent(unanswered / Math.max(1, events))})`,
          means: 'they are neither hits nor misses and have no latency',
        },
  ({ secrets }) =>
    secrets < 2
      ? null
      : {
          what: `keys were hashed with ${count(secrets)} secrets`,
          means: 'a key in several profiles counts once for each; all but keys is added up as it should be',
        },
  ({ keysSampled }) =>
    keysSampled === 1
      ? null
      : {
          what: `more keys than are told apart: a sample by hash, ${percent(keysSampled)} of them`,
          means: 'figures of keys and sizes of items are estimates; the busiest keys are exact',
        },
  ({ orderSampled }) =>
    orderSampled === 1
      ? null
      : {
          what: `what depends on order follows a sample by hash, ${percent(orderSampled)} of the keys`,
          means: 'working set, lifetimes and hit-ratio curves are estimates',
        },
  ({ connections, toldApart }) =>
    connections <= toldApart
      ? null
      : {
          what: `${count(connections)} connections, of which ${count(toldApart)} are told apart`,
          means: 'figures of single connections are of those',
        },
  ({ keys, sizesUnknown }) =>
    sizesUnknown === 0
      ? null
      : {
          what: `the item size of ${counted(sizesUnknown, 'key')} is unknown (${percent(sizesUnknown / Math.max(1, keys))})`,
          means: 'they count as keys and take no bytes: nobody stored or fetched them',
        },
];

/** What is missing, the gravest first. */
export function caveatsOf(known: Known): Caveat[] {
  return RULES.map((rule) => rule(known)).filter((caveat) => caveat !== null);
}
