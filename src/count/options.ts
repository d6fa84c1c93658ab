/** Options and results of `count()`. */

import type { MissRatios } from '../analyze/collect/memory.js';
import { MembenchError, refuseUnknown } from '../errors.js';
import type { CountedKey, KeySampleReport } from './key-sample.js';
import type { Counted } from './report.js';

export interface CountOptions {
  /** `ebpf:IF`. */
  source: string;
  /** Server ports. Default: 11211. */
  ports?: readonly (readonly [first: number, last: number])[];
  /** Seconds between two reports. Default: 1. */
  interval?: number;
  /** Seconds after which it ends. Default: never. */
  duration?: number;
  /** Also follows one in so many keys, 1: all: their hashes leave the kernel. */
  keySample?: number;
  /** File with the secret for the hashes of keys, as of `record`. Default: a new one. */
  keyFile?: string;
  /** How programs are attached. Default: TCX, then clsact. */
  attach?: 'tcx' | 'clsact';
  /**
   * Whether this process gives up its rights for good once the program is attached: as root it becomes another
   * user. Default: false.
   */
  giveUpRights?: boolean;
  /** Ends it. */
  signal?: AbortSignal;
  /** Is told when counting begins, and how. */
  onStart?: (info: string) => void;
  onWarning?: (message: string) => void;
}

/** What was counted in an interval, and since the start. */
export interface CountReport extends Counted {
  /** End of the interval, Unix nanoseconds. */
  ts_ns: string;
  /** Length of the interval, seconds. */
  interval_s: number;
  /** Since the start. */
  total: Counted & { elapsed_s: number };
  /** With a key sample: the busiest of its keys since the start, with all requests of each. */
  keys?: CountedKey[];
  /** The busiest in the interval. */
  interval_keys?: CountedKey[];
  /** With a key sample: how the hit ratio would change with memory, since the start. */
  mrc?: MissRatios;
  /** With a key sample: what it is. */
  key_sample?: KeySampleReport;
  /** Whether this is the last one. */
  last: boolean;
}

/** All options; the compiler checks that none is missing. */
const KNOWN: Readonly<Record<keyof CountOptions, true>> = {
  source: true,
  ports: true,
  interval: true,
  duration: true,
  keySample: true,
  keyFile: true,
  attach: true,
  giveUpRights: true,
  signal: true,
  onStart: true,
  onWarning: true,
};

/** Shortest time between two reports, seconds. */
const INTERVAL_MIN = 0.01;
/** Longest wait of a timer of Node, seconds. */
const TIMER_MAX = 2 ** 31 / 1000 - 1;
/** Keys of which one is followed: more would leave hardly any. */
const KEY_SAMPLE_MAX = 2 ** 20;

function usage(what: string, hint?: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', what, hint);
}

/**
 * Checks options.
 *
 * @returns the name of the interface
 * @throws ERR_MEMBENCH_USAGE
 */
export function checkCountOptions(options: CountOptions): string {
  refuseUnknown(options, KNOWN);
  // A caller in JavaScript may pass any value.
  const source: unknown = options.source;
  const name = typeof source === 'string' ? /^ebpf:(.+)$/s.exec(source)?.[1] : undefined;
  if (name === undefined) {
    const said = typeof source === 'string' && source !== '' ? `${source}: ` : '';
    const like = /^(?:(?:afpacket|pcap):)?([\w.-]+)$/.exec(String(source))?.[1] ?? 'eth0';
    throw usage(`${said}count takes ebpf:IF, because the kernel counts`, `membench count ebpf:${like}`);
  }
  if (name === '*' || name === 'any') {
    throw usage(`${source}: count takes one interface, because a packet may pass several`);
  }
  const { interval = 1, duration = 1 } = options;
  if (!(interval >= INTERVAL_MIN && interval <= TIMER_MAX)) {
    throw usage(`interval must be from ${INTERVAL_MIN} to ${Math.floor(TIMER_MAX)} seconds, not ${interval}`);
  }
  if (!(duration > 0 && duration <= 1e9)) {
    throw usage(`duration must be a positive number of seconds, not ${duration}`);
  }
  const { keySample, keyFile } = options;
  if (
    keySample !== undefined &&
    !(Number.isInteger(keySample) && keySample >= 1 && keySample <= KEY_SAMPLE_MAX)
  ) {
    throw usage(`the key sample must be one in 1 to ${KEY_SAMPLE_MAX} keys, not in ${keySample}`);
  }
  if (keyFile !== undefined && keySample === undefined) {
    throw usage('a key file is for the hashes of a key sample', 'use --key-sample 1/100 with it');
  }
  for (const range of options.ports ?? []) {
    const [first, last] = Array.isArray(range) ? (range as [number, number]) : [0, 0];
    if (
      !(Number.isInteger(first) && Number.isInteger(last) && first >= 1 && first <= last && last <= 65535)
    ) {
      throw usage(`${JSON.stringify(range)} is not a range of ports`, 'ports: [[11211, 11213]]');
    }
  }
  return name;
}
