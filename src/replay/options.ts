import { MembenchError, refuseUnknown } from '../errors.js';
import type { ReplayProgress } from './summary.js';

export const REPLAY_PROTOCOLS = ['as-recorded', 'text', 'meta', 'binary'] as const;
export type ReplayProtocol = (typeof REPLAY_PROTOCOLS)[number];

export interface ReplayOptions {
  /** Profiles; the requests of several are merged by time. */
  profiles: readonly string[];
  /** HOST, HOST:PORT or [IPV6]:PORT; the port is 11211 where it is left out. */
  server: string;
  /** Times as recorded, this many times as fast. Default: 1. Only one of speed, rate and asap. */
  speed?: number;
  /** Requests a second, evenly spaced, in the recorded order. */
  rate?: number;
  /** As fast as the server answers: each connection has as many requests under way as it had when recorded. */
  asap?: boolean;
  /** No more requests a second than this; where the recording has more, they are sent later. */
  maxRate?: number;
  /** Protocol to send. Default: as recorded. */
  protocol?: ReplayProtocol;
  /** What becomes of misses: nothing more than was recorded, or a set of the size known from the profile. */
  miss?: 'as-recorded' | 'fill';
  /** First loads the items that were there before the recording, as far as it shows. */
  warm?: boolean;
  /** Checks the bytes of values that come back. */
  verify?: boolean;
  /** Folds the recorded connections onto so many. Default: the recorded connections. */
  clients?: number;
  /** Threads that send, 1 to 64. Default: a quarter of the processors, at least 1. */
  threads?: number;
  /** One of so many connections, whole ones, chosen by a hash. Default: 1, all. */
  sample?: number;
  /** How often the profiles are gone through; Infinity is allowed. Default: 1. */
  loop?: number;
  /** Ends after so many requests. */
  requests?: number;
  /** Ends after so many seconds. */
  duration?: number;
  /** Share of a value that compresses away, 0 to 1. Default: 0, values of random bytes. */
  compressible?: number;
  /** Seconds to wait for a connection or an answer. Default: 5. */
  timeout?: number;
  /** Stops where more than this share of a second's commands fail, 0 to 1; 1 never stops. Default: 0.1. */
  maxErrors?: number;
  /** Connects with TLS; the certificate must be good for the server's name. */
  tls?: boolean;
  /** File of certificates of authorities, PEM. Default: those Node comes with. */
  ca?: string;
  /** File with a login, one line USER:PASSWORD, which only its owner may read. */
  authFile?: string;
  /** Writes latencies as HdrHistogram does: PREFIX.hgrm, PREFIX-COMMAND.hgrm, PREFIX.hlog. */
  hdrFilePrefix?: string;
  /** Write to a server outside this machine that already holds items. */
  yes?: boolean;
  /** Stops the replay; the summary tells what was done so far. */
  signal?: AbortSignal;
  /** Called about twice a second. */
  onProgress?: (progress: ReplayProgress) => void;
  /** Called with each warning, one line without a full stop. */
  onWarning?: (warning: string) => void;
}

/** Every option there is. */
const REPLAY_OPTIONS: Readonly<Record<keyof ReplayOptions, true>> = {
  profiles: true,
  server: true,
  speed: true,
  rate: true,
  asap: true,
  maxRate: true,
  protocol: true,
  miss: true,
  warm: true,
  verify: true,
  clients: true,
  threads: true,
  sample: true,
  loop: true,
  requests: true,
  duration: true,
  compressible: true,
  timeout: true,
  maxErrors: true,
  tls: true,
  ca: true,
  authFile: true,
  hdrFilePrefix: true,
  yes: true,
  signal: true,
  onProgress: true,
  onWarning: true,
};

/** Ranges of the numbers among the options; whole numbers where the last entry says so. */
const RANGES: readonly (readonly [name: keyof ReplayOptions, min: number, max: number, whole: boolean])[] = [
  ['speed', 1e-6, 1e6, false],
  ['rate', 1e-3, 1e9, false],
  ['maxRate', 1e-3, 1e9, false],
  ['clients', 1, 1e6, true],
  ['threads', 1, 64, true],
  ['sample', 1, 1e9, true],
  ['loop', 1, Number.POSITIVE_INFINITY, true],
  ['requests', 1, Number.MAX_SAFE_INTEGER, true],
  ['duration', 1e-3, 1e9, false],
  ['compressible', 0, 1, false],
  ['timeout', 1e-2, 1e4, false],
  ['maxErrors', 0, 1, false],
];

/** When requests are due. */
export type Pace = { kind: 'speed'; factor: number } | { kind: 'rate'; rate: number } | { kind: 'asap' };

/**
 * Checks the options.
 *
 * @throws ERR_MEMBENCH_USAGE
 */
export function checkOptions(options: ReplayOptions): void {
  refuseUnknown(options, REPLAY_OPTIONS);
  if (!Array.isArray(options.profiles) || options.profiles.length === 0) throw usage('no profile is given');
  for (const [name, min, max, whole] of RANGES) {
    const value = options[name];
    if (value === undefined) continue;
    const isWhole = Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
    const isFine = typeof value === 'number' && value >= min && value <= max && (!whole || isWhole);
    if (!isFine) throw usage(`${name} is ${String(value)}, and may be from ${min} to ${max}`);
  }
  const paces = [options.speed !== undefined, options.rate !== undefined, options.asap === true];
  if (paces.filter(Boolean).length > 1) throw usage('speed, rate and asap exclude each other');
  if (options.ca !== undefined && !options.tls) throw usage('ca is of use with tls only');
  const { miss } = options;
  if (miss !== undefined && miss !== 'as-recorded' && miss !== 'fill')
    throw usage(`miss is ${String(miss)}, and may be as-recorded or fill`);
  if (options.protocol !== undefined && !REPLAY_PROTOCOLS.includes(options.protocol)) {
    throw usage(`protocol is ${options.protocol}, and may be ${REPLAY_PROTOCOLS.join(', ')}`);
  }
}

function usage(what: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', what);
}

/** The pace that the options ask for. */
export function paceOf({ speed, rate, asap }: ReplayOptions): Pace {
  if (asap) return { kind: 'asap' };
  if (rate !== undefined) return { kind: 'rate', rate };
  return { kind: 'speed', factor: speed ?? 1 };
}
