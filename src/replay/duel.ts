/** The same requests to two servers, in slices by turns. */
import { MembenchError } from '../errors.js';
import { extentOf, pairSlices } from './extent.js';
import { type Judgement, judge } from './judge.js';
import { checkOptions, type ReplayOptions } from './options.js';
import type { Pair } from './paired.js';
import type { SliceEnd } from './sender.js';
import { type Sent, Session } from './session.js';
import type { SliceFigures } from './slice-figures.js';
import { checkSeed, drawsFrom, refuseWith, type SlicesOptions } from './slices-options.js';
import type { ReplaySummary } from './summary.js';
import { type Verdict, verdictOf } from './verdict.js';

/** Options of a comparison: those of a replay; `duration` is of both servers together. */
export interface CompareServersOptions extends Omit<ReplayOptions, 'server'>, SlicesOptions {
  /** A and B. */
  servers: Pair<string>;
}

/** What two servers made of the same requests. */
export interface ServerComparison extends Judgement {
  a: ComparedServer;
  b: ComparedServer;
  seed: number;
  /** What ended each slice: seconds, or with asap requests. */
  slice: { seconds: number } | { requests: number };
  /** False: the client was the bottleneck, and latencies say nothing of the servers. */
  valid: boolean;
  verdict: Verdict;
  ended: SliceEnd;
}

export interface ComparedServer {
  server: string;
  /** As the server tells it; null where it does not. */
  version: string | null;
  /** All slices together, the warm-up included. */
  summary: ReplaySummary;
}

/** Slices after which a comparison ends for good, so that memory is bounded. */
const PAIRS_MAX = 1000;

/**
 * Sends the recorded requests to two servers, slice by slice, and tells which differences are more than noise. Either
 * server gets all requests over connections of its own; while one has its turn, the other waits.
 *
 * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_SERVER,
 *   ERR_MEMBENCH_WORKER; what goes wrong later is told by the result: `ended`, and `errors` of the summaries
 */
export async function compareServers(options: CompareServersOptions): Promise<ServerComparison> {
  const { servers, seed: given, onStage, ...rest } = options;
  const seed = checkSeed(given);
  checkOptions({ ...rest, server: servers[0] });
  refuseWith('two servers', rest, ['hdrFilePrefix']);
  if (!rest.asap) refuseWith('two servers without asap', rest, ['requests']);
  if (rest.loop === Number.POSITIVE_INFINITY && rest.duration === undefined)
    throw new MembenchError(
      'ERR_MEMBENCH_USAGE',
      'two servers, and a replay without end: a duration is missing',
    );
  const slice = pairSlices(extentOf(rest), rest);
  const a = await Session.open({ ...rest, server: servers[0] });
  let b: Session | undefined;
  try {
    b = await Session.open({ ...rest, server: servers[1] });
    const { pairs, end } = await takeTurns([a, b], { ...options, slice, seed });
    const told = ({ server, version, summary }: Session) => ({ server, version, summary });
    const found = { a: told(a), b: told(b), seed, ...judge(pairs, seed, rest.asap !== true) };
    const { duration = 0, requests } = slice;
    const valid = found.a.summary.valid && found.b.summary.valid;
    return {
      ...found,
      slice: requests === undefined ? { seconds: duration } : { requests },
      valid,
      verdict: verdictOf(found.changes, valid),
      ended: end,
    };
  } finally {
    await Promise.all([a.close(), b?.close()]);
  }
}

interface Turns extends Pick<ReplayOptions, 'duration' | 'requests'>, SlicesOptions {
  slice: { duration?: number; requests?: number };
  seed: number;
}

/** Sends slice after slice to both servers, and returns what both have got to the end. */
async function takeTurns(
  sessions: Pair<Session>,
  { slice, seed, onStage, duration = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY }: Turns,
): Promise<{ pairs: Pair<SliceFigures>[]; end: SliceEnd }> {
  const draw = drawsFrom(seed);
  const pairs: Pair<SliceFigures>[] = [];
  const start = performance.now();
  let sent = 0;
  let first = 0;
  while (pairs.length < PAIRS_MAX) {
    // In random order, and then the other way round, so that steady changes affect both servers alike.
    first = pairs.length % 2 === 0 ? draw(2) : 1 - first;
    const found: Sent[] = [];
    for (const side of [first, 1 - first]) {
      onStage?.(`pair ${pairs.length + 1}, ${'AB'[side]}`);
      found[side] = await sessions[side]!.slice(slice);
      const { end } = found[side];
      if (end === 'stopped' || end === 'errors' || end === 'descriptors') return { pairs, end };
    }
    const [a, b] = found as [Sent, Sent];
    if (a.figures.requests > 0) pairs.push([a.figures, b.figures]);
    sent += a.figures.requests;
    if (a.end === 'end of profile') return { pairs, end: a.end };
    if (sent >= requests) return { pairs, end: 'requests' };
    if (performance.now() - start >= 1000 * duration) return { pairs, end: 'duration' };
  }
  return { pairs, end: 'duration' };
}
