import { readFileSync } from 'node:fs';
import { fileReason, MembenchError } from '../errors.js';
import { Blocks, deliveries } from './blocks.js';
import { writeHdrFiles } from './hdr-files.js';
import { type Login, readLogin } from './login.js';
import { checkOptions, type ReplayOptions } from './options.js';
import { ReplayRun } from './run.js';
import { askServer, checkTarget } from './safety.js';
import type { Address } from './socket.js';
import { type ReplaySummary, summarize } from './summary.js';
import { type Survey, survey, type WarmItem } from './survey.js';
import { warmDeliveries } from './warm.js';

/** Connections of each thread that load the items of a warm-up. */
const WARM_CONNECTIONS = 4;

/** A run that is ready for its first slice. */
export interface OpenedRun {
  run: ReplayRun;
  /** The profiles; read as the run goes on. */
  blocks: Blocks;
  /** Items that were loaded before. */
  warmed: number;
  close(): Promise<void>;
}

/**
 * Opens the profiles, loads the server where `warm` is wanted, and opens connections.
 *
 * @param options checked already
 * @param address where `options.server` is
 * @param login the user's own, where the server wants one
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_USAGE for profiles without a request,
 *   ERR_MEMBENCH_SERVER where the server cannot be loaded
 */
export async function openRun(
  options: ReplayOptions,
  address: Address,
  login: Login | null = null,
): Promise<OpenedRun> {
  const blocks = new Blocks(options.profiles);
  try {
    if (blocks.events === 0) throw new MembenchError('ERR_MEMBENCH_USAGE', 'the profiles have no request');
    const found = options.warm || options.verify ? survey(blocks) : null;
    const isChecked = options.verify === true && found?.overflowed === false;
    if (found?.overflowed) options.onWarning?.(TOO_MANY_KEYS);
    const warmed = options.warm && found !== null ? await warmUp(options, { address, login }, found.warm) : 0;
    const { protocol = 'as-recorded', loop = 1 } = options;
    const run = await ReplayRun.start(options, address, {
      source: deliveries(blocks, { protocol, udp: !options.tls && login === null }, loop),
      workers: blocks.workers,
      baseNs: blocks.baseNs,
      login,
      changed: isChecked ? changedOf(found) : null,
    });
    const close = async () => {
      await run.close();
      blocks.close();
    };
    return { run, blocks, warmed, close };
  } catch (error) {
    blocks.close();
    throw error;
  }
}

const TOO_MANY_KEYS =
  'the profiles have more keys than are followed: the later ones are not loaded before, and values are not checked';

const changedOf = (found: Survey | null): ReadonlySet<number> => found?.changed ?? new Set();

/** Loads the items that were there before. Returns how many. */
async function warmUp(
  options: ReplayOptions,
  { address, login }: { address: Address; login: Login | null },
  items: readonly WarmItem[],
): Promise<number> {
  const { threads = 1, protocol = 'as-recorded', signal, ...rest } = options;
  const { speed, rate, sample, miss, duration, requests, ...kept } = rest;
  const warm = { ...kept, protocol, threads, asap: true, clients: WARM_CONNECTIONS * threads };
  const run = await ReplayRun.start(warm, address, {
    source: warmDeliveries(items, protocol),
    workers: 1,
    baseNs: 0n,
    login,
    changed: null,
  });
  try {
    const { tally, end } = await run.slice(signal === undefined ? {} : { signal });
    if (end === 'errors')
      throw new MembenchError('ERR_MEMBENCH_SERVER', `${options.server}: it cannot be loaded`);
    if (tally.errors > 0)
      options.onWarning?.(`${tally.errors} of ${items.length} items could not be loaded before`);
    return tally.commands - tally.errors;
  } finally {
    await run.close();
  }
}

/** A run on a server that was asked what it is. */
export interface OpenedServer extends OpenedRun {
  /** The server's version; null where it does not tell. */
  version: string | null;
}

/**
 * Checks the options, asks the server what it holds, and opens a run on it.
 *
 * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_SERVER
 */
export async function openServer(options: ReplayOptions): Promise<OpenedServer> {
  checkOptions(options);
  const login = options.authFile === undefined ? null : readLogin(options.authFile);
  const tls = options.tls ? (options.ca === undefined ? {} : { ca: readCertificates(options.ca) }) : null;
  const target = await askServer(options.server, { timeout: 1000 * (options.timeout ?? 5), login, tls });
  checkTarget(options.server, target, options.yes === true, (warning) => options.onWarning?.(warning));
  return { ...(await openRun(options, target.address, login)), version: target.version };
}

/**
 * Sends the recorded requests to a server again, and holds its answers against the recorded ones.
 *
 * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_SERVER,
 *   ERR_MEMBENCH_WORKER; what goes wrong later is told by the summary: `ended` and `errors`
 */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  const { run, blocks, warmed, close } = await openServer(options);
  try {
    const { signal, onProgress, duration, requests } = options;
    const start = performance.now();
    const { tally, end } = await run.slice({
      ...(duration === undefined ? {} : { duration }),
      ...(requests === undefined ? {} : { requests }),
      ...(signal === undefined ? {} : { signal }),
      onProgress: (sums) => onProgress?.({ ...sums, elapsed: (performance.now() - start) / 1000 }),
    });
    if (options.hdrFilePrefix !== undefined) writeHdrFiles(options.hdrFilePrefix, tally);
    return { ...summarize(tally, end, blocks.complete), warmed };
  } finally {
    await close();
  }
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const [why, hint] = fileReason(error);
    throw new MembenchError('ERR_MEMBENCH_USAGE', `${path}: ${why}`, hint, error);
  }
}
