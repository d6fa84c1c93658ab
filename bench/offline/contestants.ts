import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Contestant } from '../measure/interleave.js';
import type { Tool } from '../measure/native.js';
import { type Bench, run, type Usage } from '../measure/run.js';
import { CLI } from '../root.js';
import type { Capture } from './captures.js';

/** What of `record --json` is of interest here. */
interface Summary {
  packets: { seen: number };
  requests: number;
  events: number;
  profile: { bytes: number };
  counters: Record<string, number>;
}

const FILTER = 'tcp port 11211';
const TSHARK_FIELDS = [
  'frame.time_epoch',
  'tcp.stream',
  'memcache.command',
  'memcache.key',
  'memcache.response',
];

/** `membench record` of a whole capture, a process from start to exit, to a profile on disk. */
export class Recorder implements Contestant {
  readonly name: string;
  readonly #bench: Bench;
  readonly #capture: Capture;
  readonly #workers: number;
  /** What the last run said. */
  summary: Summary | undefined;

  constructor(bench: Bench, name: string, capture: Capture, workers: number) {
    this.name = name;
    this.#bench = bench;
    this.#capture = capture;
    this.#workers = workers;
  }

  async run(): Promise<Usage> {
    const profile = join(this.#bench.folder, 'record.mbp');
    const usage = await this.runTo(profile);
    rmSync(profile);
    return usage;
  }

  /**
   * Records to a profile that stays. @throws Error where it lacks what the capture holds and no bound was hit
   */
  async runTo(profile: string): Promise<Usage> {
    const { path, truth } = this.#capture;
    const options = ['--workers', String(this.#workers), '--quiet', '--json'];
    const { usage, stdout } = await run(this.#bench, [
      process.execPath,
      CLI,
      'record',
      ...options,
      path,
      profile,
    ]);
    const summary = JSON.parse(stdout) as Summary;
    this.summary = summary;
    const bounded = Object.entries(summary.counters).some(
      ([name, hit]) => name.startsWith('bound_') && hit > 0,
    );
    const { packets, requests } = summary;
    if (packets.seen !== truth.packets || (requests !== truth.asked.requests && !bounded)) {
      const held = `${truth.packets} packets and ${truth.asked.requests} requests`;
      throw new Error(`${this.name} saw ${packets.seen} packets and ${requests} requests of ${held}`);
    }
    return usage;
  }

  /** Share of the capture's requests that the last run recorded. */
  get recall(): number {
    return (this.summary?.requests ?? 0) / this.#capture.truth.asked.requests;
  }
}

function program(bench: Bench, name: string, command: readonly string[]): Contestant {
  return { name, run: async () => (await run(bench, command)).usage };
}

export const NAMES = {
  record2: 'membench record, 2 workers',
  record1: 'membench record, 1 worker',
  loop: 'empty libpcap loop in C',
  filteredLoop: 'the same with a filter',
  tcpdump: 'tcpdump -w /dev/null',
  tshark: 'tshark, memcache fields',
} as const;

/** Those of the comparison that can run here. */
export function contestantsFor(
  bench: Bench,
  capture: Capture,
  cut: string,
  tools: { loop: Tool; tcpdump: Tool; tshark: Tool },
): Contestant[] {
  const { loop, tcpdump, tshark } = tools;
  const list: Contestant[] = [
    new Recorder(bench, NAMES.record2, capture, 2),
    new Recorder(bench, NAMES.record1, capture, 1),
  ];
  if ('path' in loop) {
    list.push(program(bench, NAMES.loop, [loop.path, capture.path]));
    list.push(program(bench, NAMES.filteredLoop, [loop.path, capture.path, FILTER]));
  }
  if ('path' in tcpdump) {
    list.push(program(bench, NAMES.tcpdump, [tcpdump.path, '-r', capture.path, '-w', '/dev/null', FILTER]));
  }
  if ('path' in tshark) {
    const fields = TSHARK_FIELDS.flatMap((field) => ['-e', field]);
    list.push(program(bench, NAMES.tshark, [tshark.path, '-r', cut, '-T', 'fields', ...fields]));
  }
  return list;
}
